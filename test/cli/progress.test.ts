import { expect, test } from '@jest/globals';
import type { Desk } from '../../src/cli/desk';
import { forget } from '../../src/cli/forget';
import { Progress } from '../../src/cli/progress';
import { createMemoryStore } from '../../src/memory/memory-store';
import type { Store } from '../../src/ports/store';
import { systemClock, systemIds } from '../../src/runtime/system';
import { StoreFault } from '../../src/turn/fault';
import { accept, conversation } from '../contracts/store-under-test';
import { requestsOf } from '../support/erasure-requests';

test('a command that is done soon says nothing, and one that takes long a line in five seconds', () => {
  let now = 0;
  const lines: string[] = [];
  const progress = new Progress({ monotonic: () => now }, (line) => void lines.push(line));
  progress.doing('erasing');
  now = 4_900;
  progress.requested({ operation: 'query' });
  expect(lines).toEqual([]);
  progress.doing('looking through the store');
  for (let second = 5; second <= 16; second += 1) {
    now = second * 1_000;
    progress.requested({ operation: second % 2 === 0 ? 'query' : 'read' });
  }
  expect(lines).toEqual([
    'looking through the store (5 s; 2 requests, 1 of them pages of queries)',
    'looking through the store (10 s; 7 requests, 4 of them pages of queries)',
    'looking through the store (15 s; 12 requests, 6 of them pages of queries)',
  ]);
});

test('forgetting says what it is at, and names nobody', async () => {
  const store = createMemoryStore(systemClock);
  for (const name of ['c1', 'c2']) await accept(store, name, conversation(name));
  const said: string[] = [];
  const desk: Desk = {
    store,
    name: 'memory',
    clock: systemClock,
    ids: systemIds,
    now: () => systemClock.now(),
    ask: (call) => call(store),
    ring: async () => 'noQueue',
    progress: (what) => void said.push(what),
    close: async () => {},
  };
  await forget(desk, { conversations: ['test/other'], users: ['test/user-1'] });
  expect(said).toEqual([
    'erasing a conversation',
    "erasing a user's state",
    'looking through the store for conversations with the user',
    'conversation 1 of 2',
    'conversation 2 of 2',
  ]);
  expect(await requestsOf(store)).toEqual([]);
});

test('a command that the store leaves alone half-way says that the app does the rest', async () => {
  const store = createMemoryStore(systemClock);
  const desk = (erasure: Partial<Store['erasure']>): Desk => ({
    store: { ...store, erasure: { ...store.erasure, ...erasure } },
    name: 'memory',
    clock: systemClock,
    ids: systemIds,
    now: () => systemClock.now(),
    ask(call) {
      return call(this.store);
    },
    ring: async () => 'noQueue',
    progress: () => undefined,
    close: async () => {},
  });
  const away = async (): Promise<never> => {
    throw new StoreFault('unknown', 'It is away.');
  };
  const forgetting = { conversations: ['test/c1'], users: [] };
  await expect(forget(desk({ request: away }), forgetting)).rejects.toMatchObject({ name: 'StoreFault' });
  const half = forget(desk({ conversation: away }), forgetting);
  await expect(half).rejects.toMatchObject({ code: 'ForgettingInterrupted' });
  expect(await requestsOf(store)).toEqual([{ conversation: 'test/c1' }]);
});
