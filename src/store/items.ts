import type { Items, StoredItem } from '../ports/items';
import type { Collections } from './collections';
import { spread } from './spread';

/** An item as it is stored. */
interface ItemRecord extends StoredItem {
  readonly v: 1;
}

/** Over how many collections items are spread. */
const SPREAD = 1_024;

const collectionOf = (key: string): string => `storage:${spread(key, SPREAD)}`;

/** What bots store themselves, on a storage engine. */
export function items(collections: Collections): Items {
  const read = async (key: string): Promise<readonly [string, StoredItem][]> => {
    const found = (await collections.readItem(collectionOf(key), key)) as ItemRecord | undefined;
    return found === undefined ? [] : [[key, { value: found.value, version: found.version }]];
  };
  return {
    read: async (keys) => new Map((await Promise.all([...new Set(keys)].map(read))).flat()),
    write: (key, { value, version }, ifVersion) =>
      collections.transactItem<'written' | 'conflict'>(collectionOf(key), key, (stored) => {
        const current = stored as ItemRecord | undefined;
        if (current?.version === version) return { result: 'written' };
        if (current !== undefined && ifVersion !== undefined && current.version !== ifVersion) {
          return { result: 'conflict' };
        }
        const record: ItemRecord = { v: 1, value, version };
        return { result: 'written', value: record };
      }),
    delete: (key) =>
      collections.transactItem<void>(collectionOf(key), key, () => ({ result: undefined, remove: true })),
  };
}
