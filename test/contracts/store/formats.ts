import { expect, test } from '@jest/globals';
import { RECORD_VERSION } from '../../../src/turn/record';
import {
  accept,
  acquired,
  after,
  conversation,
  firstOf,
  giveUp,
  holding,
  keyOf,
  type OpenStore,
  SLACK_MS,
  turnOf,
} from '../store-under-test';

/** What code of a later version may have added to a record. */
const newer = (head: Record<string, unknown>): Record<string, unknown> => ({
  ...head,
  v: RECORD_VERSION + 1,
  inlined: { by: ['newer', 'code'] },
  out: [{ kind: 'telepathy', id: 'x', to: 'everybody' }],
});

export function formatContract(open: OpenStore): void {
  test('a record of an older format is worked on as one of this', async () => {
    const { store, rewriteHead, storedHead } = await open();
    await accept(store, 'a');
    await rewriteHead(conversation(), ({ v, ids, flushed, gen, ...older }) => older);
    expect(await accept(store, 'a')).toBe('duplicate');
    expect(await accept(store, 'b')).toBe('accepted');
    const held = acquired(await store.turns.acquire(conversation(), 'worker'));
    expect(held.head).toMatchObject({ v: RECORD_VERSION, ids: [], flushed: 0, gen: 0, att: 1 });
    expect((await store.turns.commit(held, turnOf(held))).outcome).toBe('held');
    expect(await storedHead(conversation())).toMatchObject({ v: RECORD_VERSION, n: 1 });
  });

  test('one from before anything could be scheduled takes a schedule, and goes on as one of this', async () => {
    const { store, pass, rewriteHead } = await open();
    const earlier = ({ sched, ...older }: Record<string, unknown>) => ({ ...older, v: 1 });
    await accept(store, 'a');
    await rewriteHead(conversation(), earlier);
    expect(await accept(store, 'b')).toBe('accepted');
    let held = acquired(await store.turns.acquire(conversation(), 'worker'));
    for (const _ of ['a', 'b']) held = after(held, await store.turns.commit(held, turnOf(held)));
    expect(held.head).toMatchObject({ lease: null, wake: null, sched: [] });
    await rewriteHead(conversation(), earlier);
    expect(await store.mailbox.unschedule(conversation(), keyOf('none'))).toBe('cancelled');
    const due = 60_000 + Math.max(...held.head.seen.map(({ at }) => at));
    const later = { key: keyOf('c'), body: { ref: 'c', bytes: 1 }, proactive: 'event' as const, due };
    expect(await store.mailbox.schedule(conversation(), later, [], 9)).toBe('scheduled');
    pass(60_000 + SLACK_MS);
    expect(acquired(await store.turns.acquire(conversation(), 'next')).head.pend).toHaveLength(1);
  });

  test('a record of a newer format takes activities, and keeps all that this code does not know', async () => {
    const { store, rewriteHead, storedHead } = await open();
    await accept(store, 'a');
    await rewriteHead(conversation(), newer);
    const before = await storedHead(conversation());
    expect(await accept(store, 'b')).toBe('accepted');
    expect(await accept(store, 'a')).toBe('duplicate');
    const { pend, seen, wake, size, ...rest } = await storedHead(conversation());
    const { pend: _pend, seen: _seen, wake: _wake, size: _size, ...restBefore } = before;
    expect(rest).toEqual(restBefore);
    expect(pend).toMatchObject([{ key: keyOf('a') }, { key: keyOf('b') }]);
  });

  test('nobody but newer code works on it, and it is not forgotten', async () => {
    const { store, rewriteHead, storedHead, pass } = await open();
    await accept(store, 'a');
    await rewriteHead(conversation(), newer);
    const before = await storedHead(conversation());
    expect((await store.turns.acquire(conversation(), 'worker')).outcome).toBe('later');
    const intent = { id: 'i1', conversation: conversation(), epoch: 0, changes: { set: {}, remove: [] } };
    expect(await store.users.judge(intent, Number.POSITIVE_INFINITY)).toBe('open');
    expect(await storedHead(conversation())).toEqual(before);
    pass(store.timing.graceMs + SLACK_MS);
    expect(await store.mailbox.overdue(10)).toEqual([conversation()]);
  });

  test('a holder whose record has become newer is fenced', async () => {
    const { store, rewriteHead, storedHead } = await open();
    const held = await holding(store, ['a', 'b']);
    await rewriteHead(conversation(), newer);
    const before = await storedHead(conversation());
    expect(await store.turns.renew(held)).toEqual({ outcome: 'fenced' });
    expect(await store.turns.commit(held, turnOf(held))).toEqual({ outcome: 'fenced' });
    expect(await store.turns.handBack(held, { delayMs: 0, uncountAttempt: false })).toEqual({ outcome: 'fenced' });
    expect(await store.turns.recordStep(held, turnOf(held).turn, 'step', 1)).toEqual({ outcome: 'fenced' });
    expect(await storedHead(conversation())).toEqual(before);
  });

  test('a dead letter can be replayed into it', async () => {
    const { store, rewriteHead, storedHead } = await open();
    const held = await giveUp(store, await holding(store, ['a', 'b']));
    expect(firstOf(held).key).toBe(keyOf('b'));
    await rewriteHead(conversation(), newer);
    const [letter] = await store.deadLetters.list(1);
    expect(await store.deadLetters.requeue(conversation(), letter?.id ?? '')).toBe('requeued');
    const { pend, inlined } = await storedHead(conversation());
    expect(pend).toMatchObject([{ key: keyOf('b') }, { key: keyOf('a'), replay: 1 }]);
    expect(inlined).toEqual({ by: ['newer', 'code'] });
  });
}
