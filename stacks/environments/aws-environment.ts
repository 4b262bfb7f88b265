import type { AwsOnDemandMachine } from '@penstock/model';
import type { AuroraPostgresProps } from '../../constructs/aws/aurora-postgres.ts';
import type { MskKind } from '../../constructs/aws/msk-kind.ts';
import type { Egress } from '../../constructs/aws/network.ts';
import type { RabbitMqBrokerProps } from '../../constructs/aws/rabbitmq-broker.ts';
import type { ValkeyCacheProps } from '../../constructs/aws/valkey-cache.ts';

/** What is so in one account and region of AWS and cannot follow from the declaration. */
export interface AwsEnvironment {
  readonly name: string;
  readonly region: string;
  /** @default - that of whoever deploys */
  readonly account?: string;
  readonly network: {
    readonly cidr: `${number}.${number}.0.0/16`;
    /** By name: not every zone has every GPU. */
    readonly zones: readonly [string, string, string];
    readonly egress: Egress;
  };
  /** Back ends that Amazon runs. @default - none: brokers run in the cluster */
  readonly data?: DataEnvironment;
  /** Machines with GPUs that its pools buy: what has to be in the quotas, and by the hour on the bill. */
  readonly gpuMachines: readonly AwsOnDemandMachine[];
  readonly budget: { readonly monthlyUsd: number; readonly emails: readonly [string, ...string[]] };
}

export interface DataEnvironment {
  /** For the topics of the declaration; none is made for one without. */
  readonly kafka?: MskKind;
  readonly database?: Pick<
    AuroraPostgresProps,
    'database' | 'capacity' | 'readers' | 'logicalReplication' | 'backupDays'
  >;
  readonly cache?: Pick<ValkeyCacheProps, 'kind' | 'users' | 'snapshotDays'>;
  readonly rabbitMq?: Pick<RabbitMqBrokerProps, 'version' | 'instance' | 'consumerTimeout'>;
}
