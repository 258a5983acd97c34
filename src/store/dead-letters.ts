import type { Body, DeadLetter, DeadLetters } from '../ports/store';
import { type Effect, effectPayload, type Head, NEW_HEAD, type PendingActivity } from '../turn/record';
import { requeueActivity, requeueEffect } from '../turn/requeue';
import type { RecordSizes } from '../turn/size';
import type { Timing } from '../turn/timing';
import { fittedEntry } from './mailbox';
import type { Partitions } from './partition';
import { bodyNames, bodyRecords, deadRefs } from './records';

/** Dead letters, on a storage engine. */
export function deadLetters(partitions: Partitions, timing: Timing, sizes: RecordSizes): DeadLetters {
  return {
    list: async (limit) => (await partitions.dead(limit)) as DeadLetter[],
    get: (key, id) => partitions.read(key, ({ get }) => get('dead', id) as DeadLetter | undefined),
    requeue: (key, id) =>
      partitions.transact<Awaited<ReturnType<DeadLetters['requeue']>>>(key, ({ head, now, get }) => {
        const letter = get('dead', id) as DeadLetter | undefined;
        if (letter === undefined) return { result: 'absent' };
        const { dead } = letter;
        const current = head ?? NEW_HEAD;
        const { requeued, bodies } =
          dead.kind === 'activity'
            ? requeuedActivity(current, now, id, dead.activity, timing, sizes)
            : requeuedEffect(current, now, id, dead.effect, timing, sizes);
        if (requeued === 'full') return { result: 'full' };
        const put = bodyRecords(bodies);
        return { result: 'requeued', writes: { head: requeued, put, drop: [{ kind: 'dead', id }] } };
      }),
    discard: (key, id) =>
      partitions.transact<boolean>(key, ({ get }) => {
        const letter = get('dead', id) as DeadLetter | undefined;
        if (letter === undefined) return { result: false };
        return { result: true, writes: { drop: [{ kind: 'dead', id }, ...bodyNames(deadRefs(letter))] } };
      }),
  };
}

interface Requeued {
  readonly requeued: Head | 'full';
  readonly bodies: readonly Body[];
}

/** Two things that died may have one name. Their letters have names of their own, after which the bodies are named. */
const bodyPrefix = (letter: string): string => `${letter}-again`;

function requeuedActivity(
  head: Head,
  now: number,
  letter: string,
  dead: PendingActivity,
  timing: Timing,
  sizes: RecordSizes,
): Requeued {
  const { entry, bodies } = fittedEntry(head, now, dead, sizes, bodyPrefix(letter));
  return { requeued: requeueActivity(head, now, entry, timing, sizes), bodies };
}

/** The letter of an effect may have a large activity in itself, which the record has no room for. */
function requeuedEffect(
  head: Head,
  now: number,
  letter: string,
  dead: Effect,
  timing: Timing,
  sizes: RecordSizes,
): Requeued {
  const payload = effectPayload(dead);
  if (payload === undefined || !('inline' in payload) || payload.bytes <= MAX_INLINE_BYTES) {
    return { requeued: requeueEffect(head, now, dead, timing, sizes), bodies: [] };
  }
  const ref = `${bodyPrefix(letter)}${now.toString(36)}`;
  const apart = { ...dead, activity: { ref, bytes: payload.bytes } } as Effect;
  return {
    requeued: requeueEffect(head, now, apart, timing, sizes),
    bodies: [{ ref, activity: payload.inline }],
  };
}

/** A larger activity of a requeued effect lies beside the record, in bytes. */
const MAX_INLINE_BYTES = 4_096;
