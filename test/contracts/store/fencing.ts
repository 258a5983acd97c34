import { expect, test } from '@jest/globals';
import type { Held, Store } from '../../../src/ports/store';
import {
  acquired,
  commitReplies,
  conversation,
  firstOf,
  headNow,
  holding,
  message,
  type OpenStore,
  SLACK_MS,
  send,
  turnOf,
} from '../store-under-test';

type Write = (store: Store, held: Held) => Promise<{ readonly outcome: string }>;

const WRITES: readonly (readonly [string, Write])[] = [
  ['renew', (store, held) => store.turns.renew(held)],
  [
    'commit',
    (store, held) =>
      store.turns.commit(
        held,
        turnOf(held, {
          effects: [send(firstOf(held), 0)],
          bodies: [{ ref: 'stray', activity: message('x') }],
          writes: [{ id: 'conversation', data: { lost: true } }],
          dead: { code: 'Failed', message: '' },
        }),
      ),
  ],
  [
    'flush',
    (store, held) =>
      store.turns.flush(held, { turn: turnOf(held).turn, effects: [send(firstOf(held), 0)], from: 0 }, [
        { ref: 'stray', activity: message('x') },
      ]),
  ],
  ['hand back', (store, held) => store.turns.handBack(held, { delayMs: 60_000, uncountAttempt: true })],
  ['record a step', (store, held) => store.turns.recordStep(held, turnOf(held).turn, 'step', 1)],
];

export function fencingContract(open: OpenStore): void {
  test.each(WRITES)('cannot %s, and what it tried has changed nothing', async (_name, write) => {
    const open1 = await open();
    const { store, other, pass } = open1;
    const stalled = await holding(store, ['a', 'b']);
    pass(store.timing.leaseMs + SLACK_MS);
    const taken = acquired(await other.turns.acquire(conversation(), 'worker-2'));
    expect(await write(store, stalled)).toEqual({ outcome: 'fenced' });
    expect(await store.turns.readState(conversation(), 'conversation')).toEqual({ version: 0, data: {} });
    expect(await store.turns.readBody(conversation(), 'stray')).toBeUndefined();
    expect(await store.turns.readSteps(conversation(), turnOf(stalled).turn)).toEqual(new Map());
    expect(await store.deadLetters.list(10)).toEqual([]);
    expect(acquired(await store.turns.acquire(conversation(), 'worker-2')).head).toEqual(taken.head);
  });

  test('cannot mark what it delivered', async () => {
    const open1 = await open();
    const { store, pass } = open1;
    const stalled = await commitReplies(store, await holding(store, ['a']), 2);
    pass(store.timing.leaseMs + SLACK_MS);
    acquired(await store.turns.acquire(conversation(), 'worker-2'));
    const effect = stalled.head.out[0]?.id ?? '';
    expect(await store.turns.markDelivered(stalled, { effect }, false)).toEqual({ outcome: 'fenced' });
    const dead = { code: 'Refused', message: '' };
    expect(await store.turns.markDelivered(stalled, { effect, dead }, false)).toEqual({ outcome: 'fenced' });
    expect(await store.deadLetters.list(10)).toEqual([]);
    expect((await headNow(open1)).out).toHaveLength(2);
  });

  test('stays fenced when the one who took over has finished and gone', async () => {
    const { store, pass } = await open();
    const stalled = await holding(store, ['a']);
    pass(store.timing.leaseMs + SLACK_MS);
    const taken = acquired(await store.turns.acquire(conversation(), 'worker-2'));
    await commitReplies(store, taken, 0);
    for (const [, write] of WRITES) expect(await write(store, stalled)).toEqual({ outcome: 'fenced' });
  });

  test('is told so when its own commit was applied before: it has to stop all the same', async () => {
    const { store, pass } = await open();
    const held = await holding(store, ['a', 'b']);
    const turn = turnOf(held, { writes: [{ id: 'conversation', data: { n: 1 } }] });
    await store.turns.commit(held, turn);
    pass(store.timing.leaseMs + SLACK_MS);
    acquired(await store.turns.acquire(conversation(), 'worker-2'));
    expect(await store.turns.commit(held, turn)).toEqual({ outcome: 'fenced' });
    expect(await store.turns.readState(conversation(), 'conversation')).toEqual({ version: 1, data: { n: 1 } });
  });

  test('of two who write at once across a takeover, only the new one gets through', async () => {
    const { store, other, pass } = await open();
    const stalled = await holding(store, ['a', 'b']);
    pass(store.timing.leaseMs + SLACK_MS);
    const taken = acquired(await other.turns.acquire(conversation(), 'worker-2'));
    const write = (each: Store, held: Held, who: string) =>
      each.turns.commit(held, turnOf(held, { writes: [{ id: 'conversation', data: { who } }] }));
    const [old, young] = await Promise.all([write(store, stalled, 'old'), write(other, taken, 'young')]);
    expect([old.outcome, young.outcome]).toEqual(['fenced', 'held']);
    expect((await store.turns.readState(conversation(), 'conversation')).data).toEqual({ who: 'young' });
  });
}
