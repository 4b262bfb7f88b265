import { GKE_PRICES, type GkeMachine, GPU_MACHINES, type ListPrice, type PriceList } from '@penstock/model';
import type { GcpEnvironment } from './environment.ts';

/** The fee of a cluster, wherever it is. */
const CLUSTER: ListPrice = {
  usdPerHour: 0.1,
  region: 'every region',
  asOf: '2026-11-25',
  source: "Google's page of GKE prices",
};
/** Machines without GPUs whose price was read, by the hour. */
const MACHINES: Readonly<Record<string, number>> = { 'n2-standard-4': 0.213832 };
/** Disks whose price was read, by the GiB and month. */
const DISKS: Readonly<Record<string, number>> = { 'pd-balanced': 0.11 };
/** As Google counts a month. */
const HOURS_OF_A_MONTH = 730;

/** What somebody is billed for by the hour; without a price where no list with a date was found. */
interface Item {
  readonly what: string;
  readonly least: number;
  readonly most: number;
  readonly usd?: number;
  readonly list?: PriceList;
}

/**
 * What the stacks cost by the hour before the first request comes, and what machines with GPUs do: two tables in Markdown.
 * Summed is what a list with a date has a price of; all else is named.
 */
export function hourlyCosts(stacks: Readonly<Record<string, GcpEnvironment>>): string {
  const gke = GPU_MACHINES.filter((machine): machine is GkeMachine => machine.cloud === 'gke');
  const rows = Object.entries(stacks).flatMap(([stack, environment]) => rowsOf(stack, itemsOf(environment)));
  return [
    '| stack | what | how many | USD an hour each | USD an hour | list |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '| machine | GPUs | USD an hour, on demand |',
    '| --- | --- | --- |',
    ...gke.filter(({ price }) => price !== undefined).map(gpuRow),
    '',
    `No list price: ${gke
      .filter(({ price }) => price === undefined)
      .map(({ name }) => `\`${name}\``)
      .join(', ')}.`,
  ].join('\n');
}

function itemsOf({ region, systemNodes, data, vertex }: GcpEnvironment): readonly Item[] {
  const { machineType, minNodes: least, maxNodes: most, diskGib = 100, diskType = 'pd-balanced' } = systemNodes;
  const one = { least: 1, most: 1 };
  const listed = region === GKE_PRICES.region;
  const machine = listed ? MACHINES[machineType] : undefined;
  const disk = listed ? DISKS[diskType] : undefined;
  return [
    { what: 'cluster', ...one, usd: CLUSTER.usdPerHour, list: CLUSTER },
    { what: `system node, \`${machineType}\``, least, most, ...priced(machine) },
    {
      what: `its disk, ${diskGib} GiB of \`${diskType}\``,
      least,
      most,
      ...priced(disk === undefined ? undefined : (disk * diskGib) / HOURS_OF_A_MONTH),
    },
    { what: 'Cloud NAT, and what goes through it', ...one },
    ...Object.keys(data).map((service) => ({ what: `data service \`${service}\``, ...one })),
    ...Object.values(vertex).map(({ machine: type }) => ({
      what: `replica on Vertex AI, \`${type}\`, and the way to it`,
      ...one,
    })),
  ];
}

const priced = (usd: number | undefined): Pick<Item, 'usd' | 'list'> =>
  usd === undefined ? {} : { usd, list: GKE_PRICES };

function rowsOf(stack: string, items: readonly Item[]): readonly string[] {
  const known = items.filter(({ usd }) => usd !== undefined);
  const sum = (count: (item: Item) => number): number =>
    known.reduce((all, item) => all + count(item) * (item.usd ?? 0), 0);
  const unknown = items.length - known.length;
  const total = between(
    sum(({ least }) => least),
    sum(({ most }) => most),
    money,
  );
  return [
    ...items.map(({ what, least, most, usd, list }) => {
      const price = usd === undefined ? '' : money(usd);
      const cost = usd === undefined ? 'no list price' : between(least * usd, most * usd, money);
      return `| ${stack} | ${what} | ${between(least, most, String)} | ${price} | ${cost} | ${list === undefined ? '' : `${list.region}, ${list.asOf}`} |`;
    }),
    `| **${stack}** | **what has a price** | | | **${total}** | and ${unknown} without one |`,
  ];
}

const gpuRow = ({ name, gpu, gpus, price }: GkeMachine): string =>
  `| \`${name}\` | ${gpus} x ${gpu} | ${price?.usdPerHour} (${price?.region}, ${price?.asOf}) |`;

const money = (usd: number): string => usd.toFixed(3);

function between(least: number, most: number, written: (value: number) => string): string {
  return least === most ? written(least) : `${written(least)} to ${written(most)}`;
}
