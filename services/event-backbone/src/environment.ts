import { KitError } from '@penstock/kit';

const READS = ['outbox', 'database-log'] as const;

/** By what the relay knows of events: `PENSTOCK_RELAY_READS`. @throws {KitError} `address-malformed` */
export function relayReads(env: Readonly<Record<string, string | undefined>>): (typeof READS)[number] {
  const received = env['PENSTOCK_RELAY_READS'] ?? 'outbox';
  const reads = READS.find((known) => known === received);
  if (reads !== undefined) return reads;
  throw new KitError('address-malformed', `PENSTOCK_RELAY_READS: received ${received}, expected ${READS.join(' or ')}`);
}
