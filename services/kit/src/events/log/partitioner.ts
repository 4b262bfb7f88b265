const encoder = new TextEncoder();
const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const POSITIVE = 0x7fffffff;

/** By the hash that all clients of Kafka use (MurmurHash2, 32 bit): records of one key are in one partition, whoever writes them. */
export const partitionOf = (key: string, partitions: number): number =>
  (murmur2(encoder.encode(key)) & POSITIVE) % partitions;

function murmur2(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.byteLength & ~3;
  let hash = SEED ^ bytes.byteLength;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(view.getInt32(at, true), MULTIPLIER);
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ word;
  }
  if (bytes.byteLength > whole) {
    for (let at = bytes.byteLength - 1; at >= whole; at -= 1) hash ^= (bytes[at] as number) << (8 * (at - whole));
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}
