import { ConstructError } from '../errors.ts';
import { isImmutableImage } from '../image-text.ts';

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
    if (isImmutableImage(text)) return new ImageReference(text);
    throw new ConstructError(
      'image-mutable',
      `image ${JSON.stringify(text)}`,
      'expected a digest (@sha256:...) or a version tag: with no tag, `latest` and its like, tomorrow it is another image',
    );
  }
}
