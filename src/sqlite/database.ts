import { closeSync, existsSync, openSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** What brings a file from each format to the next; the first makes it. */
const MIGRATIONS = [
  `
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
  `,
  `
  CREATE TABLE items (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    until INTEGER,
    value TEXT NOT NULL,
    PRIMARY KEY (collection, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX items_by_end ON items (until) WHERE until IS NOT NULL;
  `,
  // What erasing leaves behind, under hashes of the keys; when conversations and users were last written; what may go, and when.
  `
  CREATE TABLE marks (
    hash TEXT PRIMARY KEY,
    expires INTEGER NOT NULL,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX marks_by_end ON marks (expires);
  ALTER TABLE heads ADD COLUMN written INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX heads_by_age ON heads (written);
  ALTER TABLE records ADD COLUMN expires INTEGER;
  CREATE INDEX records_by_end ON records (expires) WHERE expires IS NOT NULL;
  ALTER TABLE users ADD COLUMN expires INTEGER;
  CREATE INDEX users_by_end ON users (expires) WHERE expires IS NOT NULL;
  `,
] as const;

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
  /** Ends the transaction, unless the engine has done so already. */
  rollback(): void;
  /** From here on, what is done in the transaction can be taken back alone. */
  savepoint(): void;
  /** What was done since the savepoint is a part of the transaction like the rest. */
  release(): void;
  /** Takes back what was done since the savepoint. @throws Error when the engine has ended the transaction */
  undo(): void;
  close(): void;
  readonly getHead: Statement<[Key], { head: string; written: number }>;
  readonly putHead: Statement<[Key, wake: number | null, written: number, head: string], never>;
  readonly dropHead: Statement<[Key], never>;
  readonly getRecord: Statement<[Key, kind: string, id: string], { value: string }>;
  readonly scanRecords: Statement<[Key, kind: string, from: string, to: string], { id: string; value: string }>;
  readonly putRecord: Statement<
    [Key, kind: string, id: string, deadSince: number | null, expires: number | null, value: string],
    never
  >;
  readonly dropRecord: Statement<[Key, kind: string, id: string], never>;
  readonly dropRecords: Statement<[Key], never>;
  readonly getMark: Statement<[hash: string], { value: string }>;
  readonly putMark: Statement<[hash: string, expires: number, value: string], never>;
  readonly dropMark: Statement<[hash: string], never>;
  readonly getUser: Statement<[Key], { record: string }>;
  readonly putUser: Statement<[Key, expires: number | null, record: string], never>;
  readonly dropUser: Statement<[Key], never>;
  readonly conversationsOf: Statement<
    [channel: string, channel: string, quotedId: string, quotedId: string, stateId: string],
    { key: string }
  >;
  readonly getItem: Statement<[collection: string, id: string, now: number], { value: string }>;
  readonly putItem: Statement<[collection: string, id: string, until: number | null, value: string], never>;
  readonly dropItem: Statement<[collection: string, id: string], never>;
  readonly dropExpired: Statement<[now: number], never>;
  readonly pageItems: Statement<[collection: string, from: string, limit: number], ItemRow>;
  readonly overdue: Statement<[now: number, limit: number], { key: string }>;
  readonly busy: Statement<[limit: number], { key: string; head: string }>;
  readonly dead: Statement<[limit: number], { value: string }>;
  readonly deadSince: Statement<[before: number, limit: number], { key: string; id: string }>;
  readonly idleSince: Statement<[before: number, limit: number], { key: string }>;
  /** Each removes what has had its time. */
  readonly prune: readonly Statement<[now: number], never>[];
}

/** Returns whether a file has the format that this code writes. Changes nothing. @throws Error when it is no database */
export function hasCurrentFormat(file: string): boolean {
  const sqlite = require('node:sqlite') as typeof import('node:sqlite');
  const db = new sqlite.DatabaseSync(file, { readOnly: true });
  try {
    return versionOf(db) === MIGRATIONS.length;
  } finally {
    db.close();
  }
}

