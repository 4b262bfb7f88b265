import { testUnderFaults } from './suite.ts';

testUnderFaults('nats-cluster');
