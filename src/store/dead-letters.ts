import type { DeadLetter, DeadLetters } from '../ports/store';
import { NEW_HEAD } from '../turn/record';
import { requeueActivity, requeueEffect } from '../turn/requeue';
import type { Timing } from '../turn/timing';
import type { Partitions } from './partition';
import { bodyNames, deadRefs } from './records';

/** Dead letters, on a storage engine. */
export function deadLetters(partitions: Partitions, timing: Timing): DeadLetters {
  return {
    list: async (limit) => (await partitions.dead(limit)) as DeadLetter[],
    get: (key, id) => partitions.read(key, ({ get }) => get('dead', id) as DeadLetter | undefined),
    requeue: (key, id) =>
      partitions.transact<boolean>(key, ({ head, now, get }) => {
        const letter = get('dead', id) as DeadLetter | undefined;
        if (letter === undefined) return { result: false };
        const { dead } = letter;
        const current = head ?? NEW_HEAD;
        const requeued =
          dead.kind === 'activity'
            ? requeueActivity(current, now, dead.activity, timing)
            : requeueEffect(current, now, dead.effect, timing);
        return { result: true, writes: { head: requeued, drop: [{ kind: 'dead', id }] } };
      }),
    discard: (key, id) =>
      partitions.transact<boolean>(key, ({ get }) => {
        const letter = get('dead', id) as DeadLetter | undefined;
        if (letter === undefined) return { result: false };
        return { result: true, writes: { drop: [{ kind: 'dead', id }, ...bodyNames(deadRefs(letter))] } };
      }),
  };
}
