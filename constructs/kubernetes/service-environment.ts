import { engineVariable } from '@penstock/model';
import type { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';

export type Addresses = Readonly<Record<string, Binding<string>>>;

/** Where each engine is that a workload calls. @throws {ConstructError} `reference-missing` when one has no address */
export function engineAddresses(
  path: string,
  calls: readonly { readonly role: string }[],
  engines: Addresses,
): Addresses {
  return Object.fromEntries(
    calls.map(({ role }) => {
      const address = engines[role];
      if (address === undefined) {
        throw new ConstructError('reference-missing', path, `no address for the engine it calls as ${role}`);
      }
      return [engineVariable(role), address];
    }),
  );
}

/** Where a publisher finds its queues. @throws {ConstructError} `reference-missing` when it publishes and has no bus */
export function busAddress(
  path: string,
  publishes: readonly { readonly role: string }[],
  bus: Binding<string> | undefined,
): Addresses {
  const [first] = publishes;
  if (first === undefined) return {};
  if (bus === undefined)
    throw new ConstructError('reference-missing', path, `no bus for the queue it publishes to as ${first.role}`);
  return { PENSTOCK_BUS: bus };
}
