import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { systemClock } from '../../src/runtime/system';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import { inspectionContract } from '../contracts/inspection';

const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

inspectionContract(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'turnwise-inspection-'));
  const store = createSqliteStore({ file: join(folder, 'turnwise.db'), clock: systemClock });
  undo.push(
    () => rmSync(folder, { recursive: true }),
    () => store.close(),
  );
  await store.open();
  return store;
});
