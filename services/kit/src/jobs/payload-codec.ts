import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { KitError } from '../errors.ts';

/** Keys that payloads are encrypted with at rest, 32 bytes each, by an id of at most 255 bytes. */
export interface KeyRing {
  /** Id of the key that is written with. */
  readonly current: string;
  /** All that may still have to be read. Taking one away makes what it wrote unreadable for good. */
  readonly keys: Readonly<Record<string, Uint8Array>>;
}

const PLAIN = 0;
const AES_256_GCM = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/**
 * Payloads and results as they lie in a store: one byte that says how, then the JSON text, in plain or encrypted. The
 * id of the job is authenticated with it, so that one job's payload cannot be put in another's place.
 */
export class PayloadCodec {
  readonly #ring: KeyRing | undefined;

  /** @param ring @default - nothing is encrypted; what was before can then not be read */
  constructor(ring?: KeyRing) {
    this.#ring = ring;
    if (ring === undefined) return;
    if (!Object.hasOwn(ring.keys, ring.current)) throw keyMissing(ring.current);
    for (const [id, key] of Object.entries(ring.keys)) {
      if (key.length === KEY_BYTES && Buffer.byteLength(id) <= 0xff) continue;
      throw new KitError(
        'key-malformed',
        `key ${JSON.stringify(id)}: received ${key.length} bytes, expected ${KEY_BYTES}`,
        {
          repair: 'make keys with 32 random bytes each and ids of at most 255 bytes',
        },
      );
    }
  }

  /** @throws {KitError} `job-malformed` for a value that JSON cannot carry */
  encode(job: string, value: unknown): Uint8Array {
    const text = JSON.stringify(value ?? null);
    if (text === undefined) throw new KitError('job-malformed', `job ${job}: JSON knows no ${typeof value}`);
    const plain = Buffer.from(text);
    return this.#ring === undefined ? Buffer.concat([Buffer.of(PLAIN), plain]) : seal(this.#ring, job, plain);
  }

  /** @throws {KitError} `key-missing`; `job-malformed` when it was changed, or belongs to another job */
  decode(job: string, stored: Uint8Array): unknown {
    const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
    const plain = bytes[0] === PLAIN ? bytes.subarray(1) : this.#open(job, bytes);
    try {
      return JSON.parse(plain.toString()) as unknown;
    } catch (cause) {
      throw new KitError('job-malformed', `job ${job}: what is stored is no JSON`, { cause });
    }
  }

  #open(job: string, bytes: Buffer): Buffer {
    if (bytes[0] !== AES_256_GCM) throw new KitError('job-malformed', `job ${job}: stored by a newer release`);
    const idEnd = 2 + (bytes[1] ?? 0);
    const id = bytes.subarray(2, idEnd).toString();
    const key = this.#ring !== undefined && Object.hasOwn(this.#ring.keys, id) ? this.#ring.keys[id] : undefined;
    if (key === undefined) throw keyMissing(id);
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(idEnd, idEnd + IV_BYTES));
      decipher.setAAD(Buffer.from(job));
      decipher.setAuthTag(bytes.subarray(idEnd + IV_BYTES, idEnd + IV_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(idEnd + IV_BYTES + TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw new KitError('job-malformed', `job ${job}: the stored payload was changed, or is another job's`, { cause });
    }
  }
}

function seal({ current, keys }: KeyRing, job: string, plain: Buffer): Uint8Array {
  const id = Buffer.from(current);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keys[current] as Uint8Array, iv);
  cipher.setAAD(Buffer.from(job));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.of(AES_256_GCM, id.length), id, iv, cipher.getAuthTag(), text]);
}

const keyMissing = (id: string): KitError =>
  new KitError('key-missing', `no key ${JSON.stringify(id)} in the ring`, {
    repair: 'give the service every key that payloads in the store were written with',
  });
