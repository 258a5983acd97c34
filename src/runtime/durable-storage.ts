import { jsonCopy } from '../bot/canonical-json';
import type { Storage, StoreItem, StoreItems } from '../bot/storage';
import { StorageConflictError, StorageIncompleteError } from '../bot/storage-errors';
import type { Clock } from '../ports/clock';
import type { Ids } from '../ports/ids';
import type { Items } from '../ports/items';
import { TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import type { StateData } from '../turn/user-state';
import { persist } from './persist';

/** What a storage is made of. */
export interface StorageParts {
  readonly items: Items;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Makes sure that the store can be used. */
  readonly ready: () => Promise<void>;
}

/** How long a store that is busy, throttled or away is asked again, for each item. In ms. */
const PATIENCE_MS = 10_000;

interface Change {
  readonly key: string;
  readonly value: StateData;
  /** Only while the stored item has this version; absent: whatever is there. */
  readonly ifVersion?: string;
}

/** A bot's `Storage` on a durable store. */
export class DurableStorage implements Storage {
  constructor(private readonly parts: StorageParts) {}

  /** @throws StoreFault when the store does not answer */
  async read(keys: string[]): Promise<StoreItems> {
    if (!keys) throw new ReferenceError('Keys are required when reading.');
    const found = await this.patiently(() => this.parts.items.read(keys));
    return Object.fromEntries([...found].map(([key, { value, version }]) => [key, { ...value, eTag: version }]));
  }

  /**
   * Writes the items one by one, each atomically. Conflicts that are there already are found before anything is written.
   * @throws StorageConflictError; StorageIncompleteError; for a single item: StoreFault, and `RecordTooLarge`
   */
  async write(changes: StoreItems): Promise<void> {
    if (!changes) throw new ReferenceError('Changes are required when writing.');
    const list = Object.entries(changes).map(([key, item]) => changeOf(key, item as StoreItem));
    if (list.length > 1) await this.refuseKnownConflicts(list);
    await this.oneByOne(list, async ({ key, value, ifVersion }, written) => {
      const item = { value, version: this.parts.ids.next() };
      const outcome = await this.patiently(() => this.parts.items.write(key, item, ifVersion));
      if (outcome === 'conflict') throw new StorageConflictError(key, written);
    });
  }

  /** @throws StorageIncompleteError; for a single item: StoreFault */
  async delete(keys: string[]): Promise<void> {
    const list = keys.map((key) => ({ key }));
    await this.oneByOne(list, ({ key }) => this.patiently(() => this.parts.items.delete(key)));
  }

  private async patiently<T>(call: () => Promise<T>): Promise<T> {
    await this.parts.ready();
    return persist(this.parts.clock, call, { limitMs: PATIENCE_MS });
  }

  private async refuseKnownConflicts(list: readonly Change[]): Promise<void> {
    const guarded = list.filter(({ ifVersion }) => ifVersion !== undefined);
    const stored = await this.patiently(() => this.parts.items.read(guarded.map(({ key }) => key)));
    for (const { key, ifVersion } of guarded) {
      const version = stored.get(key)?.version;
      if (version !== undefined && version !== ifVersion) throw new StorageConflictError(key);
    }
  }

  /** In order, and with the first failure it is over: that of one among several says how far it went. */
  private async oneByOne<T extends { readonly key: string }>(
    list: readonly T[],
    one: (each: T, written: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const written: string[] = [];
    for (const each of list) {
      try {
        await one(each, [...written]);
      } catch (error) {
        if (list.length === 1 || error instanceof StorageConflictError) throw error;
        const applied = error instanceof StoreFault ? error.applied : 'no';
        throw new StorageIncompleteError(each.key, written, applied, { cause: error });
      }
      written.push(each.key);
    }
  }
}

/** As in the Bot Framework, an item without `eTag`, or with an empty one, is written whatever is there. */
function changeOf(key: string, item: StoreItem): Change {
  const { eTag, ...properties } = item;
  try {
    const value = jsonCopy(properties) as StateData;
    return !eTag || eTag === '*' ? { key, value } : { key, value, ifVersion: eTag };
  } catch (cause) {
    throw new TurnwiseError('ItemNotJson', `The key is "${key}".`, { cause });
  }
}
