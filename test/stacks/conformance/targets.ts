import type { Topology } from '@penstock/model';
import type { Manifest } from '../../../constructs/policies/index.ts';
import { synthesizeAws } from '../../../stacks/aws/synthesize.ts';
import { awsEnvironments } from '../../../stacks/environments/aws.ts';
import { environments } from '../../../stacks/environments/index.ts';
import { requestedManifests, stackEnvironment, synthesizeGcp } from '../../../stacks/gcp/synthesize.ts';
import { synthesizeKubernetes } from '../../../stacks/kubernetes/synthesize.ts';
import { type PlatformAlert, policiesOf, rulesOf } from './alerts.ts';

/** What one target is given: objects of a cluster, and who in it is somebody at the cloud. */
export interface Synthesized {
  readonly manifests: readonly Manifest[];
  /** `<namespace>/<service account>`. */
  readonly identities: readonly string[];
  readonly alerts: readonly PlatformAlert[];
  /** The namespace of what collects samples. */
  readonly collectedFrom: string;
}

export type Target = 'kubernetes' | 'aws' | 'gcp';

/** The same declaration, in production, read back from what each engine puts out. */
export async function synthesized(topology: Topology): Promise<Readonly<Record<Target, Synthesized>>> {
  const anywhere = synthesizeKubernetes(topology, environments.prod);
  const aws = fromTemplate(synthesizeAws(topology, [awsEnvironments.prod])[`${topology.name}-prod-workloads`]);
  const gcp = stackEnvironment('prod');
  const requested = await synthesizeGcp(topology, gcp);
  const members = requested
    .filter(({ inputs }) => inputs['role'] === 'roles/iam.workloadIdentityUser')
    .map(({ inputs }) => /\[(.*)\]$/.exec(String(inputs['member']))?.[1] ?? 'nobody');
  return {
    kubernetes: {
      manifests: anywhere,
      identities: [],
      alerts: rulesOf(anywhere),
      collectedFrom: environments.prod.monitoringNamespace,
    },
    aws: {
      ...aws,
      alerts: rulesOf(aws.manifests),
      collectedFrom: awsEnvironments.prod.workloads.monitoringNamespace,
    },
    gcp: {
      manifests: requestedManifests(requested),
      identities: members,
      alerts: policiesOf(requested),
      collectedFrom: gcp.workloads.monitoringNamespace,
    },
  };
}

interface CloudFormationResource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

function fromTemplate(
  template: Readonly<Record<string, unknown>> | undefined,
): Pick<Synthesized, 'manifests' | 'identities'> {
  const { Resources: resources } = template as { readonly Resources: Readonly<Record<string, CloudFormationResource>> };
  const of = (type: string) =>
    Object.values(resources)
      .filter(({ Type }) => Type === type)
      .map(({ Properties }) => Properties);
  return {
    manifests: of('Custom::AWSCDK-EKS-KubernetesResource').flatMap(
      ({ Manifest: text }) => JSON.parse(textOf(text)) as Manifest[],
    ),
    identities: of('AWS::EKS::PodIdentityAssociation').map(
      ({ Namespace, ServiceAccount }) => `${textOf(Namespace)}/${textOf(ServiceAccount)}`,
    ),
  };
}

/** What CloudFormation fills in stands as its name. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const joined = (value as { readonly 'Fn::Join'?: readonly [string, readonly unknown[]] })['Fn::Join'];
  if (joined !== undefined) return joined[1].map(textOf).join(joined[0]);
  return `<${Object.values(value as object)
    .flat()
    .join('.')}>`;
}
