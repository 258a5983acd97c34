import { expect, test } from '@jest/globals';
import type { Store } from '../../../src/ports/store';
import { MAX_SCHEDULED, MAX_SCHEDULED_BY_CALLERS, MAX_SCHEDULED_BY_ONE_CALLER } from '../../../src/turn/timing';
import {
  accept,
  acquired,
  after,
  conversation,
  entry,
  holding,
  keyOf,
  LIMIT,
  message,
  namesOf,
  type OpenStore,
  SLACK_MS,
  turnOf,
} from '../store-under-test';

const MINUTE = 60_000;

export function scheduleContract(open: OpenStore): void {
  test('what is scheduled comes into the mailbox at its time, in the order of times, and is found ahead of it', async () => {
    const { store, other, pass } = await open();
    const now = await storeNow(store);
    expect(await schedule(store, 'later', now + 20 * MINUTE)).toBe('scheduled');
    expect(await schedule(other, 'sooner', now + 10 * MINUTE)).toBe('scheduled');
    expect(await store.mailbox.overdue(10)).toEqual([]);
    expect((await store.turns.acquire(conversation(), 'early')).outcome).toBe('scheduled');
    pass(10 * MINUTE - store.timing.aheadMs + SLACK_MS);
    expect(await store.mailbox.overdue(10)).toEqual([conversation()]);
    const early = await store.turns.acquire(conversation(), 'ahead');
    expect(early.outcome).toBe('scheduled');
    expect('remainingMs' in early && early.remainingMs).toBeLessThanOrEqual(store.timing.aheadMs);
    pass(10 * MINUTE + store.timing.aheadMs);
    const held = acquired(await other.turns.acquire(conversation(), 'worker'));
    expect(namesOf(held.head)).toEqual(['sooner', 'later']);
    expect(held.head.sched).toEqual([]);
    expect(held.head.pend[0]).toMatchObject({ proactive: 'event' });
  });

  test('what is scheduled during a turn waits for it, and what is accepted meanwhile comes first', async () => {
    const { store, pass } = await open();
    const held = await holding(store, ['a']);
    const now = (held.head.lease?.until ?? 0) - store.timing.leaseMs;
    expect(await schedule(store, 'due', now + 5_000)).toBe('scheduled');
    await accept(store, 'b');
    pass(5_000 + SLACK_MS);
    const goes = after(held, await store.turns.commit(held, turnOf(held)));
    expect(namesOf(goes.head)).toEqual(['b']);
    const done = after(goes, await store.turns.commit(goes, turnOf(goes)));
    expect(done.head).toMatchObject({ lease: null, sched: [{ key: keyOf('due') }] });
    expect(namesOf(acquired(await store.turns.acquire(conversation(), 'next')).head)).toEqual(['due']);
  });

  test('a conversation at rest with something scheduled takes what comes, and is looked at for that', async () => {
    const { store, pass } = await open();
    await schedule(store, 'far', (await storeNow(store)) + 24 * 60 * MINUTE);
    expect(await accept(store, 'a')).toBe('accepted');
    expect(await accept(store, 'b')).toBe('accepted');
    expect(await accept(store, 'a')).toBe('duplicate');
    pass(store.timing.graceMs + SLACK_MS);
    expect(await store.mailbox.overdue(10)).toEqual([conversation()]);
    const held = acquired(await store.turns.acquire(conversation(), 'worker'));
    expect(namesOf(held.head)).toEqual(['a', 'b']);
    expect(held.head.sched).toHaveLength(1);
  });

  test('what is due already is accepted at once; scheduled twice it is scheduled once', async () => {
    const { store, pass } = await open();
    const now = await storeNow(store);
    expect(await schedule(store, 'past', now - MINUTE)).toBe('accepted');
    expect(await schedule(store, 'past', now - MINUTE)).toBe('duplicate');
    expect(await schedule(store, 'soon', now + MINUTE)).toBe('scheduled');
    expect(await schedule(store, 'soon', now + MINUTE)).toBe('duplicate');
    pass(MINUTE + SLACK_MS);
    expect(namesOf(acquired(await store.turns.acquire(conversation(), 'worker')).head)).toEqual(['past', 'soon']);
    // A repetition that comes when it has come due.
    expect(await schedule(store, 'soon', now + MINUTE)).toBe('duplicate');
  });

  test('what is taken back does not come, with its body, and leaves what remains in its place', async () => {
    const { store, other, pass } = await open();
    const now = await storeNow(store);
    const large = { key: keyOf('a'), body: { ref: 'body-a', bytes: 9 }, proactive: 'send' as const, due: now + MINUTE };
    await store.mailbox.schedule(conversation(), large, [{ ref: 'body-a', activity: message('a') }], LIMIT);
    await schedule(store, 'b', now + 2 * MINUTE);
    expect(await other.mailbox.unschedule(conversation(), keyOf('a'))).toBe('cancelled');
    expect(await other.mailbox.unschedule(conversation(), keyOf('a'))).toBe('cancelled');
    expect(await other.mailbox.unschedule(conversation(), keyOf('a'), true)).toBe('cancelled');
    expect(await store.mailbox.unschedule(conversation('nowhere'), keyOf('a'))).toBe('cancelled');
    expect(await store.mailbox.unschedule(conversation('nowhere'), keyOf('a'), true)).toBe('gone');
    expect(await store.turns.readBody(conversation(), 'body-a')).toBeUndefined();
    pass(3 * MINUTE);
    expect(namesOf(acquired(await store.turns.acquire(conversation(), 'worker')).head)).toEqual(['b']);
    expect(await store.mailbox.unschedule(conversation(), keyOf('b'))).toBe('gone');
    expect(await store.mailbox.unschedule(conversation(), keyOf('b'), true)).toBe('gone');
  });

  test('what was taken back does not come back when its schedule is repeated, or arrives only then', async () => {
    const { store, other, pass } = await open();
    const due = (await storeNow(store)) + 3 * MINUTE;
    await accept(store, 'at rest');
    for (const name of ['before', 'never placed', 'immediate']) {
      if (name === 'before') expect(await schedule(store, name, due)).toBe('scheduled');
      expect(await other.mailbox.unschedule(conversation(), keyOf(name))).toBe('cancelled');
      expect(await schedule(store, name, due)).toBe('duplicate');
      expect(await schedule(other, name, 0)).toBe('duplicate');
      expect(await accept(store, name)).toBe('duplicate');
    }
    pass(store.timing.postMemoryMs - MINUTE);
    expect(await schedule(store, 'before', 0)).toBe('duplicate');
    expect(namesOf(acquired(await store.turns.acquire(conversation(), 'worker')).head)).toEqual(['at rest']);
  });

  test('what was taken back stays away in whatever order schedules, cancellations and crashes come', async () => {
    const { store, other, pass } = await open();
    const base = await storeNow(store);
    await accept(store, 'at rest');
    for (let seed = 0; seed < 24; seed += 1) {
      const name = `n${seed}`;
      // Each repetition is that of a caller that has died, or has not heard what became of its first try.
      const calls = [0, 1, 2, 3].map((bit) => ((seed >> bit) & 1 ? 'schedule' : 'cancel'));
      const by = seed & 16 ? store : other;
      for (const call of calls) {
        if (call === 'schedule') await schedule(by, name, base + 2 * MINUTE);
        else expect(await by.mailbox.unschedule(conversation(), keyOf(name))).toBe('cancelled');
      }
      if (!calls.includes('cancel')) await store.mailbox.unschedule(conversation(), keyOf(name));
    }
    pass(3 * MINUTE);
    const { head } = acquired(await store.turns.acquire(conversation(), 'worker'));
    expect([namesOf(head), head.sched]).toEqual([['at rest'], []]);
  });

  test('a schedule made in the place of one that was taken back is another one', async () => {
    const { store, pass } = await open();
    const due = (await storeNow(store)) + MINUTE;
    await schedule(store, 'a', due);
    await store.mailbox.unschedule(conversation(), keyOf('a'));
    expect(await schedule(store, 'b', due)).toBe('scheduled');
    pass(2 * MINUTE);
    expect(namesOf(acquired(await store.turns.acquire(conversation(), 'worker')).head)).toEqual(['b']);
  });

  test('other applications have shares, and the bot the rest', async () => {
    const { store, pass } = await open();
    const due = (await storeNow(store)) + MINUTE;
    const count = async (by: string | undefined, name: string): Promise<number> => {
      for (let index = 0; ; index += 1) {
        if ((await schedule(store, `${name}${index}`, due, by)) === 'full') return index;
      }
    };
    expect(await count('app-a', 'a')).toBe(MAX_SCHEDULED_BY_ONE_CALLER);
    expect(await count('app-b', 'b')).toBe(MAX_SCHEDULED_BY_ONE_CALLER);
    expect(await count('app-c', 'c')).toBe(MAX_SCHEDULED_BY_CALLERS - 2 * MAX_SCHEDULED_BY_ONE_CALLER);
    expect(await count(undefined, 'own')).toBe(MAX_SCHEDULED - MAX_SCHEDULED_BY_CALLERS);
    expect(await schedule(store, 'a0', due, 'app-a')).toBe('duplicate');
    expect(await store.mailbox.unschedule(conversation(), keyOf('b0'), true)).toBe('cancelled');
    expect(await schedule(store, 'b in its place', due, 'app-b')).toBe('scheduled');
    pass(2 * MINUTE);
    const { head } = acquired(await store.turns.acquire(conversation(), 'worker'));
    expect(head.pend[0]).not.toHaveProperty('by');
  });

  test('a large activity keeps its body until its turn is over', async () => {
    const { store, pass } = await open();
    const due = (await storeNow(store)) + MINUTE;
    const large = { key: keyOf('a'), body: { ref: 'body-a', bytes: 9 }, proactive: 'send' as const, due };
    await store.mailbox.schedule(conversation(), large, [{ ref: 'body-a', activity: message('a') }], LIMIT);
    pass(MINUTE + SLACK_MS);
    const held = acquired(await store.turns.acquire(conversation(), 'worker'));
    expect(await store.turns.readBody(conversation(), 'body-a')).toEqual(message('a'));
    after(held, await store.turns.commit(held, turnOf(held)));
    expect(await store.turns.readBody(conversation(), 'body-a')).toBeUndefined();
  });

  test('what was erased had nothing scheduled, and takes a new schedule', async () => {
    const { store, pass } = await open();
    const due = (await storeNow(store)) + MINUTE;
    const large = { key: keyOf('a'), body: { ref: 'body-a', bytes: 9 }, proactive: 'send' as const, due };
    await store.mailbox.schedule(conversation(), large, [{ ref: 'body-a', activity: message('a') }], LIMIT);
    await store.erasure.conversation(conversation());
    // A repetition of what was erased, by one that has not heard of its first try.
    expect(await store.mailbox.schedule(conversation(), large, [], LIMIT)).toBe('duplicate');
    expect(await store.mailbox.unschedule(conversation(), keyOf('a'))).toBe('cancelled');
    expect(await store.turns.readBody(conversation(), 'body-a')).toBeUndefined();
    expect(await schedule(store, 'b', due)).toBe('scheduled');
    pass(2 * MINUTE);
    expect(namesOf(acquired(await store.turns.acquire(conversation(), 'worker')).head)).toEqual(['b']);
  });

  test('so many and no more wait for their time', async () => {
    const { store } = await open();
    const due = (await storeNow(store)) + MINUTE;
    for (let index = 0; index < MAX_SCHEDULED; index += 1) await schedule(store, `n${index}`, due);
    expect(await schedule(store, 'one more', due)).toBe('full');
    expect(await schedule(store, 'n0', due)).toBe('duplicate');
  });

  test('what is due together comes in portions that a write can hold, and none is left behind', async () => {
    const { store, pass } = await open();
    const due = (await storeNow(store)) + MINUTE;
    const names = Array.from({ length: 45 }, (_, index) => `n${String(index).padStart(2, '0')}`);
    for (const [index, name] of names.entries()) await schedule(store, name, due + index);
    pass(MINUTE + SLACK_MS);
    const seen: (string | undefined)[] = [];
    for (let round = 0; round < 10 && seen.length < names.length; round += 1) {
      let held = acquired(await store.turns.acquire(conversation(), `worker-${round}`));
      while (held.head.lease !== null) {
        seen.push(...namesOf(held.head).slice(0, 1));
        held = after(held, await store.turns.commit(held, turnOf(held)));
      }
    }
    expect(seen).toEqual(names);
  });
}

function schedule(store: Store, name: string, due: number, by?: string): ReturnType<Store['mailbox']['schedule']> {
  const source = by === undefined ? {} : { by };
  return store.mailbox.schedule(conversation(), { ...entry(name), proactive: 'event', due, ...source }, [], LIMIT);
}

/** The store's time, learned from a lease of another conversation. */
async function storeNow(store: Store): Promise<number> {
  await accept(store, 'clock', conversation('clock'));
  const { head } = acquired(await store.turns.acquire(conversation('clock'), `clock-${Math.random()}`));
  // Given back, so that it is not overdue later.
  const held = { key: conversation('clock'), fence: { epoch: head.epoch, owner: head.lease?.owner ?? '' }, head };
  await store.turns.commit(held, turnOf(held));
  return (head.lease?.until ?? 0) - store.timing.leaseMs;
}
