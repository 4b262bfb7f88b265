import { testUnderFaults } from './suite.ts';

testUnderFaults('kafka-cluster');
