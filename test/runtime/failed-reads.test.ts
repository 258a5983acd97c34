import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { ConversationState } from '../../src/bot/conversation-state';
import { StreamUpdates } from '../../src/bot/stream-updates';
import type { Turn } from '../../src/bot/turn';
import { createProactive } from '../../src/configured';
import { Steps } from '../../src/runtime/steps';
import type { Activity } from '../../src/schema/activity';
import { answerRing, createPipeline } from './pipeline';

/* A read that failed is made again when its result is asked for again: its failure is not kept. */

test('a program that speaks first can do so once its store is there', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'turnwise-once-'));
  const data = path.join(folder, 'data');
  writeFileSync(data, 'a file in the place of the folder');
  const proactive = createProactive({
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    TURNWISE_STORE: 'sqlite',
    TURNWISE_DATA: data,
  });
  try {
    const to = { user: 'nobody' };
    const failure = await proactive.send(to, 'hello').catch((error: unknown) => error);
    expect(failure).not.toMatchObject({ code: 'RecipientUnknown' });
    rmSync(data);
    mkdirSync(data);
    await expect(proactive.send(to, 'hello')).rejects.toMatchObject({ code: 'RecipientUnknown' });
  } finally {
    await proactive.close();
    rmSync(folder, { recursive: true });
  }
});

test('the steps of a turn are read again', async () => {
  let reads = 0;
  const load = async () => {
    reads += 1;
    if (reads === 1) throw new Error('not now');
    return new Map<string, unknown>([['done', 1]]);
  };
  const steps = new Steps(
    load,
    async (_name, value) => value,
    () => () => undefined,
  );
  await expect(steps.step('done', () => 2)).rejects.toThrow('not now');
  expect(await steps.step('done', () => 2)).toBe(1);
  expect(await steps.recordedStep('done')).toBe(1);
  expect(reads).toBe(2);
});

test('the state of a turn is read again', async () => {
  const pipeline = createPipeline();
  const count = new ConversationState().createProperty<number>('count');
  const seen: unknown[] = [];
  const runtime = pipeline.worker(async (context) => {
    seen.push(await count.get(context, 7).catch((error: Error) => error.message));
    seen.push(await count.get(context, 7).catch((error: Error) => error.message));
  });
  let reads = 0;
  const { store } = pipeline;
  const readState: typeof store.turns.readState = async (key, id) => {
    reads += 1;
    if (reads === 1) throw new TypeError('not now');
    return store.turns.readState(key, id);
  };
  await pipeline.accept('a');
  await answerRing({ ...runtime, store: { ...store, turns: { ...store.turns, readState } } }).done;
  expect(seen).toEqual(['not now', 7]);
  expect((await pipeline.head()).n).toBe(1);
});

test('what is known of a stream is read again when it ends', async () => {
  let reads = 0;
  const ended = new AbortController();
  const turn = {
    signal: ended.signal,
    time: { monotonic: () => 0, sleep: async () => undefined },
    flush: async () => undefined,
    recordedStep: async () => {
      reads += 1;
      if (reads === 1) throw new Error('not now');
      return { id: 'shown', text: false };
    },
  } as unknown as Turn;
  const updates = new StreamUpdates(turn, {} as Activity, 'replaces');
  updates.show({ streamType: 'streaming', text: 'hello' });
  expect(await updates.close()).toMatchObject({ id: 'shown' });
});
