import { writeSync } from 'node:fs';

/** Prints, as the very last line, the plain total that a pipeline can read. */
export default class TotalReporter {
  onRunComplete(_contexts, results) {
    const files = results.testResults;
    const total = (...statuses) =>
      files.flatMap((file) => file.testResults).filter((test) => statuses.includes(test.status)).length;
    // A file that did not even load has failed as one test.
    const broken = files.filter((file) => file.testExecError && file.testResults.length === 0).length;
    const line = `${total('passed')} passed, ${total('failed') + broken} failed, ${total('pending', 'todo', 'skipped')} skipped\n`;
    // The other reporters still write after this call.
    process.once('exit', () => writeSync(1, line));
  }
}
