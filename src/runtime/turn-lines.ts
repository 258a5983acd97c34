import type { Clock } from '../ports/clock';
import type { ConversationKey } from '../turn/keys';
import { linkedSignal, OVER } from './linked-signal';

/** Gives a place in a line back. Calling it again changes nothing. */
export type Leave = () => void;

interface Entry {
  admit(): void;
}

/**
 * Lines in which runs of one process wait for each other, one line per conversation, first come, first served. A line saves work that would
 * only conflict. Correctness does not rest on it: the writes of the store decide, and a caller that has waited long enough goes on without it.
 */
export class TurnLines {
  readonly #lines = new Map<ConversationKey, Entry[]>();

  /** Returns whether a run of this process is in the line of a conversation. */
  isUsed(key: ConversationKey): boolean {
    return this.#lines.has(key);
  }

  /**
   * Waits until everyone ahead has left.
   *
   * @param enough ends the wait
   * @returns the way out of the line; `undefined` when `enough` aborted first, and the caller has no place any more
   */
  enter(key: ConversationKey, enough: AbortSignal): Promise<Leave | undefined> {
    const line = this.#lines.get(key) ?? [];
    this.#lines.set(key, line);
    return new Promise((resolve) => {
      const entry: Entry = { admit: () => resolve(() => this.#remove(key, entry)) };
      line.push(entry);
      if (line[0] === entry) return entry.admit();
      const giveUp = (): void => {
        // Someone who has been admitted stays so: the promise is settled, and the caller leaves by itself.
        if (this.#lines.get(key)?.[0] === entry) return;
        this.#remove(key, entry);
        resolve(undefined);
      };
      if (enough.aborted) return giveUp();
      enough.addEventListener('abort', giveUp, { once: true });
    });
  }

  /**
   * As {@link enter}, for at most `ms`.
   *
   * @param others end the wait as well
   */
  async enterWithin(
    clock: Clock,
    key: ConversationKey,
    ms: number,
    ...others: readonly AbortSignal[]
  ): Promise<Leave | undefined> {
    const enough = linkedSignal(...others);
    const done = new AbortController();
    void clock.sleep(Math.max(0, ms), done.signal).then(() => enough.abort(OVER));
    const leave = await this.enter(key, enough.signal);
    done.abort(OVER);
    return leave;
  }

  #remove(key: ConversationKey, entry: Entry): void {
    const line = this.#lines.get(key);
    const index = line?.indexOf(entry) ?? -1;
    if (line === undefined || index < 0) return;
    line.splice(index, 1);
    if (line.length === 0) this.#lines.delete(key);
    else if (index === 0) line[0]?.admit();
  }
}
