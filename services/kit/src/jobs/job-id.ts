import { randomBytes } from 'node:crypto';

/** An id that sorts by the time it was made (UUID version 7). */
export function jobId(now: number, random: Uint8Array = randomBytes(10)): string {
  const time = now.toString(16).padStart(12, '0');
  const bytes = Buffer.from(random);
  bytes[0] = ((bytes[0] ?? 0) & 0x0f) | 0x70;
  bytes[2] = ((bytes[2] ?? 0) & 0x3f) | 0x80;
  const tail = bytes.toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-${tail.slice(0, 4)}-${tail.slice(4, 8)}-${tail.slice(8)}`;
}
