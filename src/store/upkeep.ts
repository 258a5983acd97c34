import type { Lifetimes } from '../ports/lifetimes';
import type { DeadLetters, Upkeep } from '../ports/store';
import { eraseConversation, isMarker } from '../turn/erase';
import type { ConversationKey } from '../turn/keys';
import type { Timing } from '../turn/timing';
import type { Partitions } from './partition';

/** The end of what has had its time, on a storage engine. */
export function upkeep(
  partitions: Partitions,
  letters: Pick<DeadLetters, 'discard'>,
  timing: Timing,
  { deadLettersMs, conversationsMs }: Lifetimes,
): Upkeep {
  return {
    async prune(limit) {
      await partitions.prune();
      return {
        deadLetters: deadLettersMs === undefined ? 0 : await endLetters(partitions, letters, deadLettersMs, limit),
        conversations: conversationsMs === undefined ? 0 : await endIdle(partitions, timing, conversationsMs, limit),
      };
    },
  };
}

async function endLetters(
  partitions: Partitions,
  letters: Pick<DeadLetters, 'discard'>,
  ageMs: number,
  limit: number,
): Promise<number> {
  let ended = 0;
  for (const { conversation, id } of await partitions.deadFor(ageMs, limit)) {
    if (await letters.discard(conversation, id)) ended += 1;
  }
  return ended;
}

async function endIdle(partitions: Partitions, timing: Timing, idleMs: number, limit: number): Promise<number> {
  let ended = 0;
  for (const key of await partitions.idleFor(idleMs, limit)) {
    if (await endIfIdle(partitions, timing, key, idleMs)) ended += 1;
  }
  return ended;
}

/** The list may be stale: what counts is that nothing has happened when it is erased. */
function endIfIdle(partitions: Partitions, timing: Timing, key: ConversationKey, idleMs: number): Promise<boolean> {
  return partitions.transact<boolean>(key, ({ head, headAt, now }) => {
    const idle = head !== undefined && headAt !== undefined && headAt <= now - idleMs;
    if (!idle || head.wake !== null || isMarker(head)) return { result: false };
    return { result: true, writes: { head: eraseConversation(head, now, timing) } };
  });
}
