import type { Untyped } from '../schema/json';
/** Something that is stored. Its `eTag` says which version it is. */
export interface StoreItem {
  [property: string]: Untyped;
  /**
   * Of the version that was read. A write with it succeeds only while that version is the current one. `*`, or none, overwrites, as in the Bot
   * Framework: what was read and is written back has one, so nobody overwrites by accident. Nothing here ever writes `*` by itself.
   */
  eTag?: string;
}

/** Items by key. */
export interface StoreItems {
  [key: string]: Untyped;
}

/**
 * A place for items by key, as the Bot Framework SDK has it: for what is no conversation or user state, which Turnwise stores with the
 * turn.
 *
 * An implementation must refuse a write of an item whose `eTag` is not that of the stored one, atomically with the write, with an error
 * whose message contains `eTag conflict`. An item that is not there (any more) is created, whatever its `eTag`: with one that no item
 * has, a write creates and never overwrites.
 */
export interface Storage {
  /** Those of the items that are there. */
  read(keys: string[]): Promise<StoreItems>;
  write(changes: StoreItems): Promise<void>;
  delete(keys: string[]): Promise<void>;
}

/** Whether `error` says that somebody else has written the item meanwhile: those of Turnwise, Cosmos DB and Blob Storage do. */
export function isStorageConflict(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { message, code, statusCode } = error as { message?: unknown; code?: unknown; statusCode?: unknown };
  if (code === 412 || statusCode === 412) return true;
  return typeof message === 'string' && /etag conflict|precondition is not met/i.test(message);
}
