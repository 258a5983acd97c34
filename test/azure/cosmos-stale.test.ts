import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { headId, recordId, userId } from '../../src/azure/cosmos-documents';
import type { StateId, Store } from '../../src/ports/store';
import { userKey } from '../../src/turn/keys';
import { effectId } from '../../src/turn/record';
import type { Intent } from '../../src/turn/user-state';
import {
  accept,
  acquired,
  after,
  conversation,
  firstOf,
  giveUp,
  headNow,
  holding,
  keyOf,
  namesOf,
  send,
  turnOf,
} from '../contracts/store-under-test';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores } from '../support/cosmos-under-test';
import { createShiftedClock } from '../support/shifted-clock';

const clock = createShiftedClock();
let gateway: CosmosGateway;
let store: Store;
let other: Store;

beforeAll(async () => {
  gateway = await startCosmosGateway(() => clock.now());
});
afterAll(() => gateway.close());
beforeEach(async () => {
  const stores = cosmosStores(gateway.endpoint, clock);
  store = stores.make();
  other = stores.make();
  await store.open();
});
afterEach(async () => {
  gateway.onRequest(() => undefined);
  await store.close();
  await other.close();
});

/** The next `times` reads of an item are answered with what it was `back` writes ago. */
function staleReads(id: string, back: number, times: number): { readonly served: () => number } {
  let served = 0;
  gateway.onRequest(({ kind, path }) => {
    if (kind !== 'read' || !path.endsWith(`/${encodeURIComponent(id)}`) || served === times) return undefined;
    served += 1;
    return { do: 'stale', back };
  });
  return { served: () => served };
}

const HEAD = headId(conversation());
const USER = userKey('test', 'user-1');
const intent = (different: Partial<Intent> = {}): Intent => ({
  id: 'i1',
  conversation: conversation(),
  epoch: 1,
  changes: { set: { a: 1 }, remove: [] },
  ...different,
});

test('a commit is not taken for done because an old record has another activity first', async () => {
  const held = await holding(store, ['a', 'b']);
  const next = after(held, await store.turns.commit(held, turnOf(held)));
  await accept(other, 'c');
  // What is read after the failed condition has "a" first, as if "b" were not to be committed at all.
  const { served } = staleReads(HEAD, 2, 3);
  const committed = await store.turns.commit(next, turnOf(next));
  expect(served()).toBe(3);
  expect(committed).toMatchObject({ outcome: 'held', head: { n: 2 } });
  expect(namesOf(after(next, committed).head)).toEqual(['c']);
});

test('a mark is not taken for done because an old record does not have the effect yet', async () => {
  const held = await holding(store, ['a', 'b']);
  const next = after(held, await store.turns.commit(held, turnOf(held, { effects: [send(firstOf(held), 0)] })));
  await accept(other, 'c');
  staleReads(HEAD, 2, 3);
  const marked = await store.turns.markDelivered(next, { effect: next.head.out[0]?.id ?? '' }, false);
  expect(marked).toMatchObject({ outcome: 'held', head: { out: [], att: 1 } });
});

test('a holder is not fenced by a record from before its acquire', async () => {
  const held = await holding(store, ['a']);
  await accept(other, 'b');
  const { served } = staleReads(HEAD, 2, 3);
  expect((await store.turns.renew(held)).outcome).toBe('held');
  expect(served()).toBe(3);
});

test('a replica that stays behind is a fault that changed nothing', async () => {
  const held = await holding(store, ['a']);
  await accept(other, 'b');
  staleReads(HEAD, 2, 1_000);
  await expect(store.turns.renew(held)).rejects.toMatchObject({ name: 'StoreFault', applied: 'no' });
  gateway.onRequest(() => undefined);
  expect((await store.turns.renew(held)).outcome).toBe('held');
});

test('a fold is not lost because the record that is read has no such intent yet, or is not there at all', async () => {
  expect(await store.users.propose(USER, 0, intent())).toBe('proposed');
  staleReads(userId(USER), 1, 2);
  await other.users.settle(USER, 'i1', true);
  expect(await store.users.read(USER)).toEqual({ version: 2, data: { a: 1 }, intents: [] });
  const second = intent({ id: 'i2', changes: { set: { b: 2 }, remove: [] } });
  expect(await store.users.propose(USER, 2, second)).toBe('proposed');
  staleReads(userId(USER), 1, 2);
  await other.users.settle(USER, 'i2', true);
  expect((await store.users.read(USER)).data).toEqual({ a: 1, b: 2 });
});

test('a proposal on a record that has moved is a conflict, whatever is read', async () => {
  await store.users.propose(USER, 0, intent());
  await store.users.settle(USER, 'i1', true);
  staleReads(userId(USER), 2, 1);
  expect(await other.users.propose(USER, 0, intent({ id: 'i2' }))).toBe('conflict');
});

test('an intent is not void because its conversation is not to be seen yet', async () => {
  const held = await holding(store, ['a', 'b']);
  const fold = { kind: 'fold', id: `${effectId(firstOf(held), 0)}.fold`, user: USER, intent: 'i1' } as const;
  after(held, await store.turns.commit(held, turnOf(held, { effects: [fold] })));
  staleReads(HEAD, 4, 2);
  expect(await other.users.judge(intent(), Number.POSITIVE_INFINITY)).toBe('counts');
});

