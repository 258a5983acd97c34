import type { Lifetimes } from '../ports/lifetimes';
import type { UserStates } from '../ports/store';
import type { InlineRecord } from '../turn/inline';
import type { Timing } from '../turn/timing';
import { fold, judge, NEW_USER, propose, withdraw } from '../turn/user-state';
import type { Partitions } from './partition';
import { INLINE_TTL_MS } from './records';

/** User state by intents, on a storage engine. */
export function userStates(partitions: Partitions, timing: Timing, { usersMs }: Lifetimes): UserStates {
  const lifetime = usersMs === undefined ? {} : { ttlMs: usersMs };
  return {
    read: async (user) => {
      const { version, data, intents } = (await partitions.readUser(user)) ?? NEW_USER;
      return { version, data, intents };
    },
    propose: (user, version, intent) =>
      partitions.transactUser<'proposed' | 'conflict'>(user, (current) => {
        const record = propose(current, version, intent);
        if (record === undefined) return { result: 'conflict' };
        return { result: 'proposed', ...(record === current ? {} : { record, ...lifetime }) };
      }),
    settle: (user, intentId, counts) =>
      partitions.transactUser<void>(user, (current) => {
        // "It is gone" must not come from a view that does not have it yet: the change would be lost.
        if (current === undefined) return { result: undefined, confirm: true };
        const record = counts ? fold(current, intentId) : withdraw(current, intentId);
        return record === current ? { result: undefined, confirm: true } : { result: undefined, record, ...lifetime };
      }),
    judge: (intent, waitedMs) =>
      partitions.transact<'counts' | 'void' | 'open'>(intent.conversation, ({ head, now, get }) => {
        const { inline } = intent;
        const record = inline === undefined ? undefined : (get('inline', inline) as InlineRecord | undefined);
        const judged = judge(head, record, now, intent, waitedMs, timing);
        if (judged.verdict !== 'void') return { result: judged.verdict };
        if (judged.head !== undefined) return { result: 'void', writes: { head: judged.head } };
        if (judged.record !== undefined && inline !== undefined) {
          return {
            result: 'void',
            writes: { put: [{ kind: 'inline', id: inline, value: judged.record, ttlMs: INLINE_TTL_MS }] },
          };
        }
        // "It is not there" must not come from a view that does not have it yet.
        return { result: 'void', ...(head === undefined || inline !== undefined ? { confirm: true } : {}) };
      }),
  };
}
