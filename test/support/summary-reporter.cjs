/**
 * Closes a run with the plain line that continuous integration reads: `N passed, N failed`, and `, N skipped` if tests were. Before it
 * stands the reason of every skipped test. A test that is skipped without a reason fails the run: `describeUnless` of `skip.ts` gives one.
 * Printed as the process ends, because the test runner has its own summary last otherwise.
 */
module.exports = class SummaryReporter {
  #globalConfig;
  #unexplained = 0;

  constructor(globalConfig) {
    this.#globalConfig = globalConfig;
  }

  onRunComplete(_contexts, results) {
    // With a name on the command line, the tests that are not named count as skipped.
    const named = Boolean(this.#globalConfig?.testNamePattern);
    const reasons = named ? new Map() : reasonsOf(results.testResults);
    this.#unexplained = reasons.get(undefined) ?? 0;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites + this.#unexplained;
    const skipped = results.numPendingTests + (results.numTodoTests ?? 0) - this.#unexplained;
    const lines = [...reasons].map(([reason, count]) => `skipped ${count}: ${reason ?? 'NO REASON GIVEN'}`);
    lines.push(`${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
    process.once('exit', () => process.stdout.write(`\n${lines.join('\n')}\n`));
  }

  getLastError() {
    if (this.#unexplained > 0) return new Error(`${this.#unexplained} tests were skipped without a reason.`);
  }
};

/** Counts the skipped tests by their reasons. Those without one are counted under `undefined`. */
function reasonsOf(files) {
  const reasons = new Map();
  for (const { testResults, skipped, numPendingTests } of files) {
    const found = testResults.filter(({ status }) => status === 'pending' || status === 'todo');
    for (const { ancestorTitles } of found) {
      const reason = /\[skipped: (.+)\]$/.exec(ancestorTitles.find((title) => title.includes('[skipped: ')) ?? '')?.[1];
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    // A file without a single result was skipped as a whole.
    if (skipped && found.length === 0)
      reasons.set(undefined, (reasons.get(undefined) ?? 0) + Math.max(1, numPendingTests));
  }
  return reasons;
}
