import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AwsCredentials } from '../../services/kit/src/engines/aws-signature.ts';
import { endProcess } from './end-process.ts';

export interface ToSign {
  readonly method: string;
  readonly url: string;
  /** Those that are signed, beside `host`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly region: string;
  readonly service: string;
  /** As `x-amz-date` has it. */
  readonly time: string;
  readonly credentials: AwsCredentials;
}

/** Signatures as Amazon's own client computes them: botocore, from the folder that moto is installed in. */
export class AwsSigner implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #replies: AsyncIterator<string>;
  /** One line is asked and answered after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(moto = process.env['PENSTOCK_MOTO'] ?? '') {
    const script = join(import.meta.dirname, 'aws-signature.py');
    this.#process = spawn(join(dirname(moto), 'python'), [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#process.stdout === null) throw new Error('the signer has no output');
    this.#replies = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** The header `Authorization` of a request. */
  authorization(request: ToSign): Promise<string> {
    const answer = this.#last.then(async () => {
      this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await this.#replies.next();
      if (done === true) throw new Error('the signer ended');
      return JSON.parse(value) as string;
    });
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcess(this.#process, 'SIGKILL');
  }
}
