import type { StateData } from '../turn/user-state';

/** An item of a bot's own, as it is stored. */
export interface StoredItem {
  readonly value: StateData;
  /** Differs with every write. */
  readonly version: string;
}

/** What bots store themselves, beside conversations and users, by key. Every method that writes is atomic for its one item, and idempotent. */
export interface Items {
  /** Those that are there. */
  read(keys: readonly string[]): Promise<ReadonlyMap<string, StoredItem>>;
  /**
   * Writes an item. Repeated with the same new version, it finds its own write.
   * @param item `version` is unique to this write. @param ifVersion only while the stored item, if there is one, has this version
   */
  write(key: string, item: StoredItem, ifVersion?: string): Promise<'written' | 'conflict'>;
  delete(key: string): Promise<void>;
}
