/** One mail as the worker's payload `mail.v1` has it; `label` is its true class where it is known. */
export interface Mail {
  readonly id: string;
  readonly subject: string;
  readonly body: string;
  readonly label?: 'ham' | 'spam';
}

/** The mails of an input; undefined where the true class is not known. */
export type Truth = ReadonlyMap<string, 'ham' | 'spam' | undefined>;

/** A finite, repeatable source of mails. */
export interface MailSource {
  /** For people. */
  readonly title: string;
  /** Identity of source and selection: a run can only be resumed with the same one. */
  readonly identity: string;
  readonly count: number;
  read(): AsyncIterable<Mail>;
  /** Every mail's true class by its id, without reading more than that takes. */
  classes(): Promise<Truth>;
}

/** Longest body that is sent: the model reads far less, and an item has a size limit. */
export const MAX_BODY_CHARACTERS = 8_000;
