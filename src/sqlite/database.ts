import { DatabaseSync, type StatementSync } from 'node:sqlite';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS heads (
    key TEXT PRIMARY KEY,
    wake INTEGER,
    head TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS heads_by_wake ON heads (wake) WHERE wake IS NOT NULL;
  CREATE TABLE IF NOT EXISTS records (
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    dead_since INTEGER,
    value TEXT NOT NULL,
    PRIMARY KEY (key, kind, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS records_by_death ON records (dead_since) WHERE dead_since IS NOT NULL;
  CREATE TABLE IF NOT EXISTS users (
    user TEXT PRIMARY KEY,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS items (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    until INTEGER,
    value TEXT NOT NULL,
    PRIMARY KEY (collection, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS items_by_end ON items (until) WHERE until IS NOT NULL;
`;

/** Raised when the tables change shape; a file of a newer version is refused. */
const SCHEMA_VERSION = 2;

type Key = string;

/** A statement with the types of its parameters and of its rows. */
interface Statement<Parameters extends readonly (string | number | null)[], Row> {
  get(...parameters: Parameters): Row | undefined;
  all(...parameters: Parameters): Row[];
  run(...parameters: Parameters): unknown;
}

export interface ItemRow {
  readonly id: string;
  readonly until: number | null;
  readonly value: string;
}

/** The open file with every statement that the store uses, prepared once. */
export interface Database {
  begin(): void;
  commit(): void;
  rollback(): void;
  close(): void;
  readonly getHead: Statement<[Key], { head: string }>;
  readonly putHead: Statement<[Key, wake: number | null, head: string], never>;
  readonly getRecord: Statement<[Key, kind: string, id: string], { value: string }>;
  readonly scanRecords: Statement<[Key, kind: string, from: string, to: string], { id: string; value: string }>;
  readonly putRecord: Statement<[Key, kind: string, id: string, deadSince: number | null, value: string], never>;
  readonly dropRecord: Statement<[Key, kind: string, id: string], never>;
  readonly getUser: Statement<[Key], { record: string }>;
  readonly putUser: Statement<[Key, record: string], never>;
  readonly getItem: Statement<[collection: string, id: string, now: number], { value: string }>;
  readonly putItem: Statement<[collection: string, id: string, until: number | null, value: string], never>;
  readonly dropItem: Statement<[collection: string, id: string], never>;
  readonly dropExpired: Statement<[now: number], never>;
  readonly pageItems: Statement<[collection: string, from: string, limit: number], ItemRow>;
  readonly overdue: Statement<[now: number, limit: number], { key: string }>;
  readonly busy: Statement<[limit: number], { key: string; head: string }>;
  readonly dead: Statement<[limit: number], { value: string }>;
}

/** Opens (and if need be creates) the database file. @throws Error when it cannot be, or is of a newer version. */
export function openDatabase(file: string): Database {
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    prepareFile(db);
  } catch (error) {
    db.close();
    throw error;
  }
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  return {
    begin: () => void begin.run(),
    commit: () => void commit.run(),
    rollback: () => {
      if (db.isTransaction) db.exec('ROLLBACK');
    },
    close: () => db.close(),
    getHead: statement(db, 'SELECT head FROM heads WHERE key = ?'),
    putHead: statement(
      db,
      'INSERT INTO heads (key, wake, head) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET wake = excluded.wake, head = excluded.head',
    ),
    getRecord: statement(db, 'SELECT value FROM records WHERE key = ? AND kind = ? AND id = ?'),
    scanRecords: statement(db, 'SELECT id, value FROM records WHERE key = ? AND kind = ? AND id >= ? AND id < ?'),
    putRecord: statement(
      db,
      'INSERT OR REPLACE INTO records (key, kind, id, dead_since, value) VALUES (?, ?, ?, ?, ?)',
    ),
    dropRecord: statement(db, 'DELETE FROM records WHERE key = ? AND kind = ? AND id = ?'),
    getUser: statement(db, 'SELECT record FROM users WHERE user = ?'),
    putUser: statement(
      db,
      'INSERT INTO users (user, record) VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
    ),
    getItem: statement(db, 'SELECT value FROM items WHERE collection = ? AND id = ? AND coalesce(until > ?, TRUE)'),
    putItem: statement(db, 'INSERT OR REPLACE INTO items (collection, id, until, value) VALUES (?, ?, ?, ?)'),
    dropItem: statement(db, 'DELETE FROM items WHERE collection = ? AND id = ?'),
    dropExpired: statement(db, 'DELETE FROM items WHERE until <= ?'),
    pageItems: statement(db, 'SELECT id, until, value FROM items WHERE collection = ? AND id > ? ORDER BY id LIMIT ?'),
    overdue: statement(db, 'SELECT key FROM heads WHERE wake <= ? ORDER BY wake LIMIT ?'),
    busy: statement(db, 'SELECT key, head FROM heads WHERE wake IS NOT NULL ORDER BY wake LIMIT ?'),
    dead: statement(db, 'SELECT value FROM records WHERE dead_since IS NOT NULL ORDER BY dead_since DESC LIMIT ?'),
  };
}

function prepareFile(db: DatabaseSync): void {
  // Opening is the one moment when waiting for another process in place is right: nothing else runs yet.
  db.exec('PRAGMA busy_timeout = 5000');
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > SCHEMA_VERSION) throw new Error(`it was written by a newer version of Turnwise (format ${version})`);
  if (version < SCHEMA_VERSION) {
    db.exec('BEGIN IMMEDIATE');
    db.exec(SCHEMA);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    db.exec('COMMIT');
  }
  db.exec('PRAGMA busy_timeout = 0');
}

function statement<P extends readonly (string | number | null)[], R>(db: DatabaseSync, sql: string): Statement<P, R> {
  const prepared: StatementSync = db.prepare(sql);
  return {
    get: (...parameters) => prepared.get(...parameters) as R | undefined,
    all: (...parameters) => prepared.all(...parameters) as R[],
    run: (...parameters) => prepared.run(...parameters),
  };
}
