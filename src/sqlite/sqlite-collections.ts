import type { Clock } from '../ports/clock';
import type { Collections } from '../store/collections';
import type { Database } from './database';

type Run = <T>(run: (db: Database) => T) => Promise<T>;

/** Collections in the database file. What has expired is removed by the next write. */
export function sqliteCollections(transaction: Run, reading: Run, clock: Clock): Collections {
  const readKept = (db: Database, collection: string, id: string): unknown => {
    const row = db.getItem.get(collection, id, clock.now());
    return row === undefined ? undefined : JSON.parse(row.value);
  };
  return {
    transactItem: (collection, id, decide) =>
      transaction((db) => {
        const now = clock.now();
        const { result, value, remove, expiresAt } = decide(readKept(db, collection, id), now);
        if (remove) db.dropItem.run(collection, id);
        else if (value !== undefined) {
          db.dropExpired.run(now);
          db.putItem.run(collection, id, expiresAt ?? null, JSON.stringify(value));
        }
        return result;
      }),
    readItem: (collection, id) => reading((db) => readKept(db, collection, id)),
    pageItems: (collection, from = '', limit) =>
      reading((db) => {
        const now = clock.now();
        const rows = db.pageItems.all(collection, from, limit);
        const values = rows.filter(({ until }) => until === null || until > now).map(({ value }) => JSON.parse(value));
        const last = rows.at(-1);
        return last !== undefined && rows.length === limit ? { values, next: last.id } : { values };
      }),
  };
}
