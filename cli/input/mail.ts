/** One mail as the worker's payload `mail.v1` has it; `label` is its true class where it is known. */
export interface Mail {
  readonly id: string;
  readonly subject: string;
  readonly body: string;
  readonly label?: 'ham' | 'spam';
}

/** A finite, repeatable source of mails. */
export interface MailSource {
  /** For people. */
  readonly title: string;
  /** Identity of source and selection: a run can only be resumed with the same one. */
  readonly identity: string;
  readonly count: number;
  read(): AsyncIterable<Mail>;
}

/** Longest body that is sent: the model reads far less, and an item has a size limit. */
export const MAX_BODY_CHARACTERS = 8_000;
