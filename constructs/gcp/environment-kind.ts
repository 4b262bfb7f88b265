/**
 * What an environment is for. One word decides what may be deleted, and how many may fail: nobody has to remember each
 * setting by itself.
 */
export type EnvironmentKind = 'production' | 'trial';

/** Label of what has one; policies hold whatever does not say `trial` to the rules of production. */
export const ENVIRONMENT_LABEL = 'environment';

/**
 * What production protects, as an option of a resource. For a trial nothing is said rather than `false`: that would be the
 * last word against somebody who protects the component.
 */
export const protectedIn = (environment: EnvironmentKind): { readonly protect?: true } =>
  environment === 'production' ? { protect: true } : {};
