import { expect, test } from '@jest/globals';
import { once } from '../../src/schema/once';

test('runs once for all who ask, and gives each the result', async () => {
  let runs = 0;
  const run = once(async () => {
    runs += 1;
    return runs;
  });
  expect(await Promise.all([run(), run()])).toEqual([1, 1]);
  expect(await run()).toBe(1);
});

test('does not remember a failure', async () => {
  let runs = 0;
  const run = once(async () => {
    runs += 1;
    if (runs === 1) throw new Error('not yet');
    return runs;
  });
  const both = await Promise.allSettled([run(), run()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await run()).toBe(2);
  expect(await run()).toBe(2);
});
