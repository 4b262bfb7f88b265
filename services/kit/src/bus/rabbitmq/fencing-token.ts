/** Where an item is in its own history. */
export interface Lineage {
  /** How often it was stored anew: for a retry, or handed back. */
  readonly generation: number;
  /** Tells copies of one generation apart: a store whose outcome nobody knows is made again, by this worker or the next. */
  readonly branch: number;
  /** Deliveries since it was last stored that nobody settled: a connection was lost each time. */
  readonly losses: number;
}

/** Together with 2^27 generations these are all bits of a whole number. */
const LOSSES = 2 ** 12;
const BRANCHES = 2 ** 14;
/** The golden section of the branches: those of neighbours come to lie far from each other. */
const SPREAD = 10_125;
/** Beyond the losses of most items, so that no try meets one of the next delivery. */
const TRIES_APART = 127;

/** Greater than all of earlier generations, and no other delivery's. */
export const tokenOf = ({ generation, branch, losses }: Lineage): number =>
  (generation * BRANCHES + branch) * LOSSES + losses + 1;

/** @param tries stores of this delivery that were made before, and may be there */
export const nextGeneration = ({ generation, branch, losses }: Lineage, tries: number) => ({
  generation: generation + 1,
  branch: (branch * SPREAD + losses + tries * TRIES_APART) % BRANCHES,
});
