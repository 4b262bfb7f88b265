import type { AwsEnvironment } from './aws-environment.ts';

const dev: AwsEnvironment = {
  name: 'dev',
  region: 'eu-central-1',
  network: {
    cidr: '10.20.0.0/16',
    zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
    egress: 'one-nat',
  },
  gpuMachines: ['g6.xlarge'],
  budget: { monthlyUsd: 1_000, emails: ['platform@example.com'] },
};

const prod: AwsEnvironment = {
  name: 'prod',
  region: 'eu-central-1',
  network: {
    cidr: '10.40.0.0/16',
    zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
    egress: 'nat-per-zone',
  },
  gpuMachines: ['g6e.xlarge', 'g6e.12xlarge'],
  budget: { monthlyUsd: 15_000, emails: ['platform@example.com'] },
};

/** The places on AWS there are, by name. */
export const awsEnvironments = { dev, prod } as const satisfies Readonly<Record<string, AwsEnvironment>>;