test('an intent is void only once its attempt can no longer commit', async () => {
  const held = await holding(store, ['a', 'b']);
  const fold = { kind: 'fold', id: `${effectId(firstOf(held), 0)}.fold`, user: USER, intent: 'i1' } as const;
  after(held, await store.turns.commit(held, turnOf(held, { effects: [fold] })));
  // The old record has the attempt running and nothing committed.
  staleReads(HEAD, 1, 2);
  expect(await other.users.judge(intent(), Number.POSITIVE_INFINITY)).toBe('counts');
});

test('state that an old record still has is a conflict and not an overwritten update', async () => {
  const alice: StateId = `private:${userKey('test', 'alice')}`;
  const bob: StateId = `private:${userKey('test', 'bob')}`;
  const write = async (name: string, id: StateId, data: Record<string, unknown>): Promise<void> => {
    await accept(store, name);
    const held = acquired(await store.turns.acquire(conversation(), name));
    await store.turns.commit(held, turnOf(held, { writes: [{ id, data }] }));
  };
  await write('a', alice, { n: 1 });
  await write('b', alice, { n: 2 });
  await write('c', bob, {});
  const held = await holding(store, ['d']);
  const item = recordId('state', alice);
  staleReads(item, 1, 10);
  const seen = await store.turns.readState(conversation(), alice);
  expect(seen).toEqual({ version: 1, data: { n: 1 } });
  const reads = [{ id: alice, version: seen.version }];
  const writes = [{ id: alice, data: { n: 2 } }];
  for (const turn of [turnOf(held, { reads, writes }), turnOf(held, { reads })]) {
    staleReads(item, 1, 3);
    const refused = await store.turns.commit(held, turn).catch((error: { applied: unknown }) => error.applied);
    expect([{ outcome: 'conflict' }, 'no']).toContainEqual(refused);
  }
  gateway.onRequest(() => undefined);
  expect((await store.turns.readState(conversation(), alice)).data).toEqual({ n: 2 });
  expect(await store.turns.commit(held, turnOf(held, { reads, writes }))).toEqual({ outcome: 'conflict' });
});

test('a commit that was applied is not a conflict with itself, though an old record still has its activity', async () => {
  const alice: StateId = `private:${userKey('test', 'alice')}`;
  const bob: StateId = `private:${userKey('test', 'bob')}`;
  let held = await holding(store, ['a', 'b', 'c', 'd']);
  held = after(held, await store.turns.commit(held, turnOf(held, { writes: [{ id: alice, data: { n: 1 } }] })));
  held = after(held, await store.turns.commit(held, turnOf(held, { writes: [{ id: bob, data: {} }] })));
  const turn = turnOf(held, { reads: [{ id: alice, version: 1 }], writes: [{ id: alice, data: { n: 2 } }] });
  gateway.onRequest(({ kind }) => (kind === 'batch' ? { do: 'reset', applied: true } : undefined));
  await expect(store.turns.commit(held, turn)).rejects.toMatchObject({ applied: 'unknown' });
  const { served } = staleReads(HEAD, 1, 2);
  expect(await store.turns.commit(held, turn)).toMatchObject({ outcome: 'held', head: { n: 3 } });
  expect(served()).toBe(2);
});

test('an inline commit that was applied is not a conflict with itself, though its claim still seems to run', async () => {
  const alice: StateId = `private:${userKey('test', 'alice')}`;
  const key = keyOf('invoke');
  const claimed = await store.inline.claim(conversation(), key, 'run-1', 10_000);
  if (claimed.outcome !== 'claimed') throw new Error('It was not claimed.');
  const turn = {
    activity: key,
    answer: { status: 200 },
    effects: [],
    bodies: [],
    reads: [{ id: alice, version: 0 }],
    writes: [{ id: alice, data: { n: 1 } }],
  };
  gateway.onRequest(({ kind }) => (kind === 'batch' ? { do: 'reset', applied: true } : undefined));
  await expect(store.inline.commit(conversation(), claimed.fence, turn)).rejects.toMatchObject({ applied: 'unknown' });
  const { served } = staleReads(recordId('inline', key), 1, 2);
  expect(await store.inline.commit(conversation(), claimed.fence, turn)).toBe('committed');
  expect(served()).toBe(2);
});

test('state that moved under a holder is a conflict once, and then read anew', async () => {
  const held = await holding(store, ['a']);
  const key = keyOf('invoke');
  const claimed = await other.inline.claim(conversation(), key, 'run-1', 10_000);
  if (claimed.outcome !== 'claimed') throw new Error('It was not claimed.');
  const inline = { activity: key, answer: { status: 200 }, effects: [], bodies: [], reads: [] };
  const writes = [{ id: 'conversation' as const, data: { n: 1 } }];
  expect(await other.inline.commit(conversation(), claimed.fence, { ...inline, writes })).toBe('committed');
  const old = await store.turns.readState(conversation(), 'conversation');
  const commit = (version: number) =>
    store.turns.commit(held, turnOf(held, { reads: [{ id: 'conversation', version }], writes }));
  if (old.version === 0) expect(await commit(0)).toEqual({ outcome: 'conflict' });
  expect(await store.turns.readState(conversation(), 'conversation')).toEqual({ version: 1, data: { n: 1 } });
  expect((await commit(1)).outcome).toBe('released');
});

