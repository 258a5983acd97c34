/** Some of a collection's values. `next` asks for those after them; absent when there are none. A page may be short before the last. */
export interface CollectionPage {
  readonly values: readonly unknown[];
  readonly next?: string;
}

/** What a transaction on one item comes to. Without `value` and `remove` nothing is written. */
export interface ItemDecision<T> {
  readonly result: T;
  /** A JSON value. */
  readonly value?: unknown;
  readonly remove?: true;
  /** The store's time (ms since the epoch) from which on a value that is written is as if it were not there; absent: never. */
  readonly expiresAt?: number;
}

/**
 * The engine's side of what lies beside conversations and user state: named values in collections, with transactions on one value. A
 * collection is one partition: whoever expects millions of values spreads them over several.
 *
 * @throws StoreFault from every method, when the engine did not answer with a result.
 */
export interface Collections {
  /** `decide` may be called several times; the last call is the one that counts. What it decides without writing may be stale. */
  transactItem<T>(collection: string, id: string, decide: (value: unknown, now: number) => ItemDecision<T>): Promise<T>;
  /** `undefined` when there is none. May be stale. */
  readItem(collection: string, id: string): Promise<unknown>;
  /** At most `limit` values in an order of the engine's that does not change. @param from the `next` of the page before. May be stale. */
  pageItems(collection: string, from: string | undefined, limit: number): Promise<CollectionPage>;
}
