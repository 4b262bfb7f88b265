import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runtime } from '@pulumi/pulumi';

interface Requested {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

test('a program with a network and a cluster of its own takes a pool of GPUs and an endpoint as they are', async () => {
  const requested: Requested[] = [];
  await runtime.setMocks(
    {
      newResource({ type, name, inputs }) {
        requested.push({ type, name, inputs });
        return { id: `${name}-id`, state: { name, email: `${name}@shop.iam.gserviceaccount.com`, ...inputs } };
      },
      call: ({ inputs }) => inputs,
    },
    'shop',
    'prod',
  );
  await import('./gcp-foreign-program.ts');
  await runtime.disconnect();
  const inputsOf = (type: string) => requested.find((each) => each.type === type)?.inputs;
  expect(inputsOf('gcp:container/nodePool:NodePool')).toMatchObject({
    cluster: 'shop',
    location: 'europe-west4',
    nodeConfig: {
      machineType: 'g2-standard-12',
      serviceAccount: 'nodes@shop.iam.gserviceaccount.com',
      bootDiskKmsKey: 'disks-id',
      taints: [{ key: 'nvidia.com/gpu' }],
    },
  });
  expect(inputsOf('gcp:vertex/aiEndpoint:AiEndpoint')).toMatchObject({
    location: 'europe-west4',
    privateServiceConnectConfig: { projectAllowlists: ['shop-prod'] },
  });
  expect(requested.filter(({ type }) => type.startsWith('penstock:'))).toHaveLength(2);
});

test('the program is a page of code', () => {
  const source = readFileSync(join(import.meta.dirname, 'gcp-foreign-program.ts'), 'utf8');
  const statements = source
    .slice(source.indexOf('\n/**'))
    .split('\n')
    .filter((line) => line.trim() !== '');
  expect(statements.length).toBeLessThanOrEqual(30);
});
