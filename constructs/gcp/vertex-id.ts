/** Carries the id of what was made here, so that what a run left that died is known for ours. */
export const KEY_LABEL = 'penstock-key';

/**
 * An id that says whose it is: at most 63 characters, a letter first.
 *
 * @param fingerprint hexadecimal
 */
export function speakingId(kind: string, name: string, fingerprint: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .slice(0, LONGEST_SLUG);
  return `${kind}-${slug}-${fingerprint}`;
}

const LONGEST_SLUG = 44;

/**
 * Ten digits that do not begin with zero: all that Vertex AI takes for an id which it did not give itself.
 *
 * @param fingerprint hexadecimal
 */
export const tenDigits = (fingerprint: string): string =>
  String(1_000_000_000 + (Number.parseInt(fingerprint.slice(-12), 16) % 9_000_000_000));
