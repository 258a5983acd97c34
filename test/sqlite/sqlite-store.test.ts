import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import { storeContract } from '../contracts/store-contract';
import { createShiftedClock } from '../support/shifted-clock';

storeContract(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'turnwise-store-'));
  const file = join(folder, 'turnwise.db');
  const clock = createShiftedClock();
  const [store, other] = [createSqliteStore({ file, clock }), createSqliteStore({ file, clock })];
  const direct = <T>(run: (db: DatabaseSync) => T): T => {
    const db = new DatabaseSync(file);
    try {
      return run(db);
    } finally {
      db.close();
    }
  };
  const storedHead = (key: string): Record<string, unknown> =>
    direct((db) => JSON.parse((db.prepare('SELECT head FROM heads WHERE key = ?').get(key) as { head: string }).head));
  return {
    store,
    other,
    pass: clock.pass,
    rewriteHead: async (key, change) => {
      const head = JSON.stringify(change(storedHead(key)));
      direct((db) => db.prepare('UPDATE heads SET head = ? WHERE key = ?').run(head, key));
    },
    storedHead: async (key) => storedHead(key),
    close: async () => {
      await store.close();
      await other.close();
      rmSync(folder, { recursive: true });
    },
  };
});
