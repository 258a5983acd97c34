import type { Clock } from '../ports/clock';
import type { Collections } from '../store/collections';

interface Kept {
  /** JSON text, so that nothing is shared with the caller. */
  readonly value: string;
  readonly expiresAt: number;
}

/** Collections in this process's memory. */
export function memoryCollections(clock: Clock): Collections {
  const collections = new Map<string, Map<string, Kept>>();
  const of = (name: string): Map<string, Kept> => {
    const collection = collections.get(name) ?? new Map<string, Kept>();
    collections.set(name, collection);
    return collection;
  };
  const readKept = (kept: Kept | undefined): unknown =>
    kept === undefined || kept.expiresAt <= clock.now() ? undefined : JSON.parse(kept.value);

  return {
    async transactItem(collection, id, decide) {
      const items = of(collection);
      const { result, value, remove, expiresAt } = decide(readKept(items.get(id)), clock.now());
      if (remove) items.delete(id);
      else if (value !== undefined) {
        items.set(id, { value: JSON.stringify(value), expiresAt: expiresAt ?? Number.POSITIVE_INFINITY });
      }
      return result;
    },
    async readItem(collection, id) {
      return readKept(of(collection).get(id));
    },
    async pageItems(collection, from = '', limit) {
      const later = [...of(collection)].filter(([id]) => id > from).sort(([a], [b]) => (a < b ? -1 : 1));
      const page = later.slice(0, limit);
      const values = page.map(([, kept]) => readKept(kept)).filter((value) => value !== undefined);
      const last = page.at(-1);
      return last !== undefined && later.length > limit ? { values, next: last[0] } : { values };
    },
  };
}
