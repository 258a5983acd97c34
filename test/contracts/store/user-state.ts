import { expect, test } from '@jest/globals';
import type { Held, Store } from '../../../src/ports/store';
import { userKey } from '../../../src/turn/keys';
import { effectId } from '../../../src/turn/record';
import { MAX_UNCOUNTED } from '../../../src/turn/timing';
import type { Intent } from '../../../src/turn/user-state';
import {
  accept,
  acquired,
  after,
  conversation,
  firstOf,
  holding,
  type OpenStore,
  SLACK_MS,
  turnOf,
} from '../store-under-test';

const USER = userKey('test', 'user-1');

function intent(id: string, set: Record<string, unknown>, different: Partial<Intent> = {}): Intent {
  return { id, conversation: conversation(), epoch: 1, changes: { set, remove: [] }, ...different };
}

/** Commits the turn of `held` with a fold of the intent. */
async function commitFold(store: Store, held: Held, id: string): Promise<Held> {
  const fold = { kind: 'fold', id: `${effectId(firstOf(held), 0)}.fold`, user: USER, intent: id } as const;
  return after(held, await store.turns.commit(held, turnOf(held, { effects: [fold] })));
}

export function userStateContract(open: OpenStore): void {
  intentContract(open);
  judgeContract(open);
}

function intentContract(open: OpenStore): void {
  test('a user of whom nothing is known has no state', async () => {
    const { store } = await open();
    expect(await store.users.read(USER)).toEqual({ version: 0, data: {}, intents: [] });
  });

  test('a change is proposed, then folded, once', async () => {
    const { store, other } = await open();
    const first = intent('i1', { color: 'red', size: 1 });
    expect(await store.users.propose(USER, 0, first)).toBe('proposed');
    expect(await other.users.read(USER)).toEqual({ version: 1, data: {}, intents: [first] });
    await store.users.settle(USER, 'i1', true);
    await other.users.settle(USER, 'i1', true);
    expect(await store.users.read(USER)).toEqual({ version: 2, data: { color: 'red', size: 1 }, intents: [] });
    const second = intent('i2', { size: 2 }, { changes: { set: { size: 2 }, remove: ['color'] } });
    expect(await store.users.propose(USER, 2, second)).toBe('proposed');
    await store.users.settle(USER, 'i2', true);
    expect((await store.users.read(USER)).data).toEqual({ size: 2 });
  });

  test('a change that does not count is taken back, once', async () => {
    const { store } = await open();
    await store.users.propose(USER, 0, intent('i1', { a: 1 }));
    await store.users.settle(USER, 'i1', false);
    await store.users.settle(USER, 'i1', true);
    expect(await store.users.read(USER)).toEqual({ version: 2, data: {}, intents: [] });
  });

  test('settling what was never proposed changes nothing', async () => {
    const { store } = await open();
    await store.users.settle(USER, 'i0', true);
    await store.users.settle(USER, 'i0', false);
    expect(await store.users.read(USER)).toEqual({ version: 0, data: {}, intents: [] });
  });

  test('a proposal on another version than the one read is a conflict; the same again is not', async () => {
    const { store } = await open();
    const first = intent('i1', { a: 1 });
    expect(await store.users.propose(USER, 3, first)).toBe('conflict');
    expect(await store.users.propose(USER, 0, first)).toBe('proposed');
    expect(await store.users.propose(USER, 0, first)).toBe('proposed');
    expect(await store.users.propose(USER, 0, intent('i2', { a: 2 }, { conversation: conversation('c2') }))).toBe(
      'conflict',
    );
    expect(await store.users.read(USER)).toMatchObject({ version: 1, intents: [first] });
  });

  test('of two conversations that propose at once, one has to read again', async () => {
    const { store, other } = await open();
    const outcomes = await Promise.all([
      store.users.propose(USER, 0, intent('i1', { a: 1 })),
      other.users.propose(USER, 0, intent('i2', { b: 1 }, { conversation: conversation('c2') })),
    ]);
    expect([...outcomes].sort()).toEqual(['conflict', 'proposed']);
  });

  test('what an earlier attempt of the same conversation left is replaced; a later one is not', async () => {
    const { store } = await open();
    await store.users.propose(USER, 0, intent('i1', { a: 1 }, { epoch: 2 }));
    expect(await store.users.propose(USER, 1, intent('i2', { a: 2 }, { epoch: 1 }))).toBe('conflict');
    expect(await store.users.propose(USER, 1, intent('i3', { a: 3 }, { epoch: 3 }))).toBe('proposed');
    expect((await store.users.read(USER)).intents.map(({ id }) => id)).toEqual(['i3']);
  });

  test('counters that many conversations raise at once are exact', async () => {
    const { store, other } = await open();
    const raise = async (each: Store, name: string): Promise<void> => {
      for (let attempt = 0; ; attempt += 1) {
        const { version, data, intents } = await each.users.read(USER);
        for (const { id } of intents) await each.users.settle(USER, id, true);
        if (intents.length > 0) continue;
        const count = ((data.count as number | undefined) ?? 0) + 1;
        const made = intent(`${name}-${attempt}`, { count }, { conversation: conversation(name) });
        if ((await each.users.propose(USER, version, made)) === 'conflict') continue;
        return each.users.settle(USER, made.id, true);
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, index) => raise(index % 2 ? other : store, `c${index}`)));
    expect((await store.users.read(USER)).data).toEqual({ count: 10 });
  });

  test('users are kept apart', async () => {
    const { store } = await open();
    await store.users.propose(USER, 0, intent('i1', { a: 1 }));
    expect(await store.users.read(userKey('test', 'user-2'))).toEqual({ version: 0, data: {}, intents: [] });
    expect(await store.users.read(userKey('other', 'user-1'))).toEqual({ version: 0, data: {}, intents: [] });
  });
}

