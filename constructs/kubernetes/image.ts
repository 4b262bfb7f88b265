import { ConstructError } from '../errors.ts';

const DIGEST = /^[^\s@]+@sha256:[0-9a-f]{64}$/;
const TAGGED = /^[^\s@]+:([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$/;
/** Tags that by custom move from one image to the next. */
const MOVING_TAGS: readonly string[] = ['latest', 'main', 'master', 'stable', 'edge', 'nightly', 'dev'];

/** An image that is the same tomorrow: named by digest, or by a tag that its registry does not let move. */
export class ImageReference {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
    Object.freeze(this);
  }

  /**
   * @param text `repository@sha256:...`, or `repository:tag` where the registry keeps tags immutable
   * @throws {ConstructError} `image-mutable` for no tag, `latest` and its like
   */
  static parse(text: string): ImageReference {
    if (DIGEST.test(text)) return new ImageReference(text);
    // A colon before the last slash is a registry's port, not a tag.
    const tag = TAGGED.exec(text.slice(text.lastIndexOf('/') + 1))?.[1];
    if (tag === undefined || MOVING_TAGS.includes(tag)) {
      throw new ConstructError(
        'image-mutable',
        `image ${JSON.stringify(text)}`,
        `received ${tag === undefined ? 'no tag' : `the moving tag ${tag}`}, expected a digest (@sha256:...) or an immutable version tag`,
      );
    }
    return new ImageReference(text);
  }

  toString(): string {
    return this.text;
  }
}
