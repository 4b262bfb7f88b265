const DIGEST = /^[^\s@]+@sha256:[0-9a-f]{64}$/;
const TAG = /^[^\s@:]+:([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$/;
/** Tags that by custom move from one image to the next. */
const MOVING_TAGS: readonly string[] = ['latest', 'main', 'master', 'stable', 'edge', 'nightly', 'dev'];

/** True for an image by digest, or by a tag that does not move by custom. Whether a registry lets it move is not in the text. */
export function isImmutableImage(text: string): boolean {
  if (DIGEST.test(text)) return true;
  // A colon before the last slash belongs to the registry's port.
  const tag = TAG.exec(text.slice(text.lastIndexOf('/') + 1))?.[1];
  return tag !== undefined && !MOVING_TAGS.includes(tag);
}
