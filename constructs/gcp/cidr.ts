import { ConstructError } from '../errors.ts';

/** A range of IPv4 addresses, e.g. `10.0.0.0/20`. */
export type Cidr = `${number}.${number}.${number}.${number}/${number}`;

interface AddressRange {
  readonly first: number;
  readonly last: number;
  readonly address: string;
  readonly prefixLength: number;
}

const CIDR = /^((\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3}))\/(\d{1,2})$/;

/**
 * A range as numbers.
 *
 * @throws {ConstructError} `range-unfit` for what is none, or has bits set behind its prefix
 */
export function readCidr(path: string, cidr: string): AddressRange {
  const [, address = '', ...parts] = CIDR.exec(cidr) ?? [];
  const [a = 256, b = 256, c = 256, d = 256, prefixLength = 33] = parts.map(Number);
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  const size = 2 ** (32 - prefixLength);
  if (Math.max(a, b, c, d) > 255 || prefixLength > 32 || first % size !== 0)
    throw new ConstructError('range-unfit', path, `received ${JSON.stringify(cidr)}, expected such as 10.0.0.0/20`);
  return { first, last: first + size - 1, address, prefixLength };
}

/** @throws {ConstructError} `range-unfit` for two that share an address, by their names */
export function refuseOverlaps(path: string, ranges: Readonly<Record<string, string>>): void {
  const read = Object.entries(ranges).map(([name, cidr]) => ({ name, ...readCidr(`${path}.${name}`, cidr) }));
  for (const [index, one] of read.entries())
    for (const other of read.slice(index + 1))
      if (one.first <= other.last && other.first <= one.last)
        throw new ConstructError(
          'range-unfit',
          `${path}.${other.name}`,
          `${ranges[other.name]} shares addresses with ${one.name}, ${ranges[one.name]}; expected ranges of their own`,
        );
}
