/** A batch of a partition, as far as transactions go. */
export interface FetchedBatch {
  readonly firstOffset: bigint;
  readonly lastOffsetDelta: number;
  readonly attributes: number;
  readonly producerId: bigint;
  readonly records: readonly { readonly key: Buffer | null }[];
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

const IS_TRANSACTIONAL = 0b1_0000;
/** The brokers wrote it to mark the end of a transaction. */
const IS_CONTROL = 0b10_0000;
const TYPE_AT = 2;
const ABORT = 0;

/**
 * The batches that readers may see: neither markers nor what belongs to a transaction that was aborted. A producer may
 * have aborted several within one fetch, with committed ones between them; the client's own filter keeps one range for
 * each producer, and lets the records of the others through.
 */
export function committedBatches<Batch extends FetchedBatch>(
  batches: readonly Batch[],
  aborted: readonly AbortedTransaction[],
): readonly Batch[] {
  const begins = aborted.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const open = new Set<bigint>();
  return batches.filter(({ firstOffset, lastOffsetDelta, attributes, producerId, records }) => {
    const last = firstOffset + BigInt(lastOffsetDelta);
    while (begins[0] !== undefined && begins[0].firstOffset <= last)
      open.add((begins.shift() as AbortedTransaction).producerId);
    if ((attributes & IS_CONTROL) !== 0) {
      if (records[0]?.key?.readInt16BE(TYPE_AT) === ABORT) open.delete(producerId);
      return false;
    }
    return (attributes & IS_TRANSACTIONAL) === 0 || !open.has(producerId);
  });
}
