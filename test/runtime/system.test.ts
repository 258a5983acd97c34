import { expect, test } from '@jest/globals';
import { systemClock } from '../../src/runtime/system';

test('a sleep longer than a timer can be is not over at once', async () => {
  const end = new AbortController();
  let over = false;
  const sleep = systemClock.sleep(Number.POSITIVE_INFINITY, end.signal).then(() => {
    over = true;
  });
  await systemClock.sleep(20);
  expect(over).toBe(false);
  end.abort();
  await sleep;
});
