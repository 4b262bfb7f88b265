/**
 * Ten digits that do not begin with zero: all that Vertex AI takes for an id which it did not give itself.
 *
 * @param fingerprint hexadecimal
 */
export const tenDigits = (fingerprint: string): string =>
  String(1_000_000_000 + (Number.parseInt(fingerprint.slice(-12), 16) % 9_000_000_000));
