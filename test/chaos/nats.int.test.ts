import { testUnderFaults } from './suite.ts';

// A clock that was set back kept the client from connecting again.
testUnderFaults('nats', [39]);
