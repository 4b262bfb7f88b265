import { describe, expect, test } from '@jest/globals';
import type { TemplateResource } from '../../../constructs/policies/aws/index.ts';
import { awsApp } from '../../../stacks/aws/synthesize.ts';
import { awsEnvironments } from '../../../stacks/environments/aws.ts';
import type { AwsEnvironment } from '../../../stacks/environments/aws-environment.ts';
import { platform } from '../../../stacks/platform.ts';

function workloadsOf(environment: AwsEnvironment) {
  const stack = awsApp(platform, [environment]).synth().getStackByName(`mailroom-${environment.name}-workloads`);
  const { Resources, Parameters = {} } = stack.template as {
    readonly Resources: Readonly<Record<string, TemplateResource>>;
    readonly Parameters?: Readonly<Record<string, { readonly Default?: string }>>;
  };
  const parameter = (name: string): string | undefined =>
    Object.entries(Parameters).find(([, { Default }]) => Default === `/mailroom/${environment.name}/${name}`)?.[0];
  const release = Object.values(Resources).find(
    ({ Properties }) => Properties?.['Release'] === 'kube-prometheus-stack',
  )?.Properties;
  return { resources: Resources, parameter, release, dependencies: stack.dependencies.map(({ id }) => id) };
}

/** Values of a release as Helm gets them, with what is known after deployment as `<logical id>`. */
function valuesOf(release: TemplateResource['Properties']): Record<string, Record<string, unknown>> {
  const values = release?.['Values'] as string | { readonly 'Fn::Join': [string, readonly unknown[]] };
  const text =
    typeof values === 'string'
      ? values
      : values['Fn::Join'][1]
          .map((part) => (typeof part === 'string' ? part : `<${(part as { Ref: string }).Ref}>`))
          .join('');
  return JSON.parse(text);
}

describe('Prometheus in the cluster, where a workspace keeps its samples', () => {
  const { release, parameter, resources, dependencies } = workloadsOf(awsEnvironments.prod);
  const values = valuesOf(release);
  const { prometheusSpec, serviceAccount } = values['prometheus'] as {
    readonly prometheusSpec: Record<string, unknown>;
    readonly serviceAccount: unknown;
  };

  test('writes there, signed for the region, under an account of its own', () => {
    expect(prometheusSpec['remoteWrite']).toEqual([
      { url: `<${parameter('metrics-remote-write')}>`, sigv4: { region: 'eu-central-1' } },
    ]);
    expect(serviceAccount).toEqual({ name: 'prometheus' });
    const association = Object.values(resources).find(
      ({ Type, Properties }) =>
        Type === 'AWS::EKS::PodIdentityAssociation' && Properties?.['ServiceAccount'] === 'prometheus',
    );
    expect(association?.Properties).toMatchObject({ Namespace: 'monitoring', ClusterName: 'mailroom-prod' });
  });

  test('may write to that workspace and do nothing else', () => {
    const rights = Object.values(resources).filter(
      ({ Type, Properties }) =>
        Type === 'AWS::IAM::Policy' && JSON.stringify(Properties?.['PolicyDocument']).includes('aps:'),
    );
    expect(rights.map(({ Properties }) => Properties?.['PolicyDocument'])).toEqual([
      expect.objectContaining({
        Statement: [{ Action: 'aps:RemoteWrite', Effect: 'Allow', Resource: { Ref: parameter('metrics-workspace') } }],
      }),
    ]);
  });

  test('takes every monitor as before, and leaves rules and alerts to the workspace', () => {
    expect(prometheusSpec).toMatchObject({
      podMonitorSelectorNilUsesHelmValues: false,
      ruleNamespaceSelector: { matchLabels: { 'penstock-rules': 'evaluated-here' } },
    });
    expect(values).toMatchObject({
      alertmanager: { enabled: false },
      defaultRules: { create: false },
      grafana: { enabled: false },
    });
  });

  test('is deployed when it is known where to write', () => {
    expect(dependencies).toContain('mailroom-prod-observability');
  });

  test('keeps its rules and alerts where there is no workspace', () => {
    const { observability: _nobody, ...unwatched } = awsEnvironments.prod;
    const alone = workloadsOf(unwatched);
    expect(valuesOf(alone.release)).not.toHaveProperty('alertmanager');
    expect(JSON.stringify(alone.resources)).not.toContain('aps:');
    expect(alone.dependencies).not.toContain('mailroom-prod-observability');
  });
});
