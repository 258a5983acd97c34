import { expect, test } from '@jest/globals';
import type { Held } from '../../../src/ports/store';
import {
  accept,
  acquired,
  after,
  commitReplies,
  conversation,
  entry,
  firstOf,
  giveUp,
  headNow,
  holding,
  keyOf,
  LIMIT,
  message,
  namesOf,
  type OpenStore,
  SLACK_MS,
  send,
  turnOf,
} from '../store-under-test';

export function mailboxContract(open: OpenStore): void {
  acceptContract(open);
  dedupeContract(open);
  overdueContract(open);
}

function acceptContract(open: OpenStore): void {
  test('what was accepted is there for whoever acquires, in the order of acceptance', async () => {
    const { store, other } = await open();
    for (const name of ['a', 'b', 'c']) expect(await accept(store, name)).toBe('accepted');
    const { head } = acquired(await other.turns.acquire(conversation(), 'worker'));
    expect(namesOf(head)).toEqual(['a', 'b', 'c']);
    expect(head.pend[0]?.body).toEqual({ inline: message('a'), bytes: 100 });
  });

  test('the trace of an activity, and of an effect, is there for whoever goes on with it', async () => {
    const { store, other } = await open();
    const trace = (digit: string): string => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;
    await store.mailbox.accept(conversation(), { ...entry('a'), trace: trace('a') }, [], LIMIT);
    await store.mailbox.accept(conversation(), { ...entry('b'), trace: trace('b') }, [], LIMIT);
    const held = acquired(await other.turns.acquire(conversation(), 'worker'));
    expect(held.head.pend.map((pending) => pending.trace)).toEqual([trace('a'), trace('b')]);
    const effects = [{ ...send(firstOf(held), 0), trace: trace('c') }, send(firstOf(held), 1)];
    const { head } = after(held, await other.turns.commit(held, turnOf(held, { effects })));
    expect(head.out.map((effect) => effect.trace)).toEqual([trace('c'), undefined]);
    expect(head.pend.map((pending) => pending.trace)).toEqual([trace('b')]);
  });

  test('activities accepted at the same time through two instances are all there, once', async () => {
    const { store, other } = await open();
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
    const outcomes = await Promise.all(names.map((name, index) => accept(index % 2 ? other : store, name)));
    expect(new Set(outcomes)).toEqual(new Set(['accepted']));
    const { head } = acquired(await store.turns.acquire(conversation(), 'worker'));
    expect(namesOf(head).sort()).toEqual([...names].sort());
  });

  test('one delivered five times at once is accepted once', async () => {
    const { store, other } = await open();
    const outcomes = await Promise.all([store, other, store, other, store].map((each) => accept(each, 'a')));
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(4);
    expect(acquired(await store.turns.acquire(conversation(), 'worker')).head.pend).toHaveLength(1);
  });

  test('a full mailbox takes no more, keeps what it has, and knows a duplicate', async () => {
    const { store } = await open();
    for (const name of ['a', 'b']) await store.mailbox.accept(conversation(), entry(name), [], 2);
    const late = { key: keyOf('c'), body: { ref: 'c', bytes: 1 } };
    expect(await store.mailbox.accept(conversation(), late, [{ ref: 'c', activity: message('c') }], 2)).toBe('full');
    expect(await store.turns.readBody(conversation(), 'c')).toBeUndefined();
    expect(await store.mailbox.accept(conversation(), entry('a'), [], 2)).toBe('duplicate');
    const held = acquired(await store.turns.acquire(conversation(), 'worker'));
    expect(namesOf(held.head)).toEqual(['a', 'b']);
    await commitReplies(store, held, 0);
    expect(await store.mailbox.accept(conversation(), entry('c'), [], 2)).toBe('accepted');
  });

  test('a large body is kept beside the record until its turn ends', async () => {
    const { store, other } = await open();
    const large = { key: keyOf('large'), body: { ref: 'large-1', bytes: 300_000 } };
    const body = { ref: 'large-1', activity: message('x'.repeat(300_000)) };
    expect(await store.mailbox.accept(conversation(), large, [body], LIMIT)).toBe('accepted');
    expect(await store.mailbox.accept(conversation(), large, [body], LIMIT)).toBe('duplicate');
    expect(await other.turns.readBody(conversation(), 'large-1')).toEqual(body.activity);
    expect(await store.turns.readBody(conversation('c2'), 'large-1')).toBeUndefined();
    const held = acquired(await store.turns.acquire(conversation(), 'worker'));
    expect(held.head.pend[0]?.body).toEqual({ ref: 'large-1', bytes: 300_000 });
    await commitReplies(store, held, 0);
    expect(await store.turns.readBody(conversation(), 'large-1')).toBeUndefined();
  });
}

