import { describe, expect, test } from '@jest/globals';
import type { Topology } from '@penstock/model';
import { App, Stack } from 'aws-cdk-lib';
import {
  type CloudFormationTemplate,
  checkTemplates,
  type TemplateResource,
} from '../../../constructs/policies/aws/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import { synthesizeAws } from '../../../stacks/aws/synthesize.ts';
import { clusterObjects } from '../../../stacks/aws/workloads-stack.ts';
import { awsEnvironments } from '../../../stacks/environments/aws.ts';
import type { AwsEnvironment } from '../../../stacks/environments/aws-environment.ts';
import { gpuPoolsOf } from '../../../stacks/gpu-pools.ts';
import { platform } from '../../../stacks/platform.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { COMPUTE, gpuEnvironment, gpuTopology, laterTopology, sharedTopology } from './gpu-shop.ts';
import { full } from './shop.ts';

interface Template extends CloudFormationTemplate {
  readonly Resources?: Readonly<Record<string, TemplateResource & { readonly DependsOn?: readonly string[] }>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default: string }>>;
}
type Templates = Readonly<Record<string, Template>>;
type Form = keyof typeof COMPUTE;
const FORMS = Object.keys(COMPUTE) as readonly Form[];

const templatesOf = (topology: Topology, environment: AwsEnvironment): Templates =>
  synthesizeAws(topology, [environment]) as Templates;

const shops = Object.fromEntries(
  FORMS.map((form) => [form, templatesOf(gpuTopology, gpuEnvironment(form))]),
) as Readonly<Record<Form, Templates>>;
const workloads = (form: Form) => Object.entries(shops[form]['shop-prod-workloads']?.Resources ?? {});
const ofType = (form: Form, type: string) => workloads(form).filter(([, { Type }]) => Type === type);

/** The objects of a cluster as its stack hands them over, tokens and all. */
const objectsOf = (topology: Topology, environment: AwsEnvironment) =>
  clusterObjects(new Stack(new App(), 'test', { env: { region: environment.region } }), topology, environment);

const allOf = (topology: Topology, environment: AwsEnvironment): readonly Manifest[] => {
  const { machines, platform: rest } = objectsOf(topology, environment);
  return [...machines, ...rest];
};

