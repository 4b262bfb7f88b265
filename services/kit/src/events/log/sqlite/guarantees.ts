import type { LogGuarantees } from '../port.ts';

export const SQLITE_LOG_GUARANTEES: LogGuarantees = {
  driver: 'sqlite',
  durability:
    'a resolved produce or commit is on the disk (one fsync for all that came meanwhile) and survives power loss',
  order: 'by partition, in the order of commits; the records of one produce lie together or not at all',
  duplicates: 'none of its own; whoever produces again after an unknown outcome may write twice',
  rebalance:
    'a partition that goes to another member stays until its owner lets go of it; one of a silent member goes when its session is over',
  losesWhen: 'the disk is lost; a record is older than the retention of its topic, read or not',
};
