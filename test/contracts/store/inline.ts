import { expect, test } from '@jest/globals';
import type { InlineCommit, Store } from '../../../src/ports/store';
import type { InlineFence } from '../../../src/turn/inline';
import { userKey } from '../../../src/turn/keys';
import {
  accept,
  conversation,
  entry,
  headNow,
  holding,
  keyOf,
  LIMIT,
  message,
  type OpenStore,
  SLACK_MS,
  turnOf,
} from '../store-under-test';

const KEY = conversation();
const INVOKE = keyOf('invoke');
const TTL_MS = 10_000;
const ANSWER = { status: 200, body: { done: true } };

async function claimed(store: Store, owner = 'run-1'): Promise<InlineFence> {
  const outcome = await store.inline.claim(KEY, INVOKE, owner, TTL_MS);
  if (outcome.outcome !== 'claimed') throw new Error(`The activity was not claimed: ${JSON.stringify(outcome)}`);
  return outcome.fence;
}

const commitOf = (different: Partial<InlineCommit> = {}): InlineCommit => ({
  activity: INVOKE,
  answer: ANSWER,
  effects: [],
  bodies: [],
  reads: [],
  writes: [],
  ...different,
});

const effect = { kind: 'send', id: `${INVOKE}~i1.0`, activity: { inline: message('by the way'), bytes: 100 } } as const;

export function inlineContract(open: OpenStore): void {
  claimContract(open);
  commitInlineContract(open);
  deferContract(open);
  inlineIntentContract(open);
}

function claimContract(open: OpenStore): void {
  test('an activity is claimed once; the same claim again is the same', async () => {
    const { store, other } = await open();
    const fence = await claimed(store);
    expect(await claimed(store)).toEqual(fence);
    expect(await other.inline.claim(KEY, INVOKE, 'run-2', TTL_MS)).toMatchObject({ outcome: 'running' });
    expect(await other.inline.claim(KEY, keyOf('another'), 'run-2', TTL_MS)).toMatchObject({ outcome: 'claimed' });
  });

  test('a claim whose time is over is taken, and its run can neither commit, record nor defer any more', async () => {
    const { store, other, pass } = await open();
    const first = await claimed(store);
    pass(TTL_MS + SLACK_MS);
    const second = await claimed(other, 'run-2');
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(await store.inline.commit(KEY, first, commitOf({ effects: [effect] }))).toBe('lost');
    expect(await store.inline.recordStep(KEY, first, INVOKE, 's', 1)).toEqual({ outcome: 'lost' });
    const deferral = { activity: entry('invoke'), bodies: [], answer: ANSWER, limit: LIMIT };
    expect(await store.inline.defer(KEY, first, deferral)).toBe('lost');
    expect(await other.inline.commit(KEY, second, commitOf())).toBe('committed');
  });

  test('a claim that was left behind before the horizon can be taken, and keeps', async () => {
    const { store, other, pass } = await open();
    await claimed(store);
    pass(TTL_MS + store.timing.dedupeMs + SLACK_MS);
    const second = await claimed(other, 'run-2');
    expect(await other.inline.commit(KEY, second, commitOf())).toBe('committed');
  });
}

