/** Where those who wait are told that something was written. */
export const CHANNEL = 'penstock_events';
