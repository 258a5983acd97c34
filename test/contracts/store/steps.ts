import { expect, test } from '@jest/globals';
import {
  acquired,
  after,
  commitReplies,
  conversation,
  entry,
  holding,
  keyOf,
  LIMIT,
  type OpenStore,
  SLACK_MS,
  turnOf,
} from '../store-under-test';

export function stepContract(open: OpenStore): void {
  test('the first record of a step stands', async () => {
    const { store } = await open();
    const held = await holding(store, ['a']);
    const { turn } = turnOf(held);
    expect(await store.turns.recordStep(held, turn, 'pay', { id: 1 })).toEqual({
      outcome: 'recorded',
      value: { id: 1 },
    });
    expect(await store.turns.recordStep(held, turn, 'pay', { id: 2 })).toEqual({
      outcome: 'recorded',
      value: { id: 1 },
    });
    expect(await store.turns.readSteps(conversation(), turn)).toEqual(new Map([['pay', { id: 1 }]]));
  });

  test('a later attempt finds it, and its own stands beside it', async () => {
    const { store, other, pass } = await open();
    const held = await holding(store, ['a']);
    const { turn } = turnOf(held);
    await store.turns.recordStep(held, turn, 'one', 1);
    pass(store.timing.leaseMs + SLACK_MS);
    const next = acquired(await other.turns.acquire(conversation(), 'worker-2'));
    expect(await store.turns.recordStep(held, turn, 'two', 'old')).toEqual({ outcome: 'fenced' });
    expect(await other.turns.recordStep(next, turn, 'two', 'new')).toEqual({ outcome: 'recorded', value: 'new' });
    expect(await store.turns.readSteps(conversation(), turn)).toEqual(
      new Map<string, unknown>([
        ['one', 1],
        ['two', 'new'],
      ]),
    );
  });

  test('steps belong to their turn and end with it', async () => {
    const { store } = await open();
    const held = await holding(store, ['a', 'b']);
    const { turn } = turnOf(held);
    await store.turns.recordStep(held, turn, 'one', 1);
    const next = await commitReplies(store, held, 0);
    expect(await store.turns.readSteps(conversation(), turn)).toEqual(new Map());
    expect(await store.turns.recordStep(next, turn, 'late', 1)).toEqual({ outcome: 'fenced' });
    await store.turns.recordStep(next, turnOf(next).turn, 'one', 2);
    expect(await store.turns.readSteps(conversation(), turnOf(next).turn)).toEqual(new Map([['one', 2]]));
  });

  test('a commit after a step goes on from what the step left', async () => {
    const { store } = await open();
    const held = await holding(store, ['a']);
    for (const name of ['one', 'two', 'three']) await store.turns.recordStep(held, turnOf(held).turn, name, name);
    expect((await store.turns.commit(held, turnOf(held))).outcome).toBe('released');
  });

  test('what an inline run recorded before it was deferred stays beside what the queued turn records', async () => {
    const { store } = await open();
    const held = await holding(store, ['a']);
    await store.turns.recordStep(held, turnOf(held).turn, 'mine', 1);
    const claimed = await store.inline.claim(conversation(), keyOf('invoke'), 'run-1', 10_000);
    if (claimed.outcome !== 'claimed') throw new Error('It was not claimed.');
    await store.inline.recordStep(conversation(), claimed.fence, keyOf('invoke'), 'inline', 2);
    const deferral = { activity: entry('invoke'), bodies: [], answer: { status: 202 }, limit: LIMIT };
    expect(await store.inline.defer(conversation(), claimed.fence, deferral)).toBe('deferred');
    expect(await store.turns.readSteps(conversation(), turnOf(held).turn)).toEqual(new Map([['mine', 1]]));
    const next = await commitReplies(store, after(held, await store.turns.renew(held)), 0);
    const { turn } = turnOf(next);
    await store.turns.recordStep(next, turn, 'queued', 3);
    expect(await store.turns.readSteps(conversation(), turn)).toEqual(
      new Map([
        ['inline', 2],
        ['queued', 3],
      ]),
    );
    await commitReplies(store, next, 0);
    expect(await store.turns.readSteps(conversation(), turn)).toEqual(new Map());
  });

  test.each(['', 'a/b', '../x', '__proto__', 'constructor', 'ünï ☃ 𝒳', 'quote\' or "1"="1', '%_', 'x'.repeat(2_000)])(
    'a step may be called %p',
    async (name) => {
      const { store } = await open();
      const held = await holding(store, ['a']);
      const { turn } = turnOf(held);
      await store.turns.recordStep(held, turn, 'before', 0);
      await store.turns.recordStep(held, turn, name, null);
      expect(await store.turns.recordStep(held, turn, name, 1)).toEqual({ outcome: 'recorded', value: null });
      expect((await store.turns.readSteps(conversation(), turn)).get(name)).toBeNull();
      await commitReplies(store, held, 0);
      expect(await store.turns.readSteps(conversation(), turn)).toEqual(new Map());
    },
  );
}
