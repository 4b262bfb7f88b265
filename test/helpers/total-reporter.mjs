/** Prints why suites were skipped and, as the last line, the plain total that a pipeline can read. */
export default class TotalReporter {
  onRunComplete(_contexts, results) {
    const total = (status) =>
      results.testResults.reduce((n, file) => n + file.testResults.filter((t) => t.status === status).length, 0);
    const skipped = total('pending') + total('todo');
    // A file that did not even load has failed as one test.
    const broken = results.testResults.filter(
      (file) => file.testExecError !== undefined && file.testResults.length === 0,
    ).length;
    process.stdout.write(`${total('passed')} passed, ${total('failed') + broken} failed, ${skipped} skipped\n`);
  }
}
