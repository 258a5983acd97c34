import { expect, test } from '@jest/globals';
import { type Head, NEW_HEAD, RECORD_VERSION } from '../../src/turn/record';
import { isNewer, upgrade } from '../../src/turn/upgrade';

test('a record of this format, and a newer one, is returned as it is', () => {
  expect(upgrade(NEW_HEAD)).toBe(NEW_HEAD);
  const newer: Head = { ...NEW_HEAD, v: RECORD_VERSION + 1 };
  expect(upgrade(newer)).toBe(newer);
  expect([isNewer(NEW_HEAD), isNewer(newer)]).toEqual([false, true]);
});

test('one from before formats were numbered gets what it lacks and keeps what it has', () => {
  const { v, ids, flushed, ...rest } = NEW_HEAD;
  const older = { ...rest, epoch: 7, n: 3, kept: 'as it was' } as unknown as Head;
  expect(upgrade(older)).toEqual({ ...NEW_HEAD, epoch: 7, n: 3, kept: 'as it was' });
  expect(isNewer(older)).toBe(false);
});

test('one from before anything could be scheduled has nothing scheduled', () => {
  const { sched, ...rest } = NEW_HEAD;
  expect(upgrade({ ...rest, v: 1, n: 3 } as unknown as Head)).toEqual({ ...NEW_HEAD, n: 3 });
});
