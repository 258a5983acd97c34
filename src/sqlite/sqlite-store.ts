import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../ports/clock';
import type { Lifetimes } from '../ports/lifetimes';
import type { Store } from '../ports/store';
import { TurnwiseError } from '../schema/errors';
import type { PartitionRecord, Partitions, PartitionView, PartitionWrites, RecordKind } from '../store/partition';
import { searchFor } from '../store/records';
import { transactionalStore } from '../store/transactional-store';
import { isMarker, MARKER_MS } from '../turn/erase';
import { StoreFault } from '../turn/fault';
import type { ConversationKey, UserKey } from '../turn/keys';
import type { Head } from '../turn/record';
import { DEFAULT_TIMING, type Timing } from '../turn/timing';
import type { UserRecord } from '../turn/user-state';
import { type Database, openDatabase } from './database';
import { asFault, BUSY_LIMIT_MS, busyFault, isBusy, isOldNode, messageOf, pauseAfter } from './faults';
import { sqliteCollections } from './sqlite-collections';
import { writeLine } from './write-line';

/** Where the store's file is, and what time it is there. */
export interface SqliteStoreOptions {
  /** The database file; its folder is made when missing. `-wal` and `-shm` files appear beside it. */
  readonly file: string;
  readonly clock: Clock;
  readonly timing?: Timing;
  readonly lifetimes?: Lifetimes;
}

/**
 * A durable store in one SQLite file, for one machine: every primitive is atomic, and on disk when it returns (WAL, synchronous=FULL).
 * Those that are under way at once may share a transaction. Several processes may share the file; the machine's clock is the store's.
 */
export function createSqliteStore({ file, clock, timing = DEFAULT_TIMING, lifetimes }: SqliteStoreOptions): Store {
  return transactionalStore(sqlitePartitions(file, clock), timing, lifetimes);
}

function sqlitePartitions(file: string, clock: Clock): Partitions {
  let opened: Database | undefined;
  let closed = false;
  const database = (): Database => {
    if (closed) throw new StoreFault('no', 'The store is closed.');
    if (opened === undefined) {
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        opened = openDatabase(file);
      } catch (error) {
        if (isOldNode(error)) throw new TurnwiseError('NodeTooOld', `This is Node ${process.versions.node}.`);
        throw new TurnwiseError('StoreUnusable', `The file ${file} cannot be opened: ${messageOf(error)}`, {
          cause: error,
        });
      }
    }
    return opened;
  };

  /**
   * SQLite is synchronous, so waiting for another process happens between attempts and not inside one, where it would stop every
   * conversation of this process. Readers wait as writers do: a file is locked while it recovers from a crash.
   */
  const reading = async <T>(look: (db: Database) => T): Promise<T> => {
    const deadline = clock.monotonic() + BUSY_LIMIT_MS;
    for (let pause = pauseAfter(); ; pause = pauseAfter(pause)) {
      try {
        return look(database());
      } catch (error) {
        if (!isBusy(error)) throw asFault(error);
        if (clock.monotonic() >= deadline) throw busyFault(error);
        await clock.sleep(pause);
      }
    }
  };
  const transaction = writeLine(database, clock);

  const view = (db: Database, key: ConversationKey): PartitionView => ({
    now: clock.now(),
    ...headOf(db, key),
    get: (kind, id) => parsed(db.getRecord.get(key, kind, id)?.value),
    scan: (kind, prefix) =>
      db.scanRecords.all(key, kind, prefix, `${prefix}\u{10ffff}`).map(({ id, value }): PartitionRecord => {
        return { kind, id, value: parsed(value) };
      }),
  });

  const apply = (
    db: Database,
    key: ConversationKey,
    before: Head | undefined,
    { head, put = [], drop = [] }: PartitionWrites,
  ): void => {
    if (head !== undefined && head.gen !== (before?.gen ?? 0)) db.dropRecords.run(key);
    for (const { kind, id } of drop) db.dropRecord.run(key, kind, id);
    const now = clock.now();
    for (const { kind, id, value, ttlMs } of put)
      db.putRecord.run(key, kind, id, deadSince(kind, value), endOf(now, ttlMs), JSON.stringify(value));
    if (head !== undefined) putHead(db, key, head, now);
  };

  return {
    collections: sqliteCollections(transaction, reading, clock),
    transact: (key, decide) =>
      transaction((db) => {
        const seen = view(db, key);
        const { result, writes } = decide(seen);
        if (writes !== undefined) apply(db, key, seen.head, writes);
        return result;
      }),
    read: (key, look) => reading((db) => look(view(db, key))),
    transactUser: (user, decide) =>
      transaction((db) => {
        const { result, record, ttlMs } = decide(userOf(db, user));
        if (record !== undefined) putUser(db, user, record, clock.now(), ttlMs);
        return result;
      }),
    readUser: (user) => reading((db) => userOf(db, user)),
    overdue: (limit) => reading((db) => db.overdue.all(clock.now(), limit).map(({ key }) => key as ConversationKey)),
    busy: (limit) =>
      reading((db) =>
        db.busy.all(limit).map(({ key, head }) => ({ key: key as ConversationKey, head: JSON.parse(head) as Head })),
      ),
    conversationsOf: (user) =>
      reading((db) => {
        const { channel, quotedId, stateId } = searchFor(user);
        const found = db.conversationsOf.all(channel, channel, quotedId, quotedId, stateId);
        return found.flatMap(({ key }) => (key.startsWith(channel) ? [key as ConversationKey] : []));
      }),
    dead: (limit) => reading((db) => db.dead.all(limit).map(({ value }) => parsed(value))),
    deadFor: (ms, limit) =>
      reading((db) =>
        db.deadSince.all(clock.now() - ms, limit).map(({ key, id }) => ({ conversation: key as ConversationKey, id })),
      ),
    idleFor: (ms, limit) =>
      reading((db) => db.idleSince.all(clock.now() - ms, limit).map(({ key }) => key as ConversationKey)),
    // Erasing is one transaction here.
    finishErasing: async () => 0,
    prune: () =>
      transaction((db) => {
        for (const statement of db.prune) statement.run(clock.now());
      }),
    open: async () => {
      closed = false;
      database();
    },
    close: async () => {
      closed = true;
      opened?.close();
      opened = undefined;
    },
  };
}

