import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { systemClock } from '../../src/runtime/system';
import { type Database, openDatabase } from '../../src/sqlite/database';
import { type WriteLine, writeLine } from '../../src/sqlite/write-line';
import { StoreFault } from '../../src/turn/fault';
import { createShiftedClock, type ShiftedClock } from '../support/shifted-clock';

let folder: string;
let file: string;
let db: Database;
let clock: ShiftedClock;
let line: WriteLine;
/** What was done with the transactions of the line, in order. */
let calls: string[];
/** What goes wrong next: done instead of the COMMIT. */
let instead: (() => void)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'turnwise-line-'));
  file = join(folder, 'turnwise.db');
  db = openDatabase(file);
  // It stands still until it is put forward, however slow the machine is: a group ends after so many ms.
  clock = createShiftedClock({ ...systemClock, monotonic: () => 0 });
  calls = [];
  instead = [];
  const counted = (name: string, call: () => void) => () => {
    calls.push(name);
    call();
  };
  const seam: Database = {
    ...db,
    begin: counted('begin', db.begin),
    commit: counted('commit', () => (instead.shift() ?? db.commit)()),
    savepoint: counted('savepoint', db.savepoint),
  };
  line = writeLine(() => seam, clock);
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

const engineError = (errcode: number): Error => Object.assign(new Error(`engine error ${errcode}`), { errcode });
const BUSY = 5;
const IO_ERROR = 10;
const FULL = 13;

const fail = (error: Error) => (): never => {
  throw error;
};

/** A decision that writes an item, and answers with how many there are then. */
function puts(id: string): (db: Database) => number {
  return (db) => {
    db.putItem.run('test', id, null, '1');
    return db.pageItems.all('test', '', 1_000).length;
  };
}

/** What is on the disk, as another process sees it. */
function stored(): string[] {
  const other = new DatabaseSync(file);
  const rows = other.prepare('SELECT id FROM items ORDER BY id').all() as { id: string }[];
  other.close();
  return rows.map(({ id }) => id);
}

/** What became of several writes: results and errors. */
const outcomes = async (writes: readonly Promise<unknown>[]): Promise<unknown[]> =>
  (await Promise.allSettled(writes)).map((each) => (each.status === 'fulfilled' ? each.value : each.reason));

const commits = (): number => calls.filter((each) => each === 'commit').length;

test('a lone writer has a transaction to itself, without a savepoint, and does not wait for others', async () => {
  let rounds = 0;
  const counting = setImmediate(() => {
    rounds += 1;
  });
  expect(await line(puts('a'))).toBe(1);
  expect(rounds).toBe(0);
  clearImmediate(counting);
  expect(calls).toEqual(['begin', 'commit']);
  expect(stored()).toEqual(['a']);
});

test('those who wait together share a commit, in the order in which they came', async () => {
  expect(await outcomes(['a', 'b', 'c', 'd'].map((id) => line(puts(id))))).toEqual([1, 2, 3, 4]);
  expect(commits()).toBe(1);
  expect(stored()).toEqual(['a', 'b', 'c', 'd']);
});

test('whoever comes while the line rests is written with the next group', async () => {
  const chain = async (name: string): Promise<void> => {
    for (let index = 0; index < 5; index += 1) await line(puts(`${name}${index}`));
  };
  await Promise.all(['a', 'b', 'c', 'd'].map(chain));
  expect(commits()).toBe(5);
  expect(stored()).toHaveLength(20);
});

test('a decision that throws is out alone, and its caller alone is told', async () => {
  const defect = new TypeError('a defect');
  const writes = [
    line(puts('a')),
    line((db) => {
      puts('b')(db);
      throw defect;
    }),
    line(puts('c')),
  ];
  const told = await outcomes(writes);
  expect(told).toEqual([1, defect, 2]);
  expect(told[1]).toBe(defect);
  expect(commits()).toBe(1);
  expect(stored()).toEqual(['a', 'c']);
});

test('a value that the engine does not take is out alone', async () => {
  const unfit = 'never' as unknown as number;
  const writes = [line(puts('a')), line((db) => db.putItem.run('test', 'b', unfit, '1')), line(puts('c'))];
  const [first, second, third] = await outcomes(writes);
  expect([first, third]).toEqual([1, 2]);
  expect(second).toBeInstanceOf(StoreFault);
  expect(second).toMatchObject({ applied: 'no' });
  expect(stored()).toEqual(['a', 'c']);
});

test('a lone decision that throws has written nothing', async () => {
  const defect = new TypeError('a defect');
  const write = line((db) => {
    puts('a')(db);
    throw defect;
  });
  await expect(write).rejects.toBe(defect);
  expect(calls).toEqual(['begin']);
  expect(await line(puts('b'))).toBe(1);
});

