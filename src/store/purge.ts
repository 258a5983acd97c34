import { isOfGeneration } from '../turn/erase';
import { StoreFault } from '../turn/fault';

/**
 * Conversation of an engine that cannot erase in one step. Its record has a mark from the write that erases it until nothing of an earlier
 * generation is stored any more. The mark is what a sweep finds, and what keeps the marker from ending.
 */
export interface UnpurgedConversation {
  /** Reads the record; `undefined` when it has no mark (any more). `version` changes with every write of the record. */
  read(): Promise<{ readonly gen: number; readonly version: string } | undefined>;
  /**
   * Removes records of generations before `gen` that it finds. Must not remove one that was written anew meanwhile.
   * @returns how many it found; 0 only when none is left
   */
  removeBefore(gen: number): Promise<number>;
  /** Takes the mark off and lets a marker end, if the record is still at `version`. @returns whether it was */
  unmark(version: string): Promise<boolean>;
  /** Lets a moment pass that grows with the number of tries. */
  pause(tries: number): Promise<void>;
}

/** Most tries of the whole: each that fails means that another writer changed the record. */
const MAX_TRIES = 25;

/** Most times that the records are looked through in one try. */
const MAX_ROUNDS = 25;

/**
 * Removes what erasing has left of earlier generations, and only then lets the marker end. May be repeated, and run at several places at once.
 *
 * @returns whether there was a mark
 * @throws StoreFault when it did not get to the end; the mark stays
 */
export async function purge(conversation: UnpurgedConversation): Promise<boolean> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    if (tries > 0) await conversation.pause(tries);
    const marked = await conversation.read();
    if (marked === undefined) return tries > 0;
    await removeAll(conversation, marked.gen);
    // A message may have come, or the conversation been erased once more: then it is looked at anew.
    if (await conversation.unmark(marked.version)) return true;
  }
  throw new StoreFault('no', 'The record kept moving.');
}

async function removeAll(conversation: UnpurgedConversation, gen: number): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    if ((await conversation.removeBefore(gen)) === 0) return;
  }
  throw new StoreFault('no', 'There is always more to erase.');
}

/** Record that was found without a look at the conversation's own. */
export interface FoundRecord {
  readonly partition: string;
  readonly gen: number;
}

/** Generations that are read at a time. */
const AT_ONCE = 8;

/**
 * Leaves out what belongs to an erased generation: it may lie there until the purge has come to it.
 *
 * @param known generations that were read before; those that are read now are added
 */
export async function withoutErased<T extends FoundRecord>(
  found: readonly T[],
  currentGeneration: (partition: string) => Promise<number>,
  known: Map<string, number> = new Map(),
): Promise<readonly T[]> {
  const partitions = [...new Set(found.map(({ partition }) => partition))].filter((each) => !known.has(each));
  for (let from = 0; from < partitions.length; from += AT_ONCE) {
    const next = partitions.slice(from, from + AT_ONCE);
    await Promise.all(next.map(async (each) => known.set(each, await currentGeneration(each))));
  }
  return found.filter(({ partition, gen }) => isOfGeneration(gen, known.get(partition) ?? 0));
}
