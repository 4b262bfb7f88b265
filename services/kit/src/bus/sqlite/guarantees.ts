import type { Guarantees } from '../port.ts';

export const SQLITE_GUARANTEES: Guarantees = {
  driver: 'sqlite',
  delivery: 'at-least-once',
  durability:
    'a resolved publish or settle is fsynced (WAL, synchronous FULL): it survives kill -9 and power loss, for every durability a profile asks for',
  order: 'by the time an item can be taken: first published, first taken; a retry queues up at its due time',
  duplicateWindow: 'a key published again within the window of the profile is the same item, acked or not',
  lateAck: 'refused',
  losesWhen:
    'the disk that holds the file is lost; an item older than the retention of the profile becomes a dead letter and stays',
};
