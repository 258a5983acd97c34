import type { Storage, StoreItem, StoreItems } from './storage';
import { StorageConflictError } from './storage-errors';

/** A storage in memory, with the conflicts of a real one. For tests and development: it ends with the process. */
export class MemoryStorage implements Storage {
  private readonly items = new Map<string, string>();
  private version = 0;

  /** @param memory what is there from the start: JSON by key */
  constructor(memory: Readonly<Record<string, string>> = {}) {
    for (const [key, json] of Object.entries(memory)) this.items.set(key, json);
  }

  async read(keys: string[]): Promise<StoreItems> {
    if (!keys) throw new ReferenceError('Keys are required when reading.');
    const found: [string, unknown][] = [];
    for (const key of keys) {
      const json = this.items.get(key);
      if (json !== undefined) found.push([key, JSON.parse(json)]);
    }
    return Object.fromEntries(found);
  }

  /** Writes all of the changes or none. */
  async write(changes: StoreItems): Promise<void> {
    if (!changes) throw new ReferenceError('Changes are required when writing.');
    const entries = Object.entries(changes) as [string, StoreItem][];
    for (const [key, item] of entries) {
      if (this.conflicts(key, item)) throw new StorageConflictError(key);
    }
    for (const [key, item] of entries) {
      this.version += 1;
      this.items.set(key, JSON.stringify({ ...item, eTag: String(this.version) }));
    }
  }

  async delete(keys: string[]): Promise<void> {
    for (const key of keys) this.items.delete(key);
  }

  private conflicts(key: string, { eTag }: StoreItem): boolean {
    const stored = this.items.get(key);
    if (stored === undefined || !eTag || eTag === '*') return false;
    return (JSON.parse(stored) as StoreItem).eTag !== eTag;
  }
}