function judgeContract(open: OpenStore): void {
  test('an intent counts once its fold is committed', async () => {
    const { store, pass } = await open();
    const held = await holding(store, ['a', 'b']);
    expect(await store.users.judge(intent('i1', {}), 0)).toBe('open');
    await commitFold(store, held, 'i1');
    expect(await store.users.judge(intent('i1', {}), 0)).toBe('counts');
    expect(await store.users.judge(intent('i1', {}), Number.POSITIVE_INFINITY)).toBe('counts');
    pass(store.timing.leaseMs + SLACK_MS);
    acquired(await store.turns.acquire(conversation(), 'worker-2'));
    expect(await store.users.judge(intent('i1', {}), Number.POSITIVE_INFINITY)).toBe('counts');
  });

  test('one of a conversation that does not exist is void', async () => {
    const { store } = await open();
    expect(await store.users.judge(intent('i1', {}, { conversation: conversation('never') }), 0)).toBe('void');
  });

  test('one of an earlier epoch is void, and the present holder keeps its hold', async () => {
    const { store, pass } = await open();
    await holding(store, ['a']);
    pass(store.timing.leaseMs + SLACK_MS);
    const taken = acquired(await store.turns.acquire(conversation(), 'worker-2'));
    expect(await store.users.judge(intent('i1', {}), Number.POSITIVE_INFINITY)).toBe('void');
    expect((await store.turns.renew(taken)).outcome).toBe('held');
  });

  test('one whose holder is gone is void, and its attempt can no longer commit', async () => {
    const { store, pass } = await open();
    const held = await holding(store, ['a']);
    pass(store.timing.leaseMs + SLACK_MS);
    expect(await store.users.judge(intent('i1', {}), 0)).toBe('void');
    expect(await store.turns.commit(held, turnOf(held))).toEqual({ outcome: 'fenced' });
    expect(acquired(await store.turns.acquire(conversation(), 'worker-2')).head).toMatchObject({ epoch: 3, att: 2 });
  });

  test('a live holder is fenced only on insistence, and its attempt is not held against the activity', async () => {
    const { store, other } = await open();
    const held = await holding(store, ['a']);
    expect(await other.users.judge(intent('i1', {}), 0)).toBe('open');
    expect((await store.turns.renew(held)).outcome).toBe('held');
    expect(await other.users.judge(intent('i1', {}), Number.POSITIVE_INFINITY)).toBe('void');
    expect(await store.turns.commit(held, turnOf(held))).toEqual({ outcome: 'fenced' });
    const next = acquired(await store.turns.acquire(conversation(), 'worker-2'));
    expect(next.head).toMatchObject({ epoch: 3, att: 1 });
  });

  test('a live holder is waited for longer each time that it was fenced for this', async () => {
    const { store, other } = await open();
    const { patienceMs } = store.timing;
    let held = await holding(store, ['a']);
    for (let fenced = 0; fenced < 3; fenced += 1) {
      const mine = { ...intent('i1', {}), epoch: held.fence.epoch };
      expect(await other.users.judge(mine, patienceMs * 2 ** fenced - 1)).toBe('open');
      expect(await other.users.judge(mine, patienceMs * 2 ** fenced)).toBe('void');
      // Repeated after an unknown outcome, it is one judgement.
      expect(await other.users.judge(mine, patienceMs * 2 ** fenced)).toBe('void');
      held = acquired(await store.turns.acquire(conversation(), `worker-${fenced + 2}`));
      expect(held.head).toMatchObject({ att: 1, uncounted: fenced + 1 });
    }
    expect(after(held, await store.turns.commit(held, turnOf(held))).head).not.toHaveProperty('uncounted');
    // The next activity begins anew.
    await accept(store, 'b');
    const next = acquired(await store.turns.acquire(conversation(), 'worker-9'));
    expect(await other.users.judge({ ...intent('i1', {}), epoch: next.fence.epoch }, patienceMs)).toBe('void');
  });

  test('what ends attempts too often is counted in the end', async () => {
    const { store } = await open();
    let held = await holding(store, ['a']);
    const contended = { delayMs: 0, uncountAttempt: false, contended: true } as const;
    for (let ended = 1; ended <= MAX_UNCOUNTED + 2; ended += 1) {
      await store.turns.handBack(held, contended);
      expect(await store.turns.handBack(held, contended)).toMatchObject({ outcome: 'released' });
      held = acquired(await store.turns.acquire(conversation(), `worker-${ended + 1}`));
      expect(held.head.att).toBe(Math.max(1, ended + 1 - MAX_UNCOUNTED));
    }
  });

  test('judging and committing at once: the verdict is what happened', async () => {
    const { store, other } = await open();
    const held = await holding(store, ['a', 'b']);
    const fold = { kind: 'fold', id: `${effectId(firstOf(held), 0)}.fold`, user: USER, intent: 'i1' } as const;
    const [verdict, committed] = await Promise.all([
      other.users.judge(intent('i1', {}), Number.POSITIVE_INFINITY),
      store.turns.commit(held, turnOf(held, { effects: [fold] })),
    ]);
    expect(['counts/held', 'void/fenced']).toContain(`${verdict}/${committed.outcome}`);
  });
}
