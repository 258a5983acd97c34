import { expect, test } from '@jest/globals';
import { FIRST_CONTENDED_SEED } from './contention';
import { FIRST_CROWDED_SEED } from './crowds';
import { FIRST_ERASING_SEED } from './erasing-seeds';
import { FIRST_POSTING_SEED } from './plan';
import { simulate } from './simulate';
import { FIRST_SIZED_SEED } from './sizes';
import { FIRST_TIMERLESS_SEED } from './timerless';

/** A few thousand runs on every `npm test`; `npm run test:deep` makes a million. */
const RUNS = 3_000;

/** Further runs, in which turns post to conversations, at once and at a time. */
const POSTING_RUNS = 1_000;

/** Further runs, in which no timer runs: other invocations sweep. */
const TIMERLESS_RUNS = 500;

/** Further runs, in which conversations are erased by commands that die half-way. */
const ERASING_RUNS = 500;
/** Further runs, in which the store has limits on size, and deliveries throw. */
const SIZED_RUNS = 500;

/** Further runs, in which many invokes come beside queued turns that fail and are slow. */
const CROWDED_RUNS = 500;

/** Further runs, in which turns want the same state all the time, some in a store that is slow to commit. */
const CONTENDED_RUNS = 300;

test(`the production engine keeps every invariant in ${RUNS} runs`, async () => {
  await run(1, RUNS);
}, 300_000);

test(`and in ${POSTING_RUNS} in which turns post and schedule`, async () => {
  await run(FIRST_POSTING_SEED, POSTING_RUNS);
}, 300_000);

test(`and in ${TIMERLESS_RUNS} without any timer, as long as somebody writes to the bot`, async () => {
  await run(FIRST_TIMERLESS_SEED, TIMERLESS_RUNS);
}, 300_000);

test(`and in ${ERASING_RUNS} in which erasing takes several steps, is interrupted, and days pass`, async () => {
  await run(FIRST_ERASING_SEED, ERASING_RUNS);
}, 300_000);

test(`and in ${CROWDED_RUNS} with many invokes beside queued turns that fail`, async () => {
  await run(FIRST_CROWDED_SEED, CROWDED_RUNS);
}, 300_000);

test(`and in ${CONTENDED_RUNS} in which turns want the same state all the time`, async () => {
  await run(FIRST_CONTENDED_SEED, CONTENDED_RUNS);
}, 300_000);

test(`and in ${SIZED_RUNS} in which records fill up, and deliveries of every kind throw`, async () => {
  await run(FIRST_SIZED_SEED, SIZED_RUNS);
}, 300_000);

async function run(first: number, runs: number): Promise<void> {
  for (let seed = first; seed < first + runs; seed += 1) {
    const { violations, history } = await simulate(seed);
    if (violations.length > 0) {
      throw new Error(
        `Seed ${seed} (npm run sim -- --seed ${seed}):\n${violations.join('\n')}\n\n${history.slice(-200).join('\n')}`,
      );
    }
  }
}

test('the same seed makes the same run', async () => {
  const [first, second] = [await simulate(7), await simulate(7)];
  expect(second.history).toEqual(first.history);
});
