import { testUnderFaults } from './suite.ts';

testUnderFaults('jobs-sqlite');