function dedupeContract(open: OpenStore): void {
  test('a key is known while its activity waits, and after it was committed or given up', async () => {
    const { store, pass } = await open();
    let held = await holding(store, ['a', 'b', 'c']);
    held = await commitReplies(store, held, 0);
    held = await giveUp(store, held);
    for (const name of ['a', 'b', 'c']) expect(await accept(store, name)).toBe('duplicate');
    pass(store.timing.dedupeMs + SLACK_MS);
    expect(await accept(store, 'c')).toBe('duplicate');
  });

  test('past the horizon a key is accepted again, whether or not others came meanwhile', async () => {
    const { store, pass } = await open();
    const held = await holding(store, ['a', 'b']);
    await commitReplies(store, await commitReplies(store, held, 0), 0);
    pass(store.timing.dedupeMs + SLACK_MS);
    expect(await accept(store, 'a')).toBe('accepted');
    expect(await accept(store, 'b')).toBe('accepted');
  });

  test('what the app has posted is known for longer: for a day', async () => {
    const { store, pass } = await open();
    const post = { ...entry('posted'), proactive: 'send' as const };
    const posted = () => store.mailbox.accept(conversation(), post, [], LIMIT);
    expect(await posted()).toBe('accepted');
    await commitReplies(store, await holding(store, []), 0);
    pass(store.timing.postMemoryMs - SLACK_MS);
    expect(await posted()).toBe('duplicate');
    pass(2 * SLACK_MS);
    expect(await posted()).toBe('accepted');
  });

  test('keys whose horizon has passed do not stay in the record', async () => {
    const { store, storedHead, pass } = await open();
    for (let index = 0; index < 5; index += 1) {
      await commitReplies(store, await holding(store, [`n${index}`], `worker-${index}`), 0);
      pass(store.timing.dedupeMs + SLACK_MS);
    }
    expect((await storedHead(conversation())).seen).toHaveLength(1);
  });

  test('a flood does not make the record grow without end, and does not forget what waits', async () => {
    const { store, storedHead } = await open();
    await accept(store, 'first');
    for (let index = 0; index < 420; index += 1) {
      await store.mailbox.accept(conversation(), entry(`n${index}`), [], 10_000);
    }
    expect(await accept(store, 'first')).toBe('duplicate');
    expect(await accept(store, 'n419')).toBe('duplicate');
    expect((await storedHead(conversation())).pend).toHaveLength(421);
  }, 60_000);
}

function overdueContract(open: OpenStore): void {
  test('nothing is overdue where nothing waits', async () => {
    const { store, pass } = await open();
    const held = await holding(store, ['a']);
    await commitReplies(store, held, 0);
    pass(3_600_000);
    expect(await store.mailbox.overdue(10)).toEqual([]);
  });

  test('what was accepted is overdue after a grace, the longest waiting first, no more than asked for', async () => {
    const { store, pass } = await open();
    for (const name of ['c1', 'c2', 'c3']) {
      await accept(store, 'a', conversation(name));
      pass(SLACK_MS);
    }
    expect(await store.mailbox.overdue(10)).toEqual([]);
    pass(store.timing.graceMs);
    expect(await store.mailbox.overdue(10)).toEqual(['c1', 'c2', 'c3'].map(conversation));
    expect(await store.mailbox.overdue(2)).toEqual(['c1', 'c2'].map(conversation));
  });

  test('more activities do not put off the moment when someone looks', async () => {
    const { store, pass } = await open();
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await accept(store, name);
      pass(1_400);
    }
    expect(await store.mailbox.overdue(10)).toEqual([conversation()]);
  });

  test('a held conversation is overdue once its lease has ended, and each write of its holder begins it anew', async () => {
    const { store, pass } = await open();
    const { leaseMs, graceMs } = store.timing;
    let held: Held = await holding(store, ['a']);
    pass(leaseMs - SLACK_MS);
    held = after(held, await store.turns.renew(held));
    await accept(store, 'b');
    pass(leaseMs - SLACK_MS);
    expect(await store.mailbox.overdue(10)).toEqual([]);
    pass(graceMs + 2 * SLACK_MS);
    expect(await store.mailbox.overdue(10)).toEqual([conversation()]);
  });

  test('a back-off is neither shortened nor lengthened by what is accepted meanwhile', async () => {
    const { store, pass } = await open();
    const held = await holding(store, ['a']);
    await store.turns.handBack(held, { delayMs: 30_000, uncountAttempt: false });
    for (const name of ['b', 'c']) await accept(store, name);
    expect((await store.turns.acquire(conversation(), 'eager')).outcome).toBe('later');
    pass(30_000 - SLACK_MS);
    expect(await store.mailbox.overdue(10)).toEqual([]);
    expect((await store.turns.acquire(conversation(), 'eager')).outcome).toBe('later');
    pass(2 * SLACK_MS);
    expect((await store.turns.acquire(conversation(), 'patient')).outcome).toBe('acquired');
  });

  test('a conversation handed back is overdue when its back-off has passed', async () => {
    const { store, pass } = await open();
    const held = await holding(store, ['a']);
    await store.turns.handBack(held, { delayMs: 30_000, uncountAttempt: false });
    pass(30_000 + store.timing.graceMs + SLACK_MS);
    expect(await store.mailbox.overdue(10)).toEqual([conversation()]);
  });

  test('an acknowledged turn leaves the mailbox of another conversation alone', async () => {
    const open1 = await open();
    await accept(open1.store, 'b', conversation('c2'));
    const held = await holding(open1.store, ['a']);
    await open1.store.turns.commit(held, turnOf(held));
    expect(namesOf(await headNow(open1, conversation('c2')))).toEqual(['b']);
  });
}
