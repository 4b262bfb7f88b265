/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  setupFiles: ['<rootDir>/test/helpers/unread-stacks.mjs'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/.penstock', '<rootDir>/cdk.out', '<rootDir>/dist'],
  reporters: ['default', '<rootDir>/test/helpers/total-reporter.mjs'],
  // No test measures time: a slow machine is not a fault.
  testTimeout: 60_000,
  // A worker a core: most of the long suites wait for servers, and the one that is left beside them would wait with them.
  maxWorkers: '100%',
  workerIdleMemoryLimit: '1GB',
};
