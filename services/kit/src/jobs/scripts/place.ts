/**
 * Where a job that is ready stands. A dispatcher looks only at what stands in line: jobs whose time has not come and jobs
 * behind a limit are elsewhere, however many they are, so that choosing costs the same whatever the backlog.
 */
export const PLACE = {
  /** To be sorted when it is due: it has to wait for a time, or a limit may hold for it. */
  unsorted: 0,
  inLine: 1,
  /** Behind the limit of its key. */
  held: 2,
} as const;

/** The place of a job that becomes ready by being added. */
export const placeOf = (job: { readonly limitKey: string | undefined; readonly runAt: number }, now: number): number =>
  job.limitKey === undefined && job.runAt <= now ? PLACE.inLine : PLACE.unsorted;
