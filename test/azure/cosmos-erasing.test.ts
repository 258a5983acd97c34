import { CosmosClient } from '@azure/cosmos';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Store } from '../../src/ports/store';
import { finishForgetting, forgetAll } from '../../src/runtime/forget';
import { InProcess } from '../../src/runtime/in-process';
import { DEFAULT_OPTIONS } from '../../src/runtime/options';
import type { Runtime } from '../../src/runtime/runtime';
import { systemIds } from '../../src/runtime/system';
import { StoreFault } from '../../src/turn/fault';
import { userKey } from '../../src/turn/keys';
import { filled } from '../contracts/store/erasure';
import { accept, acquired, conversation, firstOf, giveUp, holding, keyOf, turnOf } from '../contracts/store-under-test';
import { type CosmosGateway, type Mischief, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores, TEST_KEY } from '../support/cosmos-under-test';
import { requestsOf } from '../support/erasure-requests';
import { createShiftedClock } from '../support/shifted-clock';

const KEY = conversation();
const USER = userKey('test', 'user-1');
const PRIVATE = `private:${USER}` as const;
const HOUR_MS = 3_600_000;

let clock = createShiftedClock();
let gateway: CosmosGateway;
let direct: CosmosClient;
let database: string;
/** Of the process that erases, and of one that goes on. */
let store: Store;
let other: Store;

beforeAll(async () => {
  gateway = await startCosmosGateway(() => clock.now());
  const connectionPolicy = { enableEndpointDiscovery: false };
  direct = new CosmosClient({ endpoint: gateway.endpoint, key: TEST_KEY, connectionPolicy });
});
afterAll(async () => {
  direct.dispose();
  await gateway.close();
});
beforeEach(() => open());
afterEach(() => close());

async function open(): Promise<void> {
  gateway.onRequest(() => undefined);
  clock = createShiftedClock();
  const stores = cosmosStores(gateway.endpoint, clock);
  database = stores.database;
  [store, other] = [stores.make(), stores.make()];
  await store.open();
}

async function close(): Promise<void> {
  gateway.onRequest(() => undefined);
  await store.close();
  await other.close();
}

const container = (name: string) => direct.database(database).container(name);

async function stored(): Promise<Record<string, unknown>[]> {
  const all = await Promise.all(
    ['conversations', 'users'].map((name) => container(name).items.query('SELECT * FROM c').fetchAll()),
  );
  return all.flatMap(({ resources }) => resources);
}

/** The process ends with its k-th request: that one meets with mischief, and no other one leaves. */
function dieAt(k: number, mischief: Mischief): { readonly requests: () => number } {
  let count = 0;
  gateway.onRequest(() => {
    count += 1;
    if (count < k) return undefined;
    return count === k ? mischief : { do: 'answer', status: 503 };
  });
  return { requests: () => count };
}

/** Everything that the store lets anybody read of the conversation and its user. */
async function readable(): Promise<string> {
  const letters = await other.deadLetters.list(100);
  const shown = await other.inspection.conversation(KEY);
  const names = ['secret-0', 'secret-1', 'secret-2', 'secret-3', 'secret-4'];
  const [claim] = [await other.inline.claim(KEY, keyOf('invoke'), `reader-${systemIds.next()}`, 1)];
  const found = [
    letters,
    shown === undefined ? undefined : { ...shown, states: [...shown.states] },
    claim.outcome === 'answered' ? claim.answer : undefined,
    await other.inspection.busy(100),
    await other.turns.readState(KEY, 'conversation'),
    await other.turns.readState(KEY, PRIVATE),
    await other.users.read(USER),
    ...(await Promise.all(names.map((name) => other.turns.readBody(KEY, `body-${name}`)))),
    ...(await Promise.all(names.map(async (name) => [...(await other.turns.readSteps(KEY, keyOf(name)))]))),
    ...(await Promise.all(names.map((name) => other.deadLetters.get(KEY, keyOf(name))))),
    ...(await Promise.all(names.map((name) => other.deadLetters.requeue(KEY, keyOf(name))))),
  ];
  return JSON.stringify(found);
}

const DEATHS: readonly Mischief[] = [
  { do: 'answer', status: 503 },
  { do: 'reset', applied: true },
];

