import { GPU_MACHINES } from '@penstock/model';
import { CLUSTER_ENDPOINTS } from '../../constructs/aws/network.ts';
import type { AwsEnvironment } from '../environments/aws-environment.ts';

/** Something that is billed by the hour, whoever uses it. */
interface Billed {
  readonly what: string;
  readonly count: number;
  /** Virtual CPUs, as quotas count them, of one of it. */
  readonly vcpus?: number;
  readonly price?: { readonly usdPerHour: number; readonly region: string; readonly asOf: string } | undefined;
}

const UNKNOWN = 'no dated source';

/**
 * What some environments cost by the hour: a table in Markdown. A price is from the model's catalogue, with its region and
 * date; what has none there says so, and is in no sum.
 */
export function hourlyCosts(environments: readonly AwsEnvironment[]): string {
  const rows = environments.flatMap((environment) => {
    const billed = billedIn(environment);
    return [
      ...billed.map((each) => row(environment.name, each)),
      `| ${environment.name} | sum of what has a price with a date, one of each machine | | | ${sumOf(billed)} |\n`,
    ];
  });
  return `| environment | what | how many | vCPUs of the quota | USD an hour each, on demand |\n| --- | --- | --- | --- | --- |\n${rows.join('')}`;
}

function row(environment: string, { what, count, vcpus, price }: Billed): string {
  const each = price === undefined ? UNKNOWN : `${price.usdPerHour} (${price.region}, ${price.asOf})`;
  return `| ${environment} | ${what} | ${count} | ${vcpus ?? ''} | ${each} |\n`;
}

function sumOf(billed: readonly Billed[]): string {
  const priced = billed.flatMap(({ count, price }) => (price === undefined ? [] : [{ count, ...price }]));
  const [first] = priced;
  if (first === undefined) return 'nothing has one';
  const dollars = priced.reduce((sum, { count, usdPerHour }) => sum + count * usdPerHour, 0);
  const places = [...new Set(priced.map(({ region, asOf }) => `${region}, ${asOf}`))];
  return `${Number(dollars.toFixed(5))} (${places.join('; ')}); ${billed.length - priced.length} rows are not in it`;
}

function billedIn({ network, cluster, data = {}, serving = {}, gpuMachines }: AwsEnvironment): readonly Billed[] {
  const zones = network.zones.length;
  const runtimes = new Set(Object.values(serving).map(({ by }) => by)).size;
  const { compute } = cluster;
  return [
    ...GPU_MACHINES.filter(({ name }) => gpuMachines.some((machine) => machine === name)).map(
      ({ name, gpu, gpus, vcpus, price }) => ({ what: `\`${name}\`: ${gpus} x ${gpu}`, count: 1, vcpus, price }),
    ),
    { what: 'control plane of EKS', count: 1 },
    compute.mode === 'auto'
      ? { what: 'machines of the system, and the share of EKS Auto Mode in each', count: 1 }
      : {
          what: `\`${compute.system?.machines?.[0] ?? 'm7i.large'}\` of the system`,
          count: compute.system?.minimum ?? zones,
        },
    { what: 'NAT gateway', count: network.egress === 'one-nat' ? 1 : zones },
    { what: 'endpoint of AWS in a zone', count: (CLUSTER_ENDPOINTS.length + runtimes) * zones },
    ...Object.keys(data).map((store) => ({ what: `\`data.${store}\``, count: 1 })),
    ...Object.entries(serving).flatMap(([id, form]) =>
      form.by === 'sagemaker' ? [{ what: `\`${form.machine}\` for \`${id}\``, count: 1 }] : [],
    ),
  ];
}
