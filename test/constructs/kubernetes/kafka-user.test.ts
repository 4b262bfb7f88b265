import { describe, expect, test } from '@jest/globals';
import { Duration } from '@penstock/model';
import { App, Chart } from 'cdk8s';
import { ConstructError } from '../../../constructs/errors.ts';
import { KafkaService, KafkaTopic, KafkaUser } from '../../../constructs/kubernetes/index.ts';
import { FSYNC, kafkaPlatform, shop } from '../../helpers/kafka.ts';

interface Acl {
  readonly resource: { readonly type: string; readonly name: string; readonly patternType: string };
  readonly operations: readonly string[];
}

const specOf = (user: KafkaUser) =>
  (user.nodes.user.toJson() as { readonly spec: unknown }).spec as {
    readonly authentication: object;
    readonly authorization: { readonly acls: readonly Acl[] };
    readonly quotas?: object;
  };

/** `topic shop.orders: Read Describe`, one a resource. */
const granted = (user: KafkaUser): readonly string[] =>
  specOf(user).authorization.acls.map(
    ({ resource: { type, name, patternType }, operations }) =>
      `${patternType} ${type} ${name}: ${operations.join(' ')}`,
  );

const codeOf = (make: () => unknown): string | undefined => {
  try {
    make();
  } catch (error) {
    if (ConstructError.is(error)) return error.code;
    throw error;
  }
  return undefined;
};

describe('a Kafka user', () => {
  const { biller, till } = kafkaPlatform('tls', FSYNC);

  test('who only writes may write to that topic, and read nothing', () => {
    expect(granted(till)).toEqual(['literal topic shop.orders: Write Describe']);
  });

  test('who reads, writes and does both at once has what each of it takes, name by name', () => {
    expect(granted(biller)).toEqual([
      'literal topic shop.invoices: Write Describe',
      'literal topic shop.orders: Read Describe',
      'literal topic shop.orders.bill.dead: Write Describe',
      'literal group shop.orders.bill: Read Describe',
      'prefix transactionalId shop-biller.: Write Describe',
    ]);
  });

  test('who reads what it writes has one ACL for both', () => {
    const { chart, cluster, orders } = kafkaPlatform('tls', FSYNC);
    const echo = new KafkaUser(chart, 'echo', {
      topology: shop,
      name: 'echo',
      kafka: cluster.service,
      produces: [orders],
      consumes: [{ topic: orders, consumer: 'search' }],
    });
    expect(granted(echo)).toContain('literal topic shop.orders: Write Read Describe');
  });

  test('has transactional ids that are no other user’s, whatever that one is called', () => {
    expect('shop-biller-of-others.1'.startsWith(biller.transactionalIdPrefix)).toBe(false);
  });

  test('is bounded in bytes a second where that was asked for', () => {
    expect(specOf(biller).quotas).toEqual({ producerByteRate: 10_485_760, consumerByteRate: 20_971_520 });
    expect(specOf(till).quotas).toBeUndefined();
  });

  test('with a certificate gets it as files, and the authority of the brokers beside it', () => {
    expect(biller.files).toEqual({
      authority: '/var/run/secrets/penstock/kafka/ca.crt',
      certificate: '/var/run/secrets/penstock/kafka/user.crt',
      key: '/var/run/secrets/penstock/kafka/user.key',
    });
    const item = (key: string) => ({ key, path: key });
    expect(biller.mount).toMatchObject({
      path: '/var/run/secrets/penstock/kafka',
      readOnly: true,
      source: {
        projected: {
          defaultMode: 0o440,
          sources: [
            { secret: { name: 'shop-biller', items: [item('user.crt'), item('user.key')] } },
            { secret: { name: 'events-cluster-ca-cert', items: [item('ca.crt')] } },
          ],
        },
      },
    });
  });

  test('with a password gets that, and authenticates as the listener asks', () => {
    const { biller: user } = kafkaPlatform('scram-sha-512', FSYNC);
    expect(specOf(user).authentication).toEqual({ type: 'scram-sha-512' });
    expect(user.username).toBe('shop-biller');
    expect(user.files.password).toBe('/var/run/secrets/penstock/kafka/password');
  });

  test('rejects a consumer that the topic does not declare', () => {
    const { chart, cluster, orders } = kafkaPlatform('tls', FSYNC);
    const consumes = [{ topic: orders, consumer: 'biling' }];
    const make = () => new KafkaUser(chart, 'user', { topology: shop, name: 'u', kafka: cluster.service, consumes });
    expect(codeOf(make)).toBe('reference-missing');
  });

  test('rejects a topic of another cluster', () => {
    const chart = new Chart(new App(), 'two');
    const service = (name: string) =>
      new KafkaService({ name, namespace: 'kafka', authentication: 'tls', brokers: 3, controllers: 3 });
    const topic = new KafkaTopic(chart, 'orders', {
      topology: shop,
      topic: shop.topics.orders,
      kafka: service('one'),
      deadLetterRetention: Duration.parse('30 days'),
    });
    const make = () =>
      new KafkaUser(chart, 'user', { topology: shop, name: 'u', kafka: service('two'), produces: [topic] });
    expect(codeOf(make)).toBe('reference-missing');
  });

  test('rejects a name that no certificate holds', () => {
    const { chart, cluster, orders } = kafkaPlatform('tls', FSYNC);
    const make = () =>
      new KafkaUser(chart, 'user', {
        topology: shop,
        name: 'u'.repeat(60),
        kafka: cluster.service,
        produces: [orders],
      });
    expect(codeOf(make)).toBe('name-too-long');
  });
});
