import { BroadcastChannel } from 'node:worker_threads';

// Loaded before everything else into a worker process and into each of its threads: the clock of the wall can be set,
// as by an administrator or a time service. The monotonic clock and timers go on, as they do on a machine.

/** How far the clock of this process is set off, in milliseconds. */
export const CLOCK_CHANNEL = 'chaos-clock';

let offsetMs = 0;
const TrueDate = Date;

class SetDate extends TrueDate {
  constructor(...given: readonly unknown[]) {
    super(...((given.length === 0 ? [TrueDate.now() + offsetMs] : given) as [number]));
  }

  static override now(): number {
    return TrueDate.now() + offsetMs;
  }
}

globalThis.Date = SetDate as DateConstructor;
const channel = new BroadcastChannel(CLOCK_CHANNEL);
channel.onmessage = (message) => {
  offsetMs = (message as { readonly data: number }).data;
};
channel.unref();