describe('the stack of workloads', () => {
  const resources = workloads('karpenter');

  test('applies operators one after the other, and then the platform by stage', () => {
    const waits = (type: string) => ofType('karpenter', type).map(([, { DependsOn }]) => DependsOn ?? []);
    const releases = ofType('karpenter', 'Custom::AWSCDK-EKS-HelmChart').map(([id]) => id);
    const [first, ...others] = waits('Custom::AWSCDK-EKS-KubernetesResource');
    expect(releases.every((release) => first?.includes(release))).toBe(true);
    for (const before of others) expect(before.some((id) => id.startsWith('Platform'))).toBe(true);
    for (const before of waits('Custom::AWSCDK-EKS-HelmChart').slice(1))
      expect(before.some((id) => releases.includes(id))).toBe(true);
  });

  test('makes what is declared of what is there already, and prunes nothing', () => {
    for (const [, { Properties, DeletionPolicy }] of ofType('karpenter', 'Custom::AWSCDK-EKS-KubernetesResource')) {
      expect(Properties).toMatchObject({ Overwrite: true });
      expect(Properties).not.toHaveProperty('PruneLabel');
      expect(DeletionPolicy).toBe('Retain');
    }
  });

  test('installs every operator at one version, whole or not at all, and keeps it', () => {
    const releases = ofType('karpenter', 'Custom::AWSCDK-EKS-HelmChart');
    expect(releases.map(([, { Properties }]) => Properties?.['Release'])).toContain('karpenter');
    for (const [, { Properties, DeletionPolicy }] of releases) {
      expect(Properties).toMatchObject({ Version: expect.stringMatching(/\d+\.\d+\.\d+/), Atomic: true, Wait: true });
      expect(DeletionPolicy).toBe('Retain');
    }
  });

  test('tells Karpenter its cluster and its queue, and pulls its chart by the whole name', () => {
    const [, release] = resources.find(([, { Properties }]) => Properties?.['Release'] === 'karpenter') ?? [];
    expect(release?.Properties?.['Repository']).toBe('oci://public.ecr.aws/karpenter/karpenter');
    expect(JSON.stringify(release?.Properties?.['Values'])).toMatch(
      /clusterName.*shop-prod.*interruptionQueue.*"Ref":"Ssm/,
    );
  });

  test('brings Cluster Autoscaler before the other operators, where groups of machines are to grow', () => {
    const releases = (form: Form) =>
      ofType(form, 'Custom::AWSCDK-EKS-HelmChart').map(([, { Properties }]) => Properties);
    const [first] = releases('node-groups');
    expect(first).toMatchObject({ Release: 'cluster-autoscaler', Namespace: 'kube-system' });
    expect(JSON.stringify(first?.['Values'])).toMatch(/clusterName.*shop-prod/);
    for (const form of ['karpenter', 'auto'] as const)
      expect(releases(form).map((properties) => properties?.['Release'])).not.toContain('cluster-autoscaler');
    const cluster = Object.values(shops['node-groups']['shop-prod-cluster']?.Resources ?? {});
    expect(cluster.map(({ Properties }) => Properties?.['ServiceAccount'])).toContain('cluster-autoscaler');
  });

  test('reads addresses of other stacks by parameter and gives none away', () => {
    const template = shops.karpenter['shop-prod-workloads'];
    const read = Object.values(template?.Parameters ?? {}).map(({ Default }) => Default);
    expect(read).toEqual(
      expect.arrayContaining([
        '/shop/prod/cluster-node-role',
        '/shop/prod/karpenter-interruptions',
        '/shop/prod/kafka-arn',
      ]),
    );
    expect(template).not.toHaveProperty('Outputs');
    for (const name of ['shop-prod-cluster', 'shop-prod-data'])
      expect(JSON.stringify(shops.karpenter[name])).not.toContain('"Export"');
  });

  test('runs images of its own account and region', () => {
    const registry = '.dkr.ecr.eu-central-1.",{"Ref":"AWS::URLSuffix"},"/shop/';
    const images = JSON.stringify(resources).split(registry).slice(1);
    expect(images.map((text) => text.match(/^[^\\"]*/)?.[0])).toEqual([
      'vllm:0.24.0',
      'models/llama-8b:0e9e39f',
      'otel/opentelemetry-collector-contrib:0.159.0',
    ]);
  });

  const finds = (workload: string): AwsEnvironment => ({
    ...full,
    workloads: { ...full.workloads, finds: { [workload]: { DATABASE_HOST: 'database' } } },
  });

  test('hands a worker the host that it finds, and opens the way to it', () => {
    const objects = allOf(platform, finds('classify'));
    expect(
      Object.values(templatesOf(platform, finds('classify'))['mailroom-prod-workloads']?.Parameters ?? {}),
    ).toContainEqual(expect.objectContaining({ Default: '/mailroom/prod/database' }));
    const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
    const open = policies.filter((policy) => JSON.stringify(policy).includes('"cidr":"10.40.0.0/16"'));
    // The second is that of the collector of traces, whose way to X-Ray leads through the network's own endpoint.
    expect(open.map(({ metadata }) => metadata.name)).toEqual(['mailroom-classify', 'mailroom-traces']);
    expect(objects.filter((object) => JSON.stringify(object).includes('"name":"DATABASE_HOST"')).length).toBe(1);
  });

  test('lets the function that applies it into the cluster, from where nodes are, and nobody else', () => {
    const [access] = ofType('karpenter', 'AWS::EKS::AccessEntry');
    expect(access?.[1].Properties).toMatchObject({
      ClusterName: 'shop-prod',
      PrincipalArn: { 'Fn::GetAtt': [expect.stringMatching(/^KubectlProviderHandler/), 'Arn'] },
      AccessPolicies: [{ AccessScope: { Type: 'cluster' } }],
    });
    for (const [, { Properties }] of ofType('karpenter', 'AWS::Lambda::Function'))
      expect(Properties).toMatchObject({
        VpcConfig: {
          SubnetIds: [expect.anything(), expect.anything(), expect.anything()],
          SecurityGroupIds: [{ 'Fn::ImportValue': expect.stringContaining('NodeSecurityGroup') }],
        },
      });
  });
});

describe('what the workloads may do in AWS', () => {
  const rights = (prefix: string, resources = workloads('karpenter')) =>
    resources
      .filter(([, { Type }]) => Type === 'AWS::IAM::Policy')
      .filter(([id]) => id.startsWith(prefix))
      .flatMap(
        ([, { Properties }]) =>
          (Properties as { PolicyDocument: { Statement: { Action: unknown }[] } }).PolicyDocument.Statement,
      );

  test('is, for who reads a topic, that topic as that group, and to put aside what it gives up', () => {
    const statements = rights('Consumer');
    expect(statements.flatMap(({ Action }) => Action)).toEqual([
      'kafka-cluster:Connect',
      'kafka-cluster:DescribeTopic',
      'kafka-cluster:ReadData',
      'kafka-cluster:DescribeGroup',
      'kafka-cluster:AlterGroup',
      'kafka-cluster:Connect',
      'kafka-cluster:WriteDataIdempotently',
      'kafka-cluster:DescribeTopic',
      'kafka-cluster:WriteData',
    ]);
    expect(JSON.stringify(statements)).toContain('/shop.orders.billing.dead');
    const accounts = ofType('karpenter', 'AWS::EKS::PodIdentityAssociation').map(([, { Properties }]) => Properties);
    expect(accounts).toContainEqual(
      expect.objectContaining({ Namespace: 'mailroom', ServiceAccount: 'shop-orders-billing' }),
    );
  });

  test('is, for the operator of secrets, to read those that the platform names', () => {
    const [dev] = Object.values(awsEnvironments);
    const { Resources = {} } = templatesOf(platform, dev as AwsEnvironment)['mailroom-dev-workloads'] ?? {};
    const names = rights('Secrets', Object.entries(Resources)).map(
      (statement) => JSON.stringify(statement).match(/:secret:([^"]*)-\?{6}"/)?.[1],
    );
    expect(names).toEqual([
      'mailroom/dev/authority',
      'mailroom/dev/authority-key',
      'mailroom/dev/nats/classify',
      'mailroom/dev/nats/operator',
    ]);
  });
});

describe.each(FORMS)('a platform with machines by %s', (form) => {
  test('holds every policy on templates and on objects of the cluster', () => {
    expect(checkTemplates(shops[form])).toEqual([]);
    expect(checkManifests(allOf(gpuTopology, gpuEnvironment(form)))).toEqual([]);
  });

  test('changes in one workload change the stack of workloads alone', () => {
    const later = templatesOf(laterTopology, gpuEnvironment(form));
    const changed = Object.keys(later).filter(
      (name) => JSON.stringify(later[name]) !== JSON.stringify(shops[form][name]),
    );
    expect(changed).toEqual(['shop-prod-workloads']);
  });
});

describe('machines for the engines on GPUs', () => {
  const pool = (form: Form) =>
    allOf(gpuTopology, gpuEnvironment(form)).find(
      ({ kind, metadata }) => kind === 'NodePool' && metadata.name === 'g6e-2xlarge-whole',
    );

  test('are groups of the cluster where those were chosen, which grow from nothing', () => {
    const groups = Object.values(shops['node-groups']['shop-prod-cluster']?.Resources ?? {}).filter(
      ({ Properties }) => Properties?.['NodegroupName'] === 'g6e-2xlarge-whole',
    );
    expect(groups).toHaveLength(1);
    expect(groups[0]?.Properties).toMatchObject({
      InstanceTypes: ['g6e.2xlarge'],
      ScalingConfig: { MinSize: 0, DesiredSize: 0, MaxSize: 5 },
    });
    expect(pool('node-groups')).toBeUndefined();
  });

  test('are pools of Karpenter where it was chosen, in the role that it hands over', () => {
    expect(pool('karpenter')).toMatchObject({
      spec: {
        limits: { 'nvidia.com/gpu': '5' },
        template: { spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass' } } },
      },
    });
  });

  test('are pools of EKS Auto Mode where it was chosen, before any operator, and there is no second Karpenter', () => {
    const { machines } = objectsOf(gpuTopology, gpuEnvironment('auto'));
    expect(machines.map(({ kind, metadata }) => `${kind}/${metadata.name}`).toSorted()).toEqual([
      'ConfigMap/amazon-vpc-cni',
      'NodeClass/g6e-2xlarge-whole',
      'NodeClass/system-nodes',
      'NodePool/g6e-2xlarge-whole',
      'NodePool/system-nodes',
    ]);
    const [first] = ofType('auto', 'Custom::AWSCDK-EKS-HelmChart');
    expect(first?.[1].Properties).not.toHaveProperty('karpenter');
    expect(
      ofType('auto', 'Custom::AWSCDK-EKS-HelmChart').map(([, { Properties }]) => Properties?.['Release']),
    ).not.toContain('karpenter');
    expect(JSON.stringify(first?.[1].DependsOn)).toContain('Machinesnodes');
  });

  test('come out of a reservation where there is one', () => {
    const reservations = { 'g6e.2xlarge': { type: 'reservation', id: 'cr-1', zone: 'eu-central-1a' } } as const;
    const reserved = gpuEnvironment('auto', { reservations });
    const classes = allOf(gpuTopology, reserved).filter(({ kind }) => kind === 'NodeClass');
    expect(JSON.stringify(classes)).toContain('"capacityReservationSelectorTerms":[{"id":"cr-1"}]');
  });

  test.each(['node-groups', 'auto'] as const)('rejects devices that are shared where %s bring them', (form) => {
    expect(() => templatesOf(sharedTopology, gpuEnvironment(form))).toThrow(/\[machine-unfit\]\s+received .*shared/);
  });

  test('rejects an engine without a machine, and a machine of another cloud', () => {
    const environment = gpuEnvironment('karpenter');
    const on = (machines: AwsEnvironment['workloads']['machines']): AwsEnvironment => ({
      ...environment,
      workloads: { ...environment.workloads, machines: machines ?? {} },
    });
    expect(() => templatesOf(gpuTopology, on({}))).toThrow(/workloads\.machines\.chat +\[reference-missing\]/);
    expect(() => gpuPoolsOf('aws', gpuTopology, { chat: 'g2-standard-4' })).toThrow(/Amazon EC2.*\[machine-unfit\]/);
  });
});

describe('the platform of this house on AWS', () => {
  test.each(Object.values(awsEnvironments))('holds every rule on its objects in $name', (environment) => {
    expect(checkManifests(allOf(platform, environment))).toEqual([]);
  });

  test('has a class for every disk it asks for, a store of secrets and an issuer', () => {
    const kinds = allOf(platform, awsEnvironments.dev).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(kinds).toEqual(
      expect.arrayContaining(['StorageClass/gp3', 'ClusterSecretStore/platform', 'ClusterIssuer/internal']),
    );
  });

  describeWith(realData, 'given the definitions of the operators', () => {
    test.each(Object.values(awsEnvironments))(
      'is taken in $name without a field that they do not know',
      (environment) => {
        const schemas = new ApiSchemas();
        expect(allOf(platform, environment).flatMap((manifest) => schemas.faultsOf(manifest))).toEqual([
          // Its definition is not among those that we have.
          'no schema for cert-manager.io/v1 ClusterIssuer',
        ]);
      },
    );
  });
});
