import { testUnderFaults } from './suite.ts';

testUnderFaults('events-sqlite');