test('an engine error that rolls the transaction back leaves all out, and all are told that nothing was applied', async () => {
  const full = engineError(FULL);
  const writes = [
    line(puts('a')),
    line(() => {
      db.rollback();
      throw full;
    }),
    line(puts('c')),
  ];
  for (const each of await outcomes(writes)) {
    expect(each).toBeInstanceOf(StoreFault);
    expect(each).toMatchObject({ applied: 'no', message: full.message, cause: full });
  }
  expect(commits()).toBe(0);
  expect(stored()).toEqual([]);
  expect(await line(puts('d'))).toBe(1);
});

test.each([1, 3])('a commit that fails leaves all %i out, and says to all that it does not know', async (size) => {
  const broken = engineError(IO_ERROR);
  instead.push(fail(broken));
  const told = await outcomes(Array.from({ length: size }, (_, index) => line(puts(`w${index}`))));
  expect(told).toHaveLength(size);
  for (const each of told) {
    expect(each).toBeInstanceOf(StoreFault);
    expect(each).toMatchObject({ applied: 'unknown', cause: broken });
  }
  expect(stored()).toEqual([]);
  expect(await line(puts('next'))).toBe(1);
});

test('what a decision found or threw beside others is not told when the commit fails: it may have been up to them', async () => {
  instead.push(fail(engineError(IO_ERROR)));
  const told = await outcomes([
    line(puts('a')),
    line((db) => db.getItem.get('test', 'a', 0)),
    line((db) => {
      if (db.getItem.get('test', 'a', 0) !== undefined) throw new Error('There is one.');
    }),
  ]);
  for (const each of told) expect(each).toMatchObject({ applied: 'unknown' });
});

test('a begin that fails is a fault that changed nothing, for all', async () => {
  const broken = engineError(IO_ERROR);
  const failing = writeLine(() => ({ ...db, begin: fail(broken) }), clock);
  for (const each of await outcomes([failing(puts('a')), failing(puts('b'))])) {
    expect(each).toBeInstanceOf(StoreFault);
    expect(each).toMatchObject({ applied: 'no', cause: broken });
  }
});

test('a busy commit is tried again with all, and nobody is told before it has returned', async () => {
  const told: string[] = [];
  const write = (id: string): Promise<unknown> => line(puts(id)).then((result) => told.push(`${id} ${result}`));
  let before: string[] | undefined;
  instead.push(fail(engineError(BUSY)), () => {
    before = [...told];
    db.commit();
  });
  await Promise.all([write('a'), write('b')]);
  expect(before).toEqual([]);
  expect(told).toEqual(['a 1', 'b 2']);
  expect(commits()).toBe(2);
  expect(stored()).toEqual(['a', 'b']);
});

test('a busy file is waited for until each caller’s own deadline', async () => {
  const blocker = new DatabaseSync(file);
  blocker.exec('BEGIN IMMEDIATE');
  const early = line(puts('early')).catch((error: unknown) => error);
  await clock.sleep(20);
  clock.pass(3_000);
  const late = [line(puts('late')), line(puts('latest'))];
  await clock.sleep(20);
  clock.pass(1_000);
  const refused = await early;
  expect(refused).toBeInstanceOf(StoreFault);
  expect(refused).toMatchObject({ applied: 'no', message: 'The database file is busy.' });
  blocker.exec('COMMIT');
  blocker.close();
  expect(await outcomes(late)).toEqual([1, 2]);
  expect(stored()).toEqual(['late', 'latest']);
});

test('a group takes so many and no more', async () => {
  const ids = Array.from({ length: 100 }, (_, index) => `w${index}`);
  const told = await outcomes(ids.map((id) => line(puts(id))));
  expect(told).toEqual(ids.map((_, index) => index + 1));
  expect(commits()).toBe(2);
});

test('a group that has taken long is closed, and a failed commit says nothing of those who were not in it', async () => {
  instead.push(fail(engineError(IO_ERROR)));
  const slow = (db: Database): number => {
    clock.pass(10);
    return puts('slow')(db);
  };
  const [first, second, third] = await outcomes([line(puts('a')), line(slow), line(puts('c'))]);
  expect(first).toMatchObject({ applied: 'unknown' });
  expect(second).toMatchObject({ applied: 'unknown' });
  expect(third).toBe(1);
  expect(stored()).toEqual(['c']);
});

test('between groups everything else in the process gets its chance', async () => {
  let others = 0;
  const slow = (db: Database): number => {
    clock.pass(10);
    const seen = others;
    puts(`slow${seen}`)(db);
    setImmediate(() => {
      others += 1;
    });
    return seen;
  };
  expect(await outcomes([line(slow), line(slow), line(slow)])).toEqual([0, 1, 2]);
});
