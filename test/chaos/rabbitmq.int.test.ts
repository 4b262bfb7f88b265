import { testUnderFaults } from './suite.ts';

testUnderFaults('rabbitmq');
