import { GPU_MACHINES } from '@penstock/model';
import type { AwsEnvironment } from '../environments/aws-environment.ts';

/**
 * What the machines with GPUs of some environments cost by the hour, on demand, and what of a quota they take: Amazon
 * counts it in virtual CPUs. A table in Markdown, from the catalogue of the model with the date of its prices.
 */
export function gpuCosts(environments: readonly AwsEnvironment[]): string {
  const rows = environments.flatMap(({ name: environment, gpuMachines }) =>
    GPU_MACHINES.filter(({ name }) => gpuMachines.some((machine) => machine === name)).map(
      ({ name, gpu, gpus, vcpus, price }) =>
        `| ${environment} | \`${name}\` | ${gpus} x ${gpu} | ${vcpus} | ${
          price === undefined ? 'no list price' : `${price.usdPerHour} (${price.region}, ${price.asOf})`
        } |\n`,
    ),
  );
  return `| environment | machine | GPUs | vCPUs of the quota | USD an hour, on demand |\n| --- | --- | --- | --- | --- |\n${rows.join('')}`;
}
