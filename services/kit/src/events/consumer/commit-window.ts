/** Which records of a partition are in hand. Everything before the first of them is done: that is what a commit may say. */
export class CommitWindow {
  /** In the order of their offsets, as they were taken. */
  readonly #inHand = new Set<number>();
  #next: number | undefined;

  /** Offsets ascend. */
  take(offset: number): void {
    this.#inHand.add(offset);
    this.#next = offset + 1;
  }

  done(offset: number): void {
    this.#inHand.delete(offset);
  }

  get inHand(): number {
    return this.#inHand.size;
  }

  /** Of the next record that is not done; undefined while none was taken. */
  get watermark(): number | undefined {
    const first = this.#inHand.values().next();
    return first.done === true ? this.#next : first.value;
  }

  /** From the watermark to the last one taken: what is delivered again when this process dies now. */
  get span(): number {
    return this.#next === undefined ? 0 : this.#next - (this.watermark as number);
  }
}
