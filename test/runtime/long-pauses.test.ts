import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import { MAX_PUT_OFF_MS } from '../../src/turn/timing';
import { answerRing, createPipeline, type Pipeline } from './pipeline';

const folder = mkdtempSync(join(tmpdir(), 'turnwise-pauses-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const onSqlite = (): Pipeline =>
  createPipeline({}, (clock) => createSqliteStore({ file: join(folder, `${files++}.db`), clock }));

describe('a pause that is longer than any store can write down', () => {
  test.each([1e17, 1e20, 1e300])('(%p ms) ahead of a reply ends within a year or so', async (value) => {
    const pipeline = onSqlite();
    await pipeline.accept('a');
    const runtime = pipeline.worker(async (context) => {
      await context.sendActivity({ type: 'delay', value });
      await context.sendActivity('hi');
    });
    await answerRing(runtime).done;
    const { out, wake, lease } = await pipeline.head();
    const due = pipeline.clock.now() + MAX_PUT_OFF_MS;
    expect([out[0]?.due, wake, lease]).toEqual([due, due + pipeline.store.timing.graceMs, null]);
    expect(pipeline.events.map(({ name }) => name)).not.toContain('storeFault');
    await pipeline.store.close();
  });

  test.each([1e17, 1e20, 1e300])('(%p ms) that an error asks for is kept as far as it can be', async (retryAfterMs) => {
    const pipeline = onSqlite();
    await pipeline.accept('a');
    const runtime = pipeline.worker(async () => {
      throw Object.assign(new Error('later'), { retryAfterMs });
    });
    await answerRing(runtime).done;
    const { notBefore, att, lease } = await pipeline.head();
    expect([notBefore, att, lease]).toEqual([pipeline.clock.now() + MAX_PUT_OFF_MS, 1, null]);
    await pipeline.store.close();
  });
});
