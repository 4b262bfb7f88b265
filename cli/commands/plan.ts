import { addonOf, addonsFor, type NeededAddon } from '../../charts/addons.ts';
import { applyOrder, type Stage } from '../../constructs/apply-order.ts';
import type { Manifest } from '../../constructs/policies/index.ts';
import { type TeardownBlock, teardownBlocks } from '../../constructs/teardown.ts';
import { CommandError, EXIT } from '../exit.ts';
import { parseOptions } from '../options.ts';
import { loadPlatform } from '../platform-file.ts';
import { synthesizeClusters } from '../synthesis.ts';

const HELP = `usage: penstock plan [options]

Prints in which order the objects of a cluster are applied, with the add-ons that have to be there before, and what keeps
them from being taken down again. Asks no cluster and changes nothing.

  --environment NAME  one cluster (default: all of them)
  --platform FILE     the declaration (default stacks/platform.ts)
`;

const OPTIONS = {
  environment: { type: 'string' },
  platform: { type: 'string', default: 'stacks/platform.ts' },
} as const;

export async function plan(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, OPTIONS, HELP);
  if (options === undefined) return EXIT.ok;
  const topology = await loadPlatform(options.platform);
  const clusters = [...synthesizeClusters(topology)];
  const wanted = clusters.filter(
    ({ name }) => options.environment === undefined || name === `kubernetes/${options.environment}`,
  );
  if (wanted.length === 0) {
    const known = clusters.map(({ name }) => name.replace('kubernetes/', '')).join(', ');
    throw new CommandError(
      'usage',
      `no environment ${JSON.stringify(options.environment)}: there are ${known}\n\n${HELP}`,
    );
  }
  process.stdout.write(wanted.map(({ name, manifests }) => planText(name, manifests)).join('\n'));
  return EXIT.ok;
}

/** The plan of one cluster, for people. */
export function planText(name: string, manifests: readonly Manifest[]): string {
  const addons = addonsFor(manifests);
  const stages = applyOrder(manifests);
  return [
    `${name}: ${manifests.length} objects in ${stages.length} stages, ${addons.length} add-ons before them`,
    [
      'Apply',
      ...addonLines(addons),
      ...stages.flatMap((stage, n) => stageLines(stage, n + 1)),
      ...unknownLines(manifests),
    ].join('\n'),
    ['Take down in the reverse order; the add-ons last', ...teardownBlocks(manifests).flatMap(blockLines)].join('\n'),
    '',
  ].join('\n\n');
}

function addonLines(addons: readonly NeededAddon[]): readonly string[] {
  if (addons.length === 0) return [];
  return [
    '  0. add-ons, each by its definitions, then its operator',
    ...addons.flatMap(({ name, version, namespace, source, kinds, needs }) => [
      `       ${name} ${version}${namespace === undefined ? '' : ` into ${namespace}`}: ${kinds.length === 0 ? 'another add-on needs it' : kinds.join(', ')}${needs.length === 0 ? '' : `; after ${needs.join(', ')}`}`,
      `         ${source.kind === 'helm' ? `${source.repository} ${source.chart}` : source.url}`,
      ...(source.kind === 'helm'
        ? Object.entries(source.values ?? {}).map(([path, value]) => `         --set ${path}=${value}`)
        : []),
    ]),
    '     then wait until every definition is Established and every operator Available',
  ];
}

const stageLines = ({ id, objects, waitFor }: Stage, n: number): readonly string[] => [
  `  ${n}. ${id}`,
  ...objects.map((object) => `       ${nameOf(object)}`),
  ...(waitFor === undefined ? [] : [`     then wait until ${waitFor}`]),
];

/** Custom kinds that no add-on of the catalogue defines: somebody has to know where they come from. */
function unknownLines(manifests: readonly Manifest[]): readonly string[] {
  const custom = manifests.filter((object) => isCustom(object.apiVersion) && addonOf(object) === undefined);
  const kinds = [...new Set(custom.map(({ apiVersion, kind }) => `${kind} (${apiVersion})`))];
  return kinds.map((kind) => `  !  no add-on of the catalogue defines ${kind}: its operator has to be there already`);
}

/** Kubernetes's own groups have no dot, or end in `k8s.io` and are served by the API server itself. */
const isCustom = (apiVersion: string): boolean => {
  const [group = ''] = apiVersion.includes('/') ? apiVersion.split('/') : [];
  return group.includes('.') && !BUILT_IN.test(group);
};
const BUILT_IN =
  /^(?:[a-z]+\.)?(?:authorization|authentication|admissionregistration|apiextensions|apiregistration|certificates|coordination|discovery|events|flowcontrol|networking|node|policy|rbac\.authorization|resource|scheduling|storage)\.k8s\.io$/;

const blockLines = ({ object, effect, reason, remedy }: TeardownBlock): readonly string[] => [
  `  ${nameOf(object)} ${effect}: ${reason}`,
  `       ${remedy}`,
];

const nameOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;