/**
 * What erasing leaves behind lies under a hash of its key, so that the file no longer says who was erased. A conversation or a user has
 * a row of its own, or such a mark, and never both.
 */
const hashOf = (kind: 'conversation' | 'user', key: string): string =>
  createHash('sha256').update(`${kind}/${key}`).digest('hex');

const endOf = (now: number, ttlMs: number | undefined): number | null => (ttlMs === undefined ? null : now + ttlMs);

function headOf(db: Database, key: ConversationKey): Pick<PartitionView, 'head' | 'headAt'> {
  const row = db.getHead.get(key);
  const mark = row === undefined ? db.getMark.get(hashOf('conversation', key))?.value : undefined;
  return { head: parsed<Head>(row?.head ?? mark), headAt: row?.written };
}

function putHead(db: Database, key: ConversationKey, head: Head, now: number): void {
  const hash = hashOf('conversation', key);
  if (isMarker(head)) {
    db.dropHead.run(key);
    db.putMark.run(hash, now + MARKER_MS, JSON.stringify(head));
  } else {
    if (head.gen > 0) db.dropMark.run(hash);
    db.putHead.run(key, head.wake, now, JSON.stringify(head));
  }
}

function userOf(db: Database, user: UserKey): UserRecord | undefined {
  return parsed<UserRecord>(db.getUser.get(user)?.record ?? db.getMark.get(hashOf('user', user))?.value);
}

function putUser(db: Database, user: UserKey, record: UserRecord, now: number, ttlMs?: number): void {
  const hash = hashOf('user', user);
  if (record.erased) {
    db.dropUser.run(user);
    db.putMark.run(hash, now + MARKER_MS, JSON.stringify(record));
  } else {
    db.dropMark.run(hash);
    db.putUser.run(user, endOf(now, ttlMs), JSON.stringify(record));
  }
}

const parsed = <T>(json: string | undefined): T | undefined =>
  json === undefined ? undefined : (JSON.parse(json) as T);

const deadSince = (kind: RecordKind, value: unknown): number | null =>
  kind === 'dead' ? (value as { at: number }).at : null;
