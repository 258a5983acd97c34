import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import { MARKER_MS } from '../../src/turn/erase';
import { storeContract } from '../contracts/store-contract';
import { lifetimeOf } from '../contracts/store-under-test';
import { createShiftedClock } from '../support/shifted-clock';

const TABLES = ['heads', 'records', 'users', 'marks'];

const contentOf = (db: DatabaseSync, table: string): string =>
  JSON.stringify(db.prepare(`SELECT * FROM ${table}`).all());

storeContract(async (lifetimes = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'turnwise-store-'));
  const file = join(folder, 'turnwise.db');
  const clock = createShiftedClock();
  const [store, other] = [createSqliteStore({ file, clock, lifetimes }), createSqliteStore({ file, clock, lifetimes })];
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
    holds: async (text) => direct((db) => TABLES.some((table) => contentOf(db, table).includes(text))),
    forgetsMarker: async () => {
      clock.pass(MARKER_MS + 1);
      await store.upkeep.prune(100);
      return direct((db) => contentOf(db, 'marks') === '[]' && contentOf(db, 'heads') === '[]');
    },
    lifetimeOfUser: (user) => lifetimeOf(store, user, clock),
    isDurable: true,
    close: async () => {
      await store.close();
      await other.close();
      rmSync(folder, { recursive: true });
    },
  };
});