test('state that moved under an inline turn beside a holder is a conflict once, and then read anew', async () => {
  const held = await holding(store, ['a']);
  const turn = { answer: { status: 200 }, effects: [], bodies: [] };
  const claim = async (at: Store, name: string) => {
    const claimed = await at.inline.claim(conversation(), keyOf(name), `run-${name}`, 10_000);
    if (claimed.outcome !== 'claimed') throw new Error('It was not claimed.');
    return claimed.fence;
  };
  const fence = await claim(store, 'one');
  // What the holder has written goes on being what is read there.
  await store.turns.renew(held);
  const writes = [{ id: 'conversation' as const, data: { n: 1 } }];
  const theirs = await claim(other, 'two');
  expect(
    await other.inline.commit(conversation(), theirs, { ...turn, activity: keyOf('two'), reads: [], writes }),
  ).toBe('committed');
  const run = async () => {
    const { version } = await store.turns.readState(conversation(), 'conversation');
    const reads = [{ id: 'conversation' as const, version }];
    return store.inline.commit(conversation(), fence, { ...turn, activity: keyOf('one'), reads, writes });
  };
  const first = await run();
  expect(first === 'conflict' ? await run() : first).toBe('committed');
});

test('a step that an old record does not have yet is not recorded a second time', async () => {
  const held = await holding(store, ['a']);
  const { turn } = turnOf(held);
  await store.turns.recordStep(held, turn, 'one', 1);
  await other.turns.recordStep(held, turn, 'two', 2);
  staleReads(`steps-${turn}`, 1, 3);
  expect(await store.turns.recordStep(held, turn, 'two', 'again')).toEqual({ outcome: 'recorded', value: 2 });
  gateway.onRequest(() => undefined);
  expect(await store.turns.readSteps(conversation(), turn)).toEqual(
    new Map([
      ['one', 1],
      ['two', 2],
    ]),
  );
});

test('a replay is one replay, though the letter is still to be seen', async () => {
  await giveUp(store, await holding(store, ['a']));
  const [letter] = await store.deadLetters.list(1);
  const id = letter?.id ?? '';
  expect(await store.deadLetters.requeue(conversation(), id)).toBe('requeued');
  gateway.onRequest(({ kind, path }) =>
    kind === 'read' && path.includes('/dead') ? { do: 'stale', back: 1 } : undefined,
  );
  const again = await other.deadLetters
    .requeue(conversation(), id)
    .catch((error: { applied: unknown }) => error.applied);
  expect(['absent', 'no']).toContain(again);
  gateway.onRequest(() => undefined);
  expect(namesOf(await headNow({ store, other, pass: clock.pass } as never))).toEqual(['a']);
});

test('a duplicate is known by any record that has it, and decided at the primary by the others', async () => {
  await accept(store, 'a');
  await accept(store, 'b');
  staleReads(HEAD, 1, 1);
  expect(await other.mailbox.accept(conversation(), { ...firstOf(await holding(store, [])) }, [], 10)).toBe(
    'duplicate',
  );
  expect(await accept(other, 'b')).toBe('duplicate');
});

test('what a replica still shows of an erased conversation is not written back, and not taken for there', async () => {
  const held = await holding(store, ['a', 'b']);
  const id: StateId = `private:${USER}`;
  await store.turns.commit(held, turnOf(held, { writes: [{ id, data: { note: 'secret' } }] }));
  const claimed = await other.inline.claim(conversation(), keyOf('invoke'), 'run', 10_000);
  if (claimed.outcome !== 'claimed') throw new Error('The activity was not claimed.');
  await store.erasure.conversation(conversation());
  // The head as it was before, for everybody who only looks.
  const looks = staleReads(HEAD, 1, 1);
  expect((await other.turns.readState(conversation(), id)).data).toEqual({});
  expect(looks.served()).toBe(0);
  staleReads(HEAD, 1, 1);
  const commit = {
    activity: keyOf('invoke'),
    answer: { status: 200 },
    effects: [],
    bodies: [],
    reads: [{ id, version: 1 }],
    writes: [{ id, data: { note: 'secret', more: 1 } }],
  };
  expect(await other.inline.commit(conversation(), claimed.fence, commit)).toBe('lost');
  staleReads(HEAD, 1, 1);
  const again = await other.inline.claim(conversation(), keyOf('other'), 'run', 10_000);
  if (again.outcome !== 'claimed') throw new Error('The activity was not claimed.');
  const unfresh = { ...commit, activity: keyOf('other') };
  expect(['lost', 'conflict']).toContain(await other.inline.commit(conversation(), again.fence, unfresh));
  expect((await other.turns.readState(conversation(), id)).data).toEqual({});
});
