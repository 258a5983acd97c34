import { expect, test } from '@jest/globals';
import { simulate } from './simulate';

/** A few thousand runs on every `npm test`; `npm run test:deep` makes a million. */
const RUNS = 3_000;

test(`the production engine keeps every invariant in ${RUNS} runs`, async () => {
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const { violations, history } = await simulate(seed);
    if (violations.length > 0) {
      throw new Error(
        `Seed ${seed} (npm run sim -- --seed ${seed}):\n${violations.join('\n')}\n\n${history.slice(-200).join('\n')}`,
      );
    }
  }
}, 300_000);

test('the same seed makes the same run', async () => {
  const [first, second] = [await simulate(7), await simulate(7)];
  expect(second.history).toEqual(first.history);
});
