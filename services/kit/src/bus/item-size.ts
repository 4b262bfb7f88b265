import type { QueueProfile } from '@penstock/model';
import { KitError } from '../errors.ts';

/** @param bytes of the payload and its headers as the driver stores them. @throws {KitError} `item-too-large` */
export function checkSize(profile: QueueProfile, idempotencyKey: string, bytes: number): void {
  if (bytes <= profile.maxItemBytes) return;
  throw new KitError(
    'item-too-large',
    `item ${idempotencyKey} has ${bytes} bytes, queue ${profile.id} takes ${profile.maxItemBytes}`,
    { repair: 'store the payload elsewhere and publish a reference, or declare a larger maxItemSize' },
  );
}
