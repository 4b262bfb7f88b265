export const TOPIC = 'outbox.event.order';
export const KEYS = ['ada', 'ben', 'cem', 'dot', 'eve'] as const;

/** What an event leads to in a database. */
export interface Effects {
  readonly effect: string;
  /** Notes an event before which not exactly as many of its aggregate have come as there were. */
  readonly outOfOrder: string;
}

export const EFFECTS: Effects = {
  effect: 'INSERT INTO effects (id, note) VALUES ($1, $2)',
  outOfOrder: `INSERT INTO effects (id, note) SELECT $1, 'out of order'
    WHERE (SELECT count(*) FROM effects WHERE note = $2) <> $3 - 1`,
};
