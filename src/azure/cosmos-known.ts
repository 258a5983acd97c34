import type { Head } from '../turn/record';
import type { Item } from './cosmos-documents';
import { readHead } from './cosmos-documents';
import type { LoadedHead } from './cosmos-snapshot';

/** A point in the life of a head that a later read must not be behind: epochs only rise, and so does `rev` within one. */
export interface Floor {
  readonly epoch: number;
  readonly rev: number;
}

export function isBehind({ head, marks }: LoadedHead, floor: Floor): boolean {
  return head.epoch < floor.epoch || (head.epoch === floor.epoch && marks.rev < floor.rev);
}

/**
 * Remembers which item, with which ETag, a head that was handed out came from, so that its holder's next write needs no read. Keeps a
 * copy of its own: what a bot does to an activity must not find its way back into the record.
 */
export class KnownHeads {
  private readonly items = new WeakMap<Head, string>();

  /** @param item as stored, with its ETag */
  remember(head: Head, item: Item): void {
    this.items.set(head, JSON.stringify(item));
  }

  /** A fresh copy of what is known; `undefined` for a head that did not come from here. */
  recall(head: Head | undefined): LoadedHead | undefined {
    const text = head === undefined ? undefined : this.items.get(head);
    return text === undefined ? undefined : readHead(JSON.parse(text) as Item);
  }

  floorOf(head: Head | undefined): Floor | undefined {
    if (head === undefined) return undefined;
    return { epoch: head.epoch, rev: this.recall(head)?.marks.rev ?? 0 };
  }
}
