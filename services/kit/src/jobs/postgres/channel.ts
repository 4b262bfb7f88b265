/** Where those who wait are told that jobs changed. */
export const CHANNEL = 'penstock_jobs';
