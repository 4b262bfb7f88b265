import { canonicalJson, fingerprintOf } from '@penstock/model';

/** A token of CDK in a text: what it stands for, and a number that is another in every run. */
const TOKEN = /\$\{Token\[([^\]]*?)\.\d+\]\}/g;

/**
 * The fingerprint of what a pod or job is made of. A value that is known later counts by what it stands for, and not by the
 * number that it has in this run: pods would be replaced with every deployment otherwise, and jobs done again.
 */
export const configFingerprint = (value: unknown): string =>
  fingerprintOf(JSON.parse(canonicalJson(value).replaceAll(TOKEN, (_, what: string) => `\${Token[${what}]}`)));
