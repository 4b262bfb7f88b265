import { Duration } from '../units.ts';

/** For the endpoint to leave every load balancer and for telemetry to be flushed. */
export const SHUTDOWN_OVERHEAD = Duration.seconds(5);

/** Work in progress gets p99 and half as much again, in whole seconds, before it is handed back. */
export function drainFor(p99: Duration): Duration {
  return Duration.max(p99.times(1.5).roundedUpToSeconds(), Duration.seconds(5));
}

/** From SIGTERM to SIGKILL: drain and overhead. */
export function terminationGraceFor(drain: Duration): Duration {
  return drain.plus(SHUTDOWN_OVERHEAD);
}

/** The shortest grace in which p99 work can end. */
export function leastTerminationGrace(p99: Duration): Duration {
  return p99.plus(SHUTDOWN_OVERHEAD).roundedUpToSeconds();
}