async function swallow(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!(error instanceof StoreFault)) throw error;
  });
}

describe('a process that ends in the middle of erasing a conversation, and is never started again', () => {
  test.each([
    ['nothing happens for a day', false],
    ['a message comes before the purge is finished', true],
  ])(
    'leaves nothing to read, wherever it ends: %s',
    async (_, messageComes) => {
      let ended = 0;
      let interrupted = 0;
      for (let k = 1; ; k += 1) {
        if (k > 1) await open();
        await filled(store);
        const { requests } = dieAt(k, DEATHS[k % 2] as Mischief);
        await swallow(store.erasure.conversation(KEY));
        const all = requests() < k;
        gateway.onRequest(() => undefined);
        const marked = (await stored()).some(({ gen, id }) => gen === 1 && String(id).startsWith('head-'));
        if (!marked) {
          // Nothing is erased yet, and the command has said so.
          await close();
          continue;
        }
        ended += 1;
        if ((await stored()).some(({ dead }) => dead === -1)) interrupted += 1;
        expect(await readable()).not.toContain('secret');
        if (messageComes) {
          await accept(other, 'hello');
          const held = acquired(await other.turns.acquire(KEY, 'worker-2'));
          await other.turns.commit(held, turnOf(held));
          expect(await readable()).not.toContain('secret');
        }
        clock.pass(25 * HOUR_MS);
        expect(await readable()).not.toContain('secret');
        await other.erasure.finish(10);
        expect(await readable()).not.toContain('secret');
        expect(JSON.stringify(await stored())).not.toContain('secret');
        expect(await other.erasure.finish(10)).toBe(0);
        clock.pass(25 * HOUR_MS);
        expect(await readable()).not.toContain('secret');
        await close();
        if (all) break;
      }
      // It was tried where it matters: with a marker, and records behind it.
      expect(interrupted).toBeGreaterThan(5);
      expect(ended).toBeGreaterThan(interrupted);
      await open();
    },
    240_000,
  );
});

test('a marker has no end before nothing is left behind it, and then ends a day later', async () => {
  await filled(store);
  gateway.onRequest(({ kind }) => (kind === 'delete' ? { do: 'answer', status: 503 } : undefined));
  await swallow(store.erasure.conversation(KEY));
  gateway.onRequest(() => undefined);
  const head = async () => (await stored()).find(({ id }) => String(id).startsWith('head-'));
  expect(await head()).toMatchObject({ ttl: -1, gen: 1 });
  expect(await head()).not.toHaveProperty('key');
  expect(await other.erasure.finish(10)).toBe(1);
  expect(await head()).toMatchObject({ ttl: 86_400, gen: 1 });
  expect(await head()).not.toHaveProperty('dead');
});

test('erasing once more, while the first time is not finished, leaves nothing either', async () => {
  await filled(store);
  gateway.onRequest(({ kind }) => (kind === 'delete' ? { do: 'answer', status: 503 } : undefined));
  await swallow(store.erasure.conversation(KEY));
  await swallow(other.erasure.conversation(KEY));
  gateway.onRequest(() => undefined);
  expect(await other.erasure.finish(10)).toBe(1);
  expect(JSON.stringify(await stored())).not.toContain('secret');
});

test('what is written anew under an old name, while the purge is under way, stays', async () => {
  await filled(store);
  let isWritten: Promise<void> | undefined;
  let done = false;
  let deleted = 0;
  const anew = async (): Promise<void> => {
    await accept(other, 'hello');
    const held = acquired(await other.turns.acquire(KEY, 'worker-2'));
    const { version } = await other.turns.readState(KEY, PRIVATE);
    const turn = turnOf(held, {
      reads: [{ id: PRIVATE, version }],
      writes: [{ id: PRIVATE, data: { note: 'new' } }],
    });
    expect((await other.turns.commit(held, turn)).outcome).toBe('released');
  };
  gateway.onRequest(({ kind, path }) => {
    if (kind !== 'delete' || !path.includes('state')) return undefined;
    deleted += 1;
    // It is written between the query that found the old one and its deletion.
    isWritten ??= anew().then(() => {
      done = true;
    });
    return done ? undefined : { do: 'answer', status: 429, retryAfterMs: 100 };
  });
  await store.erasure.conversation(KEY);
  await isWritten;
  expect(deleted).toBeGreaterThan(1);
  expect((await other.turns.readState(KEY, PRIVATE)).data).toEqual({ note: 'new' });
  expect(JSON.stringify(await stored())).not.toContain('secret');
});

