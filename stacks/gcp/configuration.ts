import { ConstructError } from '../../constructs/errors.ts';
import type { Cidr } from '../../constructs/gcp/cidr.ts';
import type { ControlPlaneAccess } from '../../constructs/gcp/control-plane-access.ts';
import type { EnvironmentKind } from '../../constructs/gcp/environment-kind.ts';
import type { SystemNodes } from '../../constructs/gcp/gke-cluster.ts';
import type { GoogleProject } from '../../constructs/gcp/google-project.ts';
import type { MaintenanceWindow } from '../../constructs/gcp/maintenance-window.ts';
import type { NetworkArgs } from '../../constructs/gcp/network.ts';

/** What is so in one project of Google Cloud and cannot follow from the declaration. */
export interface GcpEnvironment {
  readonly project: GoogleProject;
  readonly region: string;
  readonly environment: EnvironmentKind;
  readonly zones: readonly [string, string, ...string[]];
  readonly ranges: NetworkArgs['ranges'];
  readonly access: ControlPlaneAccess;
  readonly systemNodes: SystemNodes;
  readonly maintenance: MaintenanceWindow;
  /** Of the platform in the cluster. */
  readonly namespace: string;
  readonly budget: { readonly billingAccount: string; readonly monthly: number; readonly currency: string };
}

type Raw = Readonly<Record<string, unknown>>;

/** Reads one field after the other and remembers all that is wrong. */
class Fields {
  readonly faults: string[] = [];
  readonly #raw: Raw;

  constructor(raw: Raw) {
    this.#raw = raw;
  }

  #at(path: string): unknown {
    return path.split('.').reduce<unknown>((inner, key) => (inner as Raw | undefined)?.[key], this.#raw);
  }

  #take<T>(path: string, fits: (value: unknown) => boolean, expected: string): T {
    const value = this.#at(path);
    if (!fits(value)) this.faults.push(`${path}: received ${JSON.stringify(value) ?? 'nothing'}, expected ${expected}`);
    return value as T;
  }

  text<T extends string = string>(path: string, pattern: RegExp, expected: string): T {
    return this.#take(path, (value) => typeof value === 'string' && pattern.test(value), expected);
  }

  count(path: string): number {
    return this.#take(path, (value) => Number.isSafeInteger(value) && Number(value) > 0, 'a whole number above 0');
  }

  hour(path: string): number {
    return this.#take(path, (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 24, '0 to 23');
  }

  texts<T>(path: string, least: number, pattern: RegExp, expected: string): T {
    const fits = (value: unknown): boolean => typeof value === 'string' && pattern.test(value);
    return this.#take(path, (value) => Array.isArray(value) && value.length >= least && value.every(fits), expected);
  }

  /** Networks by their names; none means that the control plane is private. */
  access(path: string): ControlPlaneAccess {
    const value = this.#at(path);
    if (value === undefined) return { kind: 'private' };
    const entries = Object.entries(value as Readonly<Record<string, Cidr>>);
    for (const [name] of entries) this.text(`${path}.${name}`, CIDR, 'such as 203.0.113.0/24');
    const [first, ...rest] = entries.map(([name, cidr]) => ({ name, cidr }));
    return first === undefined ? { kind: 'private' } : { kind: 'authorized-networks', networks: [first, ...rest] };
  }
}

const CIDR = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/;

/**
 * The configuration of a stack: `gcp:project`, `gcp:region` and the object `penstock:environment`.
 *
 * @throws {ConstructError} `configuration-malformed` with everything that is wrong
 */
export function readConfiguration(stack: string, raw: Raw): GcpEnvironment {
  const fields = new Fields(raw);
  const range = (name: string): Cidr => fields.text(`ranges.${name}`, CIDR, 'such as 10.0.0.0/20');
  const environment: GcpEnvironment = {
    project: {
      id: fields.text('project', /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'the id of a project'),
      number: fields.text('projectNumber', /^\d{6,}$/, 'the number of the project, in quotes'),
    },
    region: fields.text('region', /^[a-z]+-[a-z]+\d+$/, 'such as europe-west4'),
    environment: fields.text('kind', /^(production|trial)$/, 'production or trial'),
    zones: fields.texts('zones', 2, /^[a-z]+-[a-z]+\d+-[a-z]$/, 'two zones or more, such as europe-west4-a'),
    ranges: {
      nodes: range('nodes'),
      pods: range('pods'),
      services: range('services'),
      managedServices: range('managedServices'),
    },
    access: fields.access('authorizedNetworks'),
    systemNodes: {
      machineType: fields.text('systemNodes.machineType', /^[a-z]\d\w*-[a-z]+-\d+$/, 'such as n2-standard-8'),
      minNodes: fields.count('systemNodes.minNodes'),
      maxNodes: fields.count('systemNodes.maxNodes'),
    },
    maintenance: {
      days: fields.texts('maintenance.days', 1, /^(MO|TU|WE|TH|FR|SA|SU)$/, 'days, such as TU'),
      startHour: fields.hour('maintenance.startHour'),
      duration: fields.text<`${number} hours`>('maintenance.duration', /^\d+ hours$/, 'such as 4 hours'),
    },
    namespace: fields.text('namespace', /^[a-z]([a-z0-9-]*[a-z0-9])?$/, 'a namespace'),
    budget: {
      billingAccount: fields.text(
        'budget.billingAccount',
        /^[0-9A-F]{6}(-[0-9A-F]{6}){2}$/,
        'such as 000000-000000-000000',
      ),
      monthly: fields.count('budget.monthly'),
      currency: fields.text('budget.currency', /^[A-Z]{3}$/, 'that of the billing account, such as EUR'),
    },
  };
  if (fields.faults.length > 0)
    throw new ConstructError('configuration-malformed', `Pulumi.${stack}.yaml`, fields.faults.join('; '));
  return environment;
}
