import type { Cidr } from '../../constructs/gcp/cidr.ts';
import type { ControlPlaneAccess } from '../../constructs/gcp/control-plane-access.ts';
import type { EnvironmentKind } from '../../constructs/gcp/environment-kind.ts';
import { type GcpWorkloads, gcpWorkloads } from '../environments/gcp.ts';
import { ConfigurationFields, type RawConfiguration } from './configuration-fields.ts';
import { dataConfiguration } from './data-configuration.ts';
import type { GcpEnvironment } from './environment.ts';
import { poolsConfiguration, vertexConfiguration, ZONE } from './serving-configuration.ts';

const CIDR = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/;

/**
 * The configuration of a stack: `gcp:project`, `gcp:region` and the object `penstock:environment`.
 *
 * @throws {ConstructError} `configuration-malformed` with everything that is wrong
 */
export function readConfiguration(stack: string, raw: RawConfiguration): GcpEnvironment {
  const fields = new ConfigurationFields(raw);
  const range = (name: string): Cidr => fields.text(`ranges.${name}`, CIDR, 'such as 10.0.0.0/20');
  const kind = fields.choice<EnvironmentKind>('kind', ['production', 'trial']);
  const zones = fields.texts<GcpEnvironment['zones']>('zones', 2, ZONE, 'two zones or more, such as europe-west4-a');
  const environment: GcpEnvironment = {
    project: {
      id: fields.text('project', /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'the id of a project'),
      number: fields.text('projectNumber', /^\d{6,}$/, 'the number of the project, in quotes'),
    },
    region: fields.text('region', /^[a-z]+-[a-z]+\d+$/, 'such as europe-west4'),
    environment: kind,
    zones,
    ranges: {
      nodes: range('nodes'),
      pods: range('pods'),
      services: range('services'),
      managedServices: range('managedServices'),
    },
    access: accessOf(fields),
    systemNodes: {
      machineType: fields.text('systemNodes.machineType', /^[a-z]\d\w*-[a-z]+-\d+$/, 'such as n2-standard-8'),
      minNodes: fields.whole('systemNodes.minNodes', 1),
      maxNodes: fields.whole('systemNodes.maxNodes', 1),
    },
    maintenance: {
      days: fields.texts('maintenance.days', 1, /^(MO|TU|WE|TH|FR|SA|SU)$/, 'days, such as TU'),
      startHour: fields.whole('maintenance.startHour', 0, 23),
      duration: fields.text<`${number} hours`>('maintenance.duration', /^\d+ hours$/, 'such as 4 hours'),
    },
    // What is no name of workloads is a fault, and ends the reading before anybody looks at them.
    workloads: gcpWorkloads[fields.choice('workloads', Object.keys(gcpWorkloads))] as GcpWorkloads,
    artifacts: fields.text('artifacts', /^[\w.-]+(\/[\w.-]+){2}$/, 'such as organization/penstock/artifacts'),
    data: dataConfiguration(fields, kind),
    pools: poolsConfiguration(fields, zones),
    vertex: vertexConfiguration(fields),
    alerts: { pages: toldOf(fields, 'alerts.pages'), tickets: toldOf(fields, 'alerts.tickets') },
    budget: {
      billingAccount: fields.text(
        'budget.billingAccount',
        /^[0-9A-F]{6}(-[0-9A-F]{6}){2}$/,
        'such as 000000-000000-000000',
      ),
      monthly: fields.whole('budget.monthly', 1),
      currency: fields.text('budget.currency', /^[A-Z]{3}$/, 'that of the billing account, such as EUR'),
    },
  };
  fields.done(`Pulumi.${stack}.yaml`);
  return environment;
}

/** Somebody at least: an alert that nobody hears is none. */
const toldOf = (fields: ConfigurationFields, path: string): readonly string[] =>
  fields.texts(path, 1, TOLD, 'addresses, or names such as projects/p/notificationChannels/1');

const TOLD = /^([^@\s/]+@[^@\s/]+|projects\/[^/\s]+\/notificationChannels\/\d+)$/;

/** Networks by their names; none means that the control plane is private. */
function accessOf(fields: ConfigurationFields): ControlPlaneAccess {
  const named = fields.entries('authorizedNetworks', (path) => fields.text<Cidr>(path, CIDR, 'such as 203.0.113.0/24'));
  const [first, ...rest] = Object.entries(named).map(([name, cidr]) => ({ name, cidr }));
  return first === undefined ? { kind: 'private' } : { kind: 'authorized-networks', networks: [first, ...rest] };
}
