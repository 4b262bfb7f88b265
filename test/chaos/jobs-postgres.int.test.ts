import { testUnderFaults } from './suite.ts';

testUnderFaults('jobs-postgres');
