/** Milliseconds since the epoch as this process took them to be when it began: whoever sets the clock later moves nothing. */
export const steadyNow = (): number => performance.timeOrigin + performance.now();
