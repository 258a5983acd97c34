import { BoundedMap, textBytes } from '../schema/bounded-map';
import type { ConversationKey } from '../turn/keys';
import type { Head } from '../turn/record';
import { type Item, readHead } from './cosmos-documents';
import type { WrittenItem } from './cosmos-requests';
import type { LoadedHead } from './cosmos-snapshot';

/** A point in the life of a head that a later read must not be behind: epochs only rise, and so does `rev` within one. */
export interface Floor {
  readonly epoch: number;
  readonly rev: number;
}

export function isBehind({ head, marks }: LoadedHead, floor: Floor): boolean {
  return head.epoch < floor.epoch || (head.epoch === floor.epoch && marks.rev < floor.rev);
}

/** Most holds whose head is remembered, and most bytes for them: a head may have two megabytes, and what is forgotten is read again. */
const MAX_HOLDS = 1_000;
const MAX_HOLD_BYTES = 32 * 1024 * 1024;

interface Kept extends WrittenItem {
  readonly rev: number;
}

/**
 * Remembers which item, with which ETag, a head that was handed out came from, so that its holder's next write needs no read. Keeps it
 * as text: what a bot does to an activity must not find its way back into the record.
 */
export class KnownHeads {
  private readonly items = new WeakMap<Head, Kept>();
  /** By conversation, the items of those that this process holds, as far as it knows. */
  readonly #holds = new BoundedMap<ConversationKey, Kept>({
    maxEntries: MAX_HOLDS,
    maxBytes: MAX_HOLD_BYTES,
    bytesOf: ({ etag, text }) => textBytes(text) + textBytes(etag),
  });

  /** Bytes of memory that the holds take. */
  get holdBytes(): number {
    return this.#holds.bytes;
  }

  /** @param rev of the head, as `item` has it */
  remember(head: Head, item: WrittenItem, rev: number): void {
    this.items.set(head, { ...item, rev });
  }

  /** A fresh copy of what is known; `undefined` for a head that did not come from here. */
  recall(head: Head | undefined): LoadedHead | undefined {
    const known = head === undefined ? undefined : this.items.get(head);
    return known === undefined ? undefined : loaded(known);
  }

  /** As {@link remember}, for what a holder's own call has seen or left behind. */
  rememberHold(key: ConversationKey, head: Head, item: WrittenItem, rev: number): void {
    const known = { ...item, rev };
    this.items.set(head, known);
    if (head.lease === null) this.#holds.delete(key);
    else this.#holds.set(key, known);
  }

  /** Somebody who does not hold the conversation has written to it. */
  forgetHold(key: ConversationKey): void {
    this.#holds.delete(key);
  }

  /**
   * The head of a conversation that this process holds, without asking: nobody but its holder, and now and then an inline turn, changes
   * state, and the commit finds that out.
   */
  held(key: ConversationKey, now: number): LoadedHead | undefined {
    const known = this.#holds.get(key);
    if (known === undefined) return undefined;
    const found = loaded(known);
    return found.head.lease !== null && found.head.lease.until > now ? found : undefined;
  }

  floorOf(head: Head | undefined): Floor | undefined {
    if (head === undefined) return undefined;
    return { epoch: head.epoch, rev: this.items.get(head)?.rev ?? 0 };
  }
}

function loaded({ text, etag }: Kept): LoadedHead {
  return { ...readHead(JSON.parse(text) as Item), etag, at: 0 };
}
