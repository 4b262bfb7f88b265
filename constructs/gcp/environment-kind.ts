/**
 * What an environment is for. One word decides what may be deleted, and how many may fail: nobody has to remember each
 * setting by itself.
 */
export type EnvironmentKind = 'production' | 'trial';

/** Label of what has one; policies hold whatever does not say `trial` to the rules of production. */
export const ENVIRONMENT_LABEL = 'environment';
