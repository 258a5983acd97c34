import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import { createShiftedClock } from '../support/shifted-clock';

/* Conversations are in the file: other accounts of the machine may not read it. */

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'turnwise-private-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (name: string): number => statSync(name).mode & 0o777;

/** Opens a store and has it write. */
async function used(file: string, look: () => void = () => undefined): Promise<void> {
  const store = createSqliteStore({ file, clock: createShiftedClock() });
  await store.items.write('x', { value: { at: 1 }, version: '1' });
  look();
  await store.close();
}

test('a file that is made, what lies beside it, and its folders can be read by one account alone', async () => {
  const data = path.join(folder, 'deeper/data');
  await used(path.join(data, 'turnwise.db'), () => {
    const names = readdirSync(data);
    expect(names).toEqual(expect.arrayContaining(['turnwise.db', 'turnwise.db-wal']));
    expect(names.map((name) => [name, modeOf(path.join(data, name))])).toEqual(names.map((name) => [name, 0o600]));
  });
  expect([modeOf(data), modeOf(path.dirname(data))]).toEqual([0o700, 0o700]);
});

test('a file that is there keeps its permissions', async () => {
  const file = path.join(folder, 'turnwise.db');
  writeFileSync(file, '', { mode: 0o640 });
  await used(file);
  expect(modeOf(file)).toBe(0o640);
});