test('a service that is busy is waited for, as it asks, with each deletion', async () => {
  await filled(store);
  const refused = new Set<string>();
  gateway.onRequest(({ kind, path }) => {
    if (kind !== 'delete' || refused.has(path)) return undefined;
    refused.add(path);
    return { do: 'answer', status: 429, retryAfterMs: 5 };
  });
  await store.erasure.conversation(KEY);
  expect(refused.size).toBeGreaterThan(3);
  expect(JSON.stringify(await stored())).not.toContain('secret');
});

test('a conversation that cannot be finished does not keep the others', async () => {
  const keys = ['c1', 'c2', 'c3'].map((name) => conversation(name));
  for (const key of keys) await accept(store, 'secret', key);
  for (const key of keys) {
    const large = { ref: 'body', activity: { type: 'message', text: 'secret' } as never };
    await store.mailbox.accept(key, { key: keyOf('large'), body: { ref: 'body', bytes: 1 } }, [large], 10);
  }
  gateway.onRequest(({ kind }) => (kind === 'delete' ? { do: 'answer', status: 503 } : undefined));
  for (const key of keys) await swallow(store.erasure.conversation(key));
  let stuck: string | undefined;
  gateway.onRequest(({ kind, headers }) => {
    const partition = String(headers['x-ms-documentdb-partitionkey']);
    if (kind === 'delete') stuck ??= partition;
    return kind === 'delete' && partition === stuck ? { do: 'answer', status: 503 } : undefined;
  });
  await swallow(other.erasure.finish(10));
  expect((await stored()).filter(({ dead }) => dead === -1)).toHaveLength(1);
});

test('one that can never be finished does not keep the others from sweeps that take one at a time', async () => {
  const keys = ['c1', 'c2', 'c3'].map((name) => conversation(name));
  for (const key of keys) {
    await accept(store, 'secret', key);
    const large = { ref: 'body', activity: { type: 'message', text: 'secret' } as never };
    await store.mailbox.accept(key, { key: keyOf('large'), body: { ref: 'body', bytes: 1 } }, [large], 10);
  }
  gateway.onRequest(({ kind }) => (kind === 'delete' ? { do: 'answer', status: 503 } : undefined));
  for (const key of keys) await swallow(store.erasure.conversation(key));
  // The one that a list in the order of the store names first, every time.
  const [stuck] = (await stored()).filter(({ dead }) => dead === -1).map((item) => String(item.conversation));
  gateway.onRequest(({ kind, headers }) =>
    kind === 'delete' && String(headers['x-ms-documentdb-partitionkey']).includes(String(stuck))
      ? { do: 'answer', status: 503 }
      : undefined,
  );
  const left = async () => (await stored()).filter(({ dead }) => dead === -1).length;
  for (let sweeps = 0; sweeps < 200 && (await left()) > 1; sweeps += 1) await swallow(other.erasure.finish(1));
  expect(await left()).toBe(1);
});

test('requests that others hold, however many, do not keep a sweep from one that is due', async () => {
  await filled(store);
  await store.erasure.request({ user: USER }, 'due', 1_000);
  for (let n = 0; n < 250; n += 1)
    await store.erasure.request({ user: userKey('test', `held-${n}`) }, 'held', 3_600_000);
  clock.pass(61_000);
  await finishForgetting(app(), 10);
  expect(await requestsOf(other)).toHaveLength(250);
  expect(JSON.stringify(await other.users.read(USER))).not.toContain('secret');
});

