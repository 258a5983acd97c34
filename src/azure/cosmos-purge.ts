import { purge, type UnpurgedConversation } from '../store/purge';
import { StoreFault } from '../turn/fault';
import { generationOf, headIdIn, IS_UNPURGED, type Item, purgedHeadItem, readHead } from './cosmos-documents';
import type { CosmosRequests } from './cosmos-requests';

/** Deletions at a time. */
const AT_ONCE = 8;

/** Most conversations of which some are chosen. */
const MAX_FOUND = 1_000;

/** Most repetitions of a request that the service was too busy for. */
const MAX_REPEATS = 10;

/**
 * Removal of the items that erasing has left behind. A partition has no bound, and a transaction has, so items go one by one after the
 * marker is written. Works on names of partitions, because a marker no longer says whose it is.
 */
export class CosmosPurge {
  readonly #requests: CosmosRequests;

  constructor(requests: CosmosRequests) {
    this.#requests = requests;
  }

  /** Finishes the erasing of a conversation, if that is to be done. @returns whether it was. @throws StoreFault */
  finish(partition: string): Promise<boolean> {
    return purge(this.#conversationIn(partition));
  }

  /**
   * Finishes the erasing of at most `limit` conversations that was interrupted. One that cannot be finished now does not keep the others.
   * @returns how many it has finished
   */
  async finishAll(limit: number): Promise<number> {
    const found = await this.#requests.query(`SELECT TOP ${MAX_FOUND} c.conversation FROM c WHERE ${IS_UNPURGED}`, {});
    let finished = 0;
    let failure: unknown;
    for (const { conversation } of someOf(found, limit)) {
      try {
        if (await this.finish(String(conversation))) finished += 1;
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return finished;
  }

  #conversationIn(partition: string): UnpurgedConversation {
    const address = { id: headIdIn(partition), partition };
    let marked: Item | undefined;
    return {
      read: async () => {
        const answer = await this.#repeated(() => this.#requests.read(address));
        marked = answer.ok && readHead(answer.value).marks.unpurged ? answer.value : undefined;
        return marked === undefined ? undefined : { gen: generationOf(marked), version: String(marked._etag) };
      },
      removeBefore: (gen) => this.#removeBefore(partition, gen),
      unmark: async (version) => {
        if (marked === undefined) return false;
        const after = purgedHeadItem(marked);
        return (await this.#repeated(() => this.#requests.replace(after, partition, version))).ok;
      },
      pause: (tries) => this.#requests.pause(tries),
    };
  }

  async #removeBefore(partition: string, gen: number): Promise<number> {
    const text = 'SELECT c.id, c.gen, c._etag FROM c WHERE c.conversation = @conversation AND c.id != @head';
    const named = { '@conversation': partition, '@head': headIdIn(partition) };
    let removed = 0;
    for await (const page of this.#requests.pages(text, named, { partition, patient: true })) {
      const old = page.filter((item) => generationOf(item) < gen);
      removed += old.length;
      for (let from = 0; from < old.length; from += AT_ONCE) {
        await Promise.all(old.slice(from, from + AT_ONCE).map((item) => this.#remove(item, partition)));
      }
    }
    return removed;
  }

  /** An item of the same name may have been written since: the condition leaves that one alone. */
  async #remove({ id, _etag }: Item, partition: string): Promise<void> {
    await this.#repeated(() => this.#requests.remove({ id, partition }, _etag));
  }

  /** Repeats a request while the service is busy, after the time that it asks for. */
  async #repeated<T>(request: () => Promise<T>): Promise<T> {
    for (let repeats = 0; ; repeats += 1) {
      try {
        return await request();
      } catch (error) {
        const wait = error instanceof StoreFault ? error.retryAfterMs : undefined;
        if (wait === undefined || repeats === MAX_REPEATS) throw error;
        await this.#requests.sleep(wait);
      }
    }
  }
}

/** Returns at most `limit` of them, at random: those that fail every time leave a place to the others. */
function someOf<T>(items: readonly T[], limit: number): readonly T[] {
  const left = [...items];
  return Array.from({ length: Math.min(limit, left.length) }, () => {
    const [one] = left.splice(Math.floor(Math.random() * left.length), 1);
    return one as T;
  });
}
