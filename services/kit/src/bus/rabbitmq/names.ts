import type { QueueProfile } from '@penstock/model';

export interface RabbitmqNames {
  /** Items that can be taken. */
  readonly items: string;
  readonly dead: string;
  /** Where an item waits for its retry, by milliseconds; shortest first. */
  readonly delays: readonly { readonly longestMs: number; readonly queue: string }[];
  /** Holds one message: what the queue was provisioned with. */
  readonly profile: string;
  /** An exchange on which whoever takes items hears the question how many it holds. */
  readonly census: string;
}

export function namesOf({ subject, deadLetterSubject, backoffMs }: QueueProfile): RabbitmqNames {
  const delays = [...new Set(backoffMs)].filter((delayMs) => delayMs > 0).sort((a, b) => a - b);
  return {
    items: subject,
    dead: deadLetterSubject,
    delays: delays.map((longestMs) => ({ longestMs, queue: `${subject}.delay.${longestMs}` })),
    profile: `${subject}.profile`,
    census: `${subject}.census`,
  };
}
