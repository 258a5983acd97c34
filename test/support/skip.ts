import { describe } from '@jest/globals';

/**
 * Returns `describe`, or a `describe` that skips its tests and names the reason. The reporter prints the reason at the end of a run, and
 * fails a run in which a test was skipped without one (`summary-reporter.cjs`).
 *
 * @param reason why the tests cannot run here; `undefined` where they can
 * @example describeUnless(browserMissing)('the chat page', () => { … })
 */
export function describeUnless(reason: string | undefined): (name: string, tests: () => void) => void {
  if (reason === undefined) return describe;
  return (name, tests) => describe.skip(`${name} [skipped: ${reason}]`, tests);
}
