import { describe, expect, test } from '@jest/globals';
import { activityKey, conversationKey } from '../../src/turn/keys';
import { type Head, NEW_HEAD } from '../../src/turn/record';
import { type CountingRule, ProgressWatch } from './progress';

const KEY = conversationKey('test', 'c');
const pending = { key: activityKey('a'.repeat(32)), at: 0, body: { ref: 'x', bytes: 1 } };
const HELD: Head = { ...NEW_HEAD, epoch: 1, att: 1, lease: { owner: 'w', until: 1 }, pend: [pending] };

/** Violations of a rule by an attempt that comes on or not, fails, and is handed back with so many attempts counted. */
function judged(
  rule: CountingRule,
  how: { readonly moved: boolean; readonly error: string; readonly att: number },
): number {
  const found: string[] = [];
  const watch = new ProgressWatch(rule, (what) => found.push(what));
  if (how.moved) watch.wrote(KEY, { was: HELD, is: { ...HELD, flushed: 1 }, recordsStep: false });
  const is = how.moved ? { ...HELD, flushed: 1 } : HELD;
  watch.failed(KEY, is, how.error);
  watch.wrote(KEY, { was: is, is: { ...is, lease: null, att: how.att }, recordsStep: false });
  return found.length;
}

describe.each(['all', 'progressIsFree'] as const)('an attempt that throws (%s)', (rule) => {
  test.each([true, false])('is counted, whether it has come on (%s)', (moved) => {
    expect(judged(rule, { moved, error: 'Error', att: 1 })).toBe(0);
    expect(judged(rule, { moved, error: 'Error', att: 0 })).toBe(1);
  });
});

test('an attempt that runs out of time is counted', () => {
  expect(judged('all', { moved: true, error: 'TurnTimedOut', att: 1 })).toBe(0);
  expect(judged('all', { moved: true, error: 'TurnTimedOut', att: 0 })).toBe(1);
});

test('where progress is free, only when it has not come on', () => {
  const error = 'TurnTimedOut';
  expect(judged('progressIsFree', { moved: true, error, att: 0 })).toBe(0);
  expect(judged('progressIsFree', { moved: true, error, att: 1 })).toBe(1);
  expect(judged('progressIsFree', { moved: false, error, att: 1 })).toBe(0);
  expect(judged('progressIsFree', { moved: false, error, att: 0 })).toBe(1);
});
