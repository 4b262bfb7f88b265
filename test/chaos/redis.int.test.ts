import { testUnderFaults } from './suite.ts';

testUnderFaults('redis');
