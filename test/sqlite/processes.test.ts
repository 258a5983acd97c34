import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { TurnwiseError } from '../../src/schema/errors';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import { StoreFault } from '../../src/turn/fault';
import { conversationKey, userKey } from '../../src/turn/keys';
import { accept, commitReplies, conversation, holding, turnOf } from '../contracts/store-under-test';
import { type Compiled, compile } from '../support/compiled';
import { createShiftedClock } from '../support/shifted-clock';
import type { Account } from './contender';

let compiled: Compiled;
let folder: string;
let file: string;

beforeAll(() => {
  compiled = compile('test/sqlite/contender.ts');
});
afterAll(() => compiled.remove());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'turnwise-processes-'));
  file = join(folder, 'deep', 'turnwise.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

const clock = createShiftedClock();

test('processes that share a file lose nothing, count exactly and do not stop each other', async () => {
  const [processes, conversations, activities] = [4, 5, 20];
  const run = promisify(execFile);
  const accounts = await Promise.all(
    Array.from({ length: processes }, async (_, index) => {
      const parameters = [file, `p${index}`, String(conversations), String(activities)];
      const { stdout } = await run(process.execPath, [compiled.path('test/sqlite/contender.ts'), ...parameters]);
      return JSON.parse(stdout) as Account;
    }),
  );
  const total = processes * conversations * activities;
  expect(accounts.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(total);
  expect(accounts.reduce((sum, { committed }) => sum + committed, 0)).toBe(total);
  const store = createSqliteStore({ file, clock });
  for (let index = 0; index < conversations; index += 1) {
    const { data } = await store.turns.readState(conversationKey('test', `c${index}`), 'conversation');
    expect(data).toEqual({ count: processes * activities });
  }
  expect((await store.users.read(userKey('test', 'user'))).data).toEqual({ count: total });
  expect(await store.inspection.busy(10)).toEqual([]);
  await store.close();
  // Generous, because machines stall: what it must not do is wait inside SQLite.
  expect(Math.max(...accounts.map(({ blockedMs }) => blockedMs))).toBeLessThan(1_000);
}, 60_000);

test('what was written is there after closing and opening, and after a process that never closed', async () => {
  const first = createSqliteStore({ file, clock });
  const held = await holding(first, ['a', 'b']);
  await first.turns.commit(held, turnOf(held, { writes: [{ id: 'conversation', data: { n: 1 } }] }));
  await first.close();
  const second = createSqliteStore({ file, clock });
  expect(await second.turns.readState(conversation(), 'conversation')).toEqual({ version: 1, data: { n: 1 } });
  await accept(second, 'c');
  const third = createSqliteStore({ file, clock });
  expect((await third.inspection.conversation(conversation()))?.head.pend).toHaveLength(2);
  await Promise.all([second.close(), third.close()]);
});

test('a file that somebody else has locked for long is a fault that changed nothing; the process goes on meanwhile', async () => {
  const store = createSqliteStore({ file, clock: createShiftedClock() });
  await accept(store, 'a');
  const blocker = new DatabaseSync(file);
  blocker.exec('BEGIN IMMEDIATE');
  let ticks = 0;
  const ticking = setInterval(() => {
    ticks += 1;
  }, 10);
  const refused = await accept(store, 'b').catch((error: unknown) => error);
  clearInterval(ticking);
  expect(refused).toBeInstanceOf(StoreFault);
  expect(refused).toMatchObject({ applied: 'no' });
  expect(ticks).toBeGreaterThan(50);
  expect((await store.inspection.conversation(conversation()))?.head.pend).toHaveLength(1);
  const waiting = accept(store, 'b');
  setTimeout(() => blocker.exec('COMMIT'), 200);
  expect(await waiting).toBe('accepted');
  blocker.close();
  await store.close();
}, 20_000);

test('a closed store stays closed', async () => {
  const store = createSqliteStore({ file, clock });
  await commitReplies(store, await holding(store, ['a']), 0);
  await store.close();
  await expect(accept(store, 'b')).rejects.toBeInstanceOf(StoreFault);
  await store.close();
});

test('a file that is none of ours, and one of a newer version, are refused with a reason', async () => {
  const store = createSqliteStore({ file, clock });
  await store.open();
  await store.close();
  const db = new DatabaseSync(file);
  db.exec('PRAGMA user_version = 99');
  db.close();
  const newer = await createSqliteStore({ file, clock })
    .open()
    .catch((error: unknown) => error);
  expect(newer).toBeInstanceOf(TurnwiseError);
  expect(newer).toMatchObject({ code: 'StoreUnusable', message: expect.stringContaining('newer version') });
  await expect(createSqliteStore({ file: folder, clock }).open()).rejects.toMatchObject({ code: 'StoreUnusable' });
});