function commitInlineContract(open: OpenStore): void {
  test('a commit keeps state, effects and the answer; repeating it changes nothing', async () => {
    const opened = await open();
    const { store, other } = opened;
    const fence = await claimed(store);
    const writes = [{ id: 'conversation' as const, data: { count: 1 } }];
    const commit = commitOf({ effects: [effect], reads: [{ id: 'conversation', version: 0 }], writes });
    expect(await store.inline.commit(KEY, fence, commit)).toBe('committed');
    expect(await store.inline.commit(KEY, fence, commit)).toBe('committed');
    expect(await other.turns.readState(KEY, 'conversation')).toEqual({ version: 1, data: { count: 1 } });
    expect(await other.inline.claim(KEY, INVOKE, 'run-2', TTL_MS)).toEqual({ outcome: 'answered', answer: ANSWER });
    const head = await headNow(opened);
    expect(head.out.map(({ id }) => id)).toEqual([effect.id]);
    expect(head).toMatchObject({ n: 1, sv: 1, pend: [] });
  });

  test('a commit on state that has moved is a conflict and changes nothing', async () => {
    const { store, other } = await open();
    const held = await holding(store, ['a']);
    const fence = await claimed(other);
    await store.turns.commit(held, turnOf(held, { writes: [{ id: 'conversation', data: { count: 5 } }] }));
    const commit = commitOf({ reads: [{ id: 'conversation', version: 0 }], effects: [effect] });
    expect(await other.inline.commit(KEY, fence, commit)).toBe('conflict');
    expect(await other.inline.claim(KEY, INVOKE, 'run-1', TTL_MS)).toMatchObject({ outcome: 'claimed' });
    const again = commitOf({ reads: [{ id: 'conversation', version: 1 }] });
    expect(await other.inline.commit(KEY, fence, again)).toBe('committed');
  });

  test('beside a holder: it goes on holding, and its commit finds state moved', async () => {
    const { store, other } = await open();
    const held = await holding(store, ['a']);
    const fence = await claimed(other);
    const writes = [{ id: 'conversation' as const, data: { count: 1 } }];
    expect(await other.inline.commit(KEY, fence, commitOf({ writes, effects: [effect] }))).toBe('committed');
    const reads = [{ id: 'conversation' as const, version: 0 }];
    expect(await store.turns.commit(held, turnOf(held, { reads }))).toEqual({ outcome: 'conflict' });
    expect(await store.turns.commit(held, turnOf(held))).toMatchObject({
      outcome: 'held',
      head: { pend: [], out: [{ id: effect.id, started: true }] },
    });
  });

  test('the answer says which delivery it was given to, where the key is that of what the user did', async () => {
    const { store, other } = await open();
    const delivery = keyOf('delivery');
    const answeredAs = { outcome: 'answered', answer: ANSWER, delivery };
    await store.inline.commit(KEY, await claimed(store), commitOf({ delivery }));
    expect(await other.inline.claim(KEY, INVOKE, 'run-2', TTL_MS)).toEqual(answeredAs);
    const late = keyOf('late');
    const outcome = await store.inline.claim(KEY, late, 'run-1', TTL_MS);
    if (outcome.outcome !== 'claimed') throw new Error('It was not claimed.');
    const deferral = { activity: { ...entry('late') }, bodies: [], answer: ANSWER, limit: LIMIT, delivery };
    await store.inline.defer(KEY, outcome.fence, deferral);
    expect(await other.inline.claim(KEY, late, 'run-2', TTL_MS)).toEqual(answeredAs);
  });

  test('effects wake a free conversation', async () => {
    const { store, pass } = await open();
    const fence = await claimed(store);
    await store.inline.commit(KEY, fence, commitOf({ effects: [effect] }));
    pass(store.timing.graceMs + SLACK_MS);
    expect(await store.mailbox.overdue(10)).toEqual([KEY]);
  });

  test('steps are recorded once, and go with the commit', async () => {
    const { store } = await open();
    const fence = await claimed(store);
    expect(await store.inline.recordStep(KEY, fence, INVOKE, 's', 1)).toEqual({ outcome: 'recorded', value: 1 });
    expect(await store.inline.recordStep(KEY, fence, INVOKE, 's', 2)).toEqual({ outcome: 'recorded', value: 1 });
    expect([...(await store.turns.readSteps(KEY, INVOKE))]).toEqual([['s', 1]]);
    await store.inline.commit(KEY, fence, commitOf());
    expect((await store.turns.readSteps(KEY, INVOKE)).size).toBe(0);
  });
}

