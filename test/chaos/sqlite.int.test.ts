import { testUnderFaults } from './suite.ts';

testUnderFaults('sqlite');