test('letters of erased generations do not take the places of others in a list', async () => {
  for (const name of ['c1', 'c2', 'c3', 'c4']) {
    const key = conversation(name);
    await accept(store, name, key);
    const held = acquired(await store.turns.acquire(key, 'worker-1'));
    await giveUp(store, held, name);
  }
  gateway.onRequest(({ kind }) => (kind === 'delete' ? { do: 'answer', status: 503 } : undefined));
  await swallow(store.erasure.conversation(conversation('c3')));
  await swallow(store.erasure.conversation(conversation('c4')));
  gateway.onRequest(() => undefined);
  const conversationsOf = async (limit: number) =>
    (await other.deadLetters.list(limit)).map((letter) => letter.conversation).sort();
  expect(await conversationsOf(1)).toHaveLength(1);
  expect(await conversationsOf(2)).toEqual([conversation('c1'), conversation('c2')]);
  expect(await conversationsOf(10)).toEqual([conversation('c1'), conversation('c2')]);
});

test('a conversation is not named for what an erased generation of it has of a user', async () => {
  const held = await holding(store, ['a']);
  const priv = { id: PRIVATE, data: { note: 'x'.repeat(6_000) } };
  await store.turns.commit(held, turnOf(held, { writes: [priv] }));
  gateway.onRequest(({ kind }) => (kind === 'delete' ? { do: 'answer', status: 503 } : undefined));
  await swallow(store.erasure.conversation(KEY));
  gateway.onRequest(() => undefined);
  const bob = { ...firstOf(held), key: keyOf('bob'), body: { inline: { type: 'message' } as never, bytes: 10 } };
  await other.mailbox.accept(KEY, bob, [], 10);
  expect(await other.erasure.conversationsOf(USER)).toEqual([]);
});

/** The app, whose sweep finishes what a command has left. */
function app(): Runtime {
  return {
    store: other,
    clock,
    ids: systemIds,
    inProcess: new InProcess(),
    options: DEFAULT_OPTIONS,
    log: { event: () => undefined },
    doorbell: { ring: async () => undefined },
    connector: { deliver: async () => ({ outcome: 'delivered', id: 'x' }) },
    bot: { run: async () => undefined },
  };
}

describe('a command that ends in the middle of forgetting a user, and is never repeated', () => {
  const PERSONAL = conversation('personal');

  async function known(): Promise<void> {
    await filled(store);
    const intent = (id: string) => ({
      id,
      conversation: KEY,
      epoch: 1,
      changes: { set: { note: 'secret' }, remove: [] as string[] },
    });
    await store.users.propose(USER, 0, intent('i1'));
    await store.users.settle(USER, 'i1', true);
    await accept(store, 'secret', PERSONAL);
    const account = { id: 'user-1', name: 'secret' };
    const reference = {
      channelId: 'test',
      serviceUrl: 'https://channel.example/',
      bot: { id: 'bot' },
      user: account,
      conversation: { id: 'personal' },
    };
    await store.references.keep({ id: PERSONAL, reference, scope: 'personal', state: 'active' }, 400 * 24 * HOUR_MS);
  }

  test('is finished by the next sweeps, wherever it ends', async () => {
    for (let k = 1; ; k += 1) {
      if (k > 1) await open();
      await known();
      const { requests } = dieAt(k, DEATHS[k % 2] as Mischief);
      const forgetting = {
        ids: systemIds,
        clock: { ...clock, sleep: () => new Promise<void>(() => undefined) },
        ask: <T>(call: (each: Store) => Promise<T>) => call(store),
        ring: async () => undefined,
      };
      await swallow(forgetAll(forgetting, [{ user: USER }]));
      const all = requests() < k;
      gateway.onRequest(() => undefined);
      const begun = (await requestsOf(other)).length > 0 || all;
      clock.pass(61_000);
      await finishForgetting(app(), 10);
      // What others have said in the conversation stays; the answer to the user's invoke goes by itself.
      const left = begun ? [await other.users.read(USER), await other.turns.readState(KEY, PRIVATE)] : [];
      expect(JSON.stringify(left)).not.toContain('secret');
      if (begun) {
        expect(await other.references.ofUser({ channelId: 'test', userId: 'user-1' })).toBeUndefined();
        expect(await other.references.get(PERSONAL)).toBeUndefined();
        expect(await other.inspection.conversation(PERSONAL)).toBeUndefined();
        expect(await other.deadLetters.list(10)).toEqual([]);
        expect(await other.erasure.conversationsOf(USER)).toEqual([]);
        expect(await requestsOf(other)).toEqual([]);
      }
      await close();
      if (all) break;
    }
    await open();
  }, 300_000);
});
