import { Duration, type DurationInput } from '@penstock/model';
import type { Input } from '@pulumi/pulumi';
import { ConstructError } from '../errors.ts';

/** How machines with devices are bought: exactly one way, with what goes with it. */
export type NodePurchase =
  | { readonly type: 'on-demand' }
  | {
      /** All nodes of one request at once, as soon as there are as many (`ProvisioningRequest`). */
      readonly type: 'queued';
    }
  | {
      /** Cheaper, and taken back within half a minute. */
      readonly type: 'spot';
    }
  | {
      /** One reservation, by its name: what is reserved elsewhere is not taken. */
      readonly type: 'reserved';
      readonly reservation: Input<string>;
    }
  | {
      /** Whenever there is one, for up to seven days; then it goes, whatever runs. */
      readonly type: 'flex-start';
      /** @default '168 hours' */
      readonly runsFor?: DurationInput;
    };

const FLEX_START_LIMIT = Duration.parse('168 hours');

/** What the configuration of a node says of how it is bought. */
export function nodePurchase(path: string, purchase: NodePurchase) {
  const noReservation = { reservationAffinity: { consumeReservationType: 'NO_RESERVATION' } };
  switch (purchase.type) {
    case 'reserved':
      return {
        reservationAffinity: {
          consumeReservationType: 'SPECIFIC_RESERVATION',
          key: 'compute.googleapis.com/reservation-name',
          values: [purchase.reservation],
        },
      };
    case 'spot':
      return { ...noReservation, spot: true };
    case 'flex-start': {
      const written = purchase.runsFor ?? FLEX_START_LIMIT;
      const runsFor = Duration.is(written) ? written : Duration.parse(written);
      if (runsFor.isLongerThan(FLEX_START_LIMIT))
        throw new ConstructError(
          'window-too-long',
          `${path}.runsFor`,
          `received ${runsFor}, flex-start ends in 7 days`,
        );
      return { ...noReservation, flexStart: true, maxRunDuration: `${runsFor.toSeconds('up')}s` };
    }
    case 'on-demand':
    case 'queued':
      return noReservation;
  }
}