/** Opens (and if need be creates, for this account alone) the database file. @throws Error when it cannot be, or is of a newer version. */
export function openDatabase(file: string): Database {
  // Not before it is needed: an app on another store need not load it, nor have Node 22 warn that it is experimental.
  const sqlite = require('node:sqlite') as typeof import('node:sqlite');
  // SQLite would make a file that other accounts can read. What it puts beside the file has the permissions of the file.
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  const db = new sqlite.DatabaseSync(file, { timeout: 0 });
  try {
    prepareFile(db);
  } catch (error) {
    db.close();
    throw error;
  }
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const savepoint = db.prepare('SAVEPOINT decision');
  const release = db.prepare('RELEASE decision');
  return {
    begin: () => void begin.run(),
    commit: () => void commit.run(),
    rollback: () => {
      // Node before 22.16 does not say.
      if (db.isTransaction !== false) db.exec('ROLLBACK');
    },
    savepoint: () => void savepoint.run(),
    release: () => void release.run(),
    undo: () => db.exec('ROLLBACK TO decision; RELEASE decision'),
    close: () => db.close(),
    getHead: statement(db, 'SELECT head, written FROM heads WHERE key = ?'),
    putHead: statement(
      db,
      `INSERT INTO heads (key, wake, written, head) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET wake = excluded.wake, written = excluded.written, head = excluded.head`,
    ),
    dropHead: statement(db, 'DELETE FROM heads WHERE key = ?'),
    getRecord: statement(db, 'SELECT value FROM records WHERE key = ? AND kind = ? AND id = ?'),
    scanRecords: statement(db, 'SELECT id, value FROM records WHERE key = ? AND kind = ? AND id >= ? AND id < ?'),
    putRecord: statement(
      db,
      'INSERT OR REPLACE INTO records (key, kind, id, dead_since, expires, value) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    dropRecords: statement(db, 'DELETE FROM records WHERE key = ?'),
    getMark: statement(db, 'SELECT value FROM marks WHERE hash = ?'),
    putMark: statement(db, 'INSERT OR REPLACE INTO marks (hash, expires, value) VALUES (?, ?, ?)'),
    dropMark: statement(db, 'DELETE FROM marks WHERE hash = ?'),
    dropRecord: statement(db, 'DELETE FROM records WHERE key = ? AND kind = ? AND id = ?'),
    getUser: statement(db, 'SELECT record FROM users WHERE user = ?'),
    putUser: statement(
      db,
      `INSERT INTO users (user, expires, record) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET expires = excluded.expires, record = excluded.record`,
    ),
    dropUser: statement(db, 'DELETE FROM users WHERE user = ?'),
    conversationsOf: statement(
      db,
      `SELECT key FROM heads WHERE substr(key, 1, length(?)) = ? AND instr(head, ?) > 0
       UNION SELECT key FROM records WHERE instr(value, ?) > 0 OR id = ?`,
    ),
    getItem: statement(db, 'SELECT value FROM items WHERE collection = ? AND id = ? AND coalesce(until > ?, TRUE)'),
    putItem: statement(db, 'INSERT OR REPLACE INTO items (collection, id, until, value) VALUES (?, ?, ?, ?)'),
    dropItem: statement(db, 'DELETE FROM items WHERE collection = ? AND id = ?'),
    dropExpired: statement(db, 'DELETE FROM items WHERE until <= ?'),
    pageItems: statement(db, 'SELECT id, until, value FROM items WHERE collection = ? AND id > ? ORDER BY id LIMIT ?'),
    overdue: statement(db, 'SELECT key FROM heads WHERE wake <= ? ORDER BY wake LIMIT ?'),
    busy: statement(db, 'SELECT key, head FROM heads WHERE wake IS NOT NULL ORDER BY wake LIMIT ?'),
    dead: statement(db, 'SELECT value FROM records WHERE dead_since IS NOT NULL ORDER BY dead_since DESC LIMIT ?'),
    deadSince: statement(db, 'SELECT key, id FROM records WHERE dead_since <= ? ORDER BY dead_since LIMIT ?'),
    idleSince: statement(
      db,
      'SELECT key FROM heads WHERE written <= ? AND wake IS NULL AND written > 0 ORDER BY written LIMIT ?',
    ),
    prune: ['records', 'users', 'marks'].map((table) => statement(db, `DELETE FROM ${table} WHERE expires <= ?`)),
  };
}

function prepareFile(db: DatabaseSync): void {
  // Opening is the one moment when waiting for another process in place is right: nothing else runs yet.
  db.exec('PRAGMA busy_timeout = 5000');
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
  const version = versionOf(db);
  if (version > MIGRATIONS.length) throw new Error(`it was written by a newer version of Turnwise (format ${version})`);
  if (version < MIGRATIONS.length) migrate(db);
  db.exec('PRAGMA busy_timeout = 0');
}

function versionOf(db: DatabaseSync): number {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  return version;
}

function migrate(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE');
  // Looked at again: another process may have done it meanwhile.
  const version = versionOf(db);
  for (const migration of MIGRATIONS.slice(version)) db.exec(migration);
  db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  db.exec('COMMIT');
}

function statement<P extends readonly (string | number | null)[], R>(db: DatabaseSync, sql: string): Statement<P, R> {
  const prepared: StatementSync = db.prepare(sql);
  return {
    get: (...parameters) => prepared.get(...parameters) as R | undefined,
    all: (...parameters) => prepared.all(...parameters) as R[],
    run: (...parameters) => prepared.run(...parameters),
  };
}