function deferContract(open: OpenStore): void {
  test('a deferred activity is in the mailbox, once, and has its answer', async () => {
    const opened = await open();
    const { store, other } = opened;
    const fence = await claimed(store);
    const deferral = { activity: entry('invoke'), bodies: [], answer: { status: 202 }, limit: LIMIT };
    expect(await store.inline.defer(KEY, fence, deferral)).toBe('deferred');
    expect(await store.inline.defer(KEY, fence, deferral)).toBe('deferred');
    expect(await other.inline.claim(KEY, INVOKE, 'run-2', TTL_MS)).toEqual({
      outcome: 'answered',
      answer: { status: 202 },
    });
    expect(await accept(other, 'invoke')).toBe('duplicate');
    expect((await headNow(opened)).pend.length).toBe(1);
  });

  test('one that is known already leaves no second body behind', async () => {
    const opened = await open();
    const { store } = opened;
    await accept(store, 'invoke');
    const fence = await claimed(store);
    const body = { ref: 'body-2', activity: message('nobody refers to this') };
    const activity = { key: INVOKE, body: { ref: 'body-2', bytes: 50_000 } };
    const deferral = { activity, bodies: [body], answer: { status: 202 }, limit: LIMIT };
    expect(await store.inline.defer(KEY, fence, deferral)).toBe('deferred');
    expect((await headNow(opened)).pend.length).toBe(1);
    expect(await opened.holds('nobody refers to this')).toBe(false);
  });

  test('a full mailbox takes none', async () => {
    const { store } = await open();
    await accept(store, 'a');
    const fence = await claimed(store);
    const deferral = { activity: entry('invoke'), bodies: [], answer: ANSWER, limit: 1 };
    expect(await store.inline.defer(KEY, fence, deferral)).toBe('full');
    expect(await store.inline.commit(KEY, fence, commitOf())).toBe('committed');
  });
}

function inlineIntentContract(open: OpenStore): void {
  const user = userKey('test', 'user-1');
  const intent = { id: 'i1', conversation: KEY, inline: INVOKE, epoch: 1, changes: { set: { a: 1 }, remove: [] } };

  test('an intent of a run that may still commit is open; insisting revokes the run', async () => {
    const { store, other } = await open();
    const fence = await claimed(store);
    await store.users.propose(user, 0, intent);
    expect(await other.users.judge(intent, 0)).toBe('open');
    expect(await other.users.judge(intent, Number.POSITIVE_INFINITY)).toBe('void');
    expect(await store.inline.commit(KEY, fence, commitOf())).toBe('lost');
    expect((await claimed(other, 'run-2')).epoch).toBe(fence.epoch + 1);
  });

  test('a run that was revoked before is waited for longer', async () => {
    const { store, other } = await open();
    const { patienceMs } = store.timing;
    for (const revoked of [0, 1, 2]) {
      const { epoch } = await claimed(store, `run-${revoked + 1}`);
      expect(await other.users.judge({ ...intent, epoch }, patienceMs * 2 ** revoked - 1)).toBe('open');
      expect(await other.users.judge({ ...intent, epoch }, patienceMs * 2 ** revoked)).toBe('void');
    }
  });

  test('an intent counts when its run committed the fold, and is void when the run ended without', async () => {
    const { store, other } = await open();
    const fence = await claimed(store);
    const fold = { kind: 'fold', id: `${INVOKE}~i1.fold`, user, intent: intent.id } as const;
    await store.inline.commit(KEY, fence, commitOf({ effects: [fold] }));
    expect(await other.users.judge(intent, 0)).toBe('counts');
    expect(await other.users.judge({ ...intent, id: 'i0' }, 0)).toBe('void');
  });

  test('a claim after an erasure has an epoch that none before it had, because effects may be left that are named by it', async () => {
    const { store } = await open();
    const before = await claimed(store);
    await store.inline.commit(KEY, before, commitOf());
    await store.erasure.conversation(KEY);
    expect((await claimed(store, 'run-2')).epoch).toBeGreaterThan(before.epoch);
  });

  test('an intent of a queued turn in the same conversation is not replaced', async () => {
    const { store } = await open();
    const queued = { id: 'q1', conversation: KEY, epoch: 1, changes: { set: { b: 1 }, remove: [] } };
    await store.users.propose(user, 0, queued);
    await store.users.propose(user, 1, intent);
    expect((await store.users.read(user)).intents.map(({ id }) => id)).toEqual(['q1', 'i1']);
  });
}
