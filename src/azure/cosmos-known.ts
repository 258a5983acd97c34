import type { ConversationKey } from '../turn/keys';
import type { Head } from '../turn/record';
import { type Item, readHead } from './cosmos-documents';
import type { LoadedHead } from './cosmos-snapshot';

/** A point in the life of a head that a later read must not be behind: epochs only rise, and so does `rev` within one. */
export interface Floor {
  readonly epoch: number;
  readonly rev: number;
}

export function isBehind({ head, marks }: LoadedHead, floor: Floor): boolean {
  return head.epoch < floor.epoch || (head.epoch === floor.epoch && marks.rev < floor.rev);
}

const MOST_HOLDS = 1_000;

/**
 * Remembers which item, with which ETag, a head that was handed out came from, so that its holder's next write needs no read. Keeps a
 * copy of its own: what a bot does to an activity must not find its way back into the record.
 */
export class KnownHeads {
  private readonly items = new WeakMap<Head, string>();
  /** By conversation, the items of those that this process holds, as far as it knows; the longest unused first. */
  private readonly holds = new Map<ConversationKey, string>();

  /** @param item as stored, with its ETag */
  remember(head: Head, item: Item): void {
    this.items.set(head, JSON.stringify(item));
  }

  /** A fresh copy of what is known; `undefined` for a head that did not come from here. */
  recall(head: Head | undefined): LoadedHead | undefined {
    const text = head === undefined ? undefined : this.items.get(head);
    return text === undefined ? undefined : readHead(JSON.parse(text) as Item);
  }

  /** As {@link remember}, for what a holder's own call has seen or left behind. */
  rememberHold(key: ConversationKey, head: Head, item: Item): void {
    this.remember(head, item);
    this.holds.delete(key);
    if (head.lease === null) return;
    this.holds.set(key, JSON.stringify(item));
    const [oldest] = this.holds.keys();
    if (this.holds.size > MOST_HOLDS && oldest !== undefined) this.holds.delete(oldest);
  }

  /** Somebody who does not hold the conversation has written to it. */
  forgetHold(key: ConversationKey): void {
    this.holds.delete(key);
  }

  /**
   * The head of a conversation that this process holds, without asking: nobody but its holder, and now and then an inline turn, changes
   * state, and the commit finds that out.
   */
  held(key: ConversationKey, now: number): LoadedHead | undefined {
    const text = this.holds.get(key);
    if (text === undefined) return undefined;
    const loaded = readHead(JSON.parse(text) as Item);
    return loaded.head.lease !== null && loaded.head.lease.until > now ? loaded : undefined;
  }

  floorOf(head: Head | undefined): Floor | undefined {
    if (head === undefined) return undefined;
    return { epoch: head.epoch, rev: this.recall(head)?.marks.rev ?? 0 };
  }
}
