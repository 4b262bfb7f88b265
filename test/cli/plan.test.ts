import { describe, expect, test } from '@jest/globals';
import { planText } from '../../cli/commands/plan.ts';
import type { Manifest } from '../../constructs/policies/index.ts';
import { penstock } from './command.ts';

describe('penstock plan', () => {
  test('says what goes in first, what to wait for and what blocks the way back', async () => {
    const { status, stdout } = await penstock(['plan', '--environment', 'prod']);
    expect(status).toBe(0);
    const places = [
      '0. add-ons',
      'nack 0.36.0 into nats: Account, Consumer, Stream',
      'namespaces',
      'Namespace/mailroom\n',
      'Stream/mailroom-mails\n',
      'then wait until every Stream and Consumer is Ready',
      'Deployment/mailroom-classify\n',
      'ScaledObject/mailroom-classify\n',
      'Take down in the reverse order',
      'ScaledObject/mailroom-classify waits: carries finalizer.keda.sh',
      'Stream/mailroom-mails stays: has preventDelete',
      'Namespace/mailroom waits: is in use by',
    ].map((text) => [text, stdout.indexOf(text)] as const);
    expect(places.filter(([, place]) => place === -1)).toEqual([]);
    expect(places.map(([, place]) => place)).toEqual(places.map(([, place]) => place).toSorted((a, b) => a - b));
  });

  test('plans every environment when none is named', async () => {
    const { stdout } = await penstock(['plan']);
    expect(stdout).toMatch(/kubernetes\/dev: .*[\s\S]*kubernetes\/prod: /);
  });

  test('rejects an environment that is not there and names those that are', async () => {
    const { status, stderr } = await penstock(['plan', '--environment', 'staging']);
    expect(status).toBe(2);
    expect(stderr).toContain('no environment "staging": there are dev, prod');
  });

  test('names a kind whose operator nobody installs, and none of Kubernetes itself', () => {
    const manifests: readonly Manifest[] = [
      { apiVersion: 'example.com/v1', kind: 'Novelty', metadata: { name: 'a' } },
      { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'a' } },
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'a' } },
    ];
    const warnings = planText('a', manifests)
      .split('\n')
      .filter((line) => line.includes('no add-on'));
    expect(warnings).toEqual([expect.stringContaining('Novelty (example.com/v1)')]);
  });
});
