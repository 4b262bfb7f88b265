import type { KitError } from '../../errors.ts';

const SWEEP_MS = 250;

interface Question {
  readonly refuse: (error: unknown) => void;
  readonly overdue: () => KitError;
  sweepsLeft: number;
}

/** What a server was asked and has not answered yet. Nobody waits longer than a server that works takes. */
export class OpenQuestions {
  readonly #questions = new Set<Question>();
  readonly #sweeps: number;
  readonly #sweep: NodeJS.Timeout;

  /**
   * @param withinMs in which an answer is expected
   * @param isHeldUp asked before answers are found overdue: a server that has said why it does not answer yet is given time
   */
  constructor(withinMs: number, isHeldUp: () => boolean) {
    // Counted in sweeps that ran: an event loop that stood still must not make answers overdue that wait to be read.
    this.#sweeps = Math.ceil(withinMs / SWEEP_MS);
    this.#sweep = setInterval(() => {
      if (!isHeldUp()) this.#dropOverdue();
    }, SWEEP_MS);
    this.#sweep.unref();
  }

  get size(): number {
    return this.#questions.size;
  }

  /** @throws what the answer says, `overdue` where there is none in time, or why all were refused */
  async wait<Answer>(answer: Promise<Answer>, overdue: () => KitError): Promise<Answer> {
    const { promise, reject: refuse } = Promise.withResolvers<never>();
    const question = { refuse, overdue, sweepsLeft: this.#sweeps };
    this.#questions.add(question);
    try {
      return await Promise.race([answer, promise]);
    } finally {
      this.#questions.delete(question);
    }
  }

  refuseAll(reason: () => KitError): void {
    for (const { refuse } of this.#questions) refuse(reason());
  }

  end(): void {
    clearInterval(this.#sweep);
  }

  #dropOverdue(): void {
    for (const question of this.#questions) {
      question.sweepsLeft -= 1;
      if (question.sweepsLeft <= 0) question.refuse(question.overdue());
    }
  }
}
