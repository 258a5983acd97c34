import { expect, test } from '@jest/globals';
import type { Held, StateId, Store } from '../../../src/ports/store';
import { userKey } from '../../../src/turn/keys';
import { effectId } from '../../../src/turn/record';
import type { Intent } from '../../../src/turn/user-state';
import { requestsOf } from '../../support/erasure-requests';
import {
  accept,
  acquired,
  after,
  conversation,
  entry,
  firstOf,
  giveUp,
  holding,
  keyOf,
  LIMIT,
  message,
  namesOf,
  type OpenStore,
  SLACK_MS,
  type StoreUnderTest,
  send,
  turnOf,
} from '../store-under-test';

const KEY = conversation();
const USER = userKey('test', 'user-1');
const PRIVATE: StateId = `private:${USER}`;

export function erasureContract(open: OpenStore): void {
  conversationContract(open);
  inFlightContract(open);
  userContract(open);
  userInContract(open);
  requestContract(open);
}

const large = (name: string) => ({ key: keyOf(name), body: { ref: `body-${name}`, bytes: 50_000 } });

/** Something of every kind, with `secret` in each: state, private state, steps, bodies, replies, waiting and dead, an inline answer. */
export async function filled(store: Store): Promise<Held> {
  await store.mailbox.accept(KEY, large('secret-0'), [{ ref: 'body-secret-0', activity: message('secret') }], LIMIT);
  await store.mailbox.accept(KEY, large('secret-1'), [{ ref: 'body-secret-1', activity: message('secret') }], LIMIT);
  for (const name of ['secret-2', 'secret-3', 'secret-4']) await accept(store, name);
  let held = acquired(await store.turns.acquire(KEY, 'worker-1'));
  held = await giveUp(store, held, 'secret');
  const writes = [
    { id: 'conversation' as const, data: { note: 'secret' } },
    { id: PRIVATE, data: { note: 'secret' } },
  ];
  const effects = [send(firstOf(held), 0, 'secret'), { ...send(firstOf(held), 1, 'secret'), afterMs: 60_000 }];
  held = after(held, await store.turns.commit(held, turnOf(held, { effects, writes })));
  held = after(held, await store.turns.markDelivered(held, { effect: effectId(firstOf2(held), 0) }, true));
  await store.turns.recordStep(held, turnOf(held).turn, 'look', 'secret');
  const claimed = await store.inline.claim(KEY, keyOf('invoke'), 'run', 10_000);
  if (claimed.outcome !== 'claimed') throw new Error('The activity was not claimed.');
  const answer = { status: 200, body: 'secret' };
  await store.inline.commit(KEY, claimed.fence, {
    activity: keyOf('invoke'),
    answer,
    effects: [],
    bodies: [],
    reads: [],
    writes: [],
  });
  return held;
}

/** The activity whose effects are recorded first. */
const firstOf2 = (held: Held) => ({ ...firstOf(held), key: keyOf('secret-1') });

function conversationContract(open: OpenStore): void {
  test('erasing leaves nothing of what was said, anywhere', async () => {
    const under = await open();
    const { store, other } = under;
    await filled(store);
    expect(await under.holds('secret')).toBe(true);
    expect(await other.erasure.conversation(KEY)).toBe(true);
    expect(await under.holds('secret')).toBe(false);
    expect(await store.inspection.conversation(KEY)).toBeUndefined();
    expect(await store.inspection.busy(10)).toEqual([]);
    expect(await store.deadLetters.list(10)).toEqual([]);
    for (const id of ['conversation', PRIVATE] as const) {
      expect((await store.turns.readState(KEY, id)).data).toEqual({});
    }
  });

  test('the marker does not say whose conversation it was, and is forgotten after a day', async () => {
    const under = await open();
    const { store } = under;
    await accept(store, 'a');
    await store.erasure.conversation(KEY);
    if (under.isDurable) expect(await under.holds(KEY)).toBe(false);
    expect(await under.forgetsMarker(KEY)).toBe(true);
  });

  test('what was never there leaves a marker as well, and erasing twice is erasing once', async () => {
    const { store, other } = await open();
    expect(await store.erasure.conversation(KEY)).toBe(false);
    expect(await other.erasure.conversation(KEY)).toBe(true);
    expect(await accept(store, 'a')).toBe('accepted');
    expect((await store.turns.acquire(KEY, 'worker-1')).outcome).toBe('acquired');
  });

  test('a new message starts afresh, and its turn runs to its end', async () => {
    const under = await open();
    const { store, other } = under;
    await filled(store);
    await other.erasure.conversation(KEY);
    await accept(store, 'hello');
    const held = acquired(await store.turns.acquire(KEY, 'worker-2'));
    expect(held.head).toMatchObject({ gen: 1, n: 0, att: 1, out: [], ids: [] });
    expect(namesOf(held.head)).toEqual(['hello']);
    const { version, data } = await store.turns.readState(KEY, 'conversation');
    expect(data).toEqual({});
    expect(await store.turns.readSteps(KEY, turnOf(held).turn)).toEqual(new Map());
    await store.turns.recordStep(held, turnOf(held).turn, 'look', 'again');
    const turn = turnOf(held, {
      reads: [
        { id: 'conversation', version },
        { id: PRIVATE, version: 0 },
      ],
      writes: [
        { id: 'conversation', data: { note: 'new' } },
        { id: PRIVATE, data: { note: 'mine' } },
      ],
    });
    expect((await store.turns.commit(held, turn)).outcome).toBe('released');
    expect((await other.turns.readState(KEY, 'conversation')).data).toEqual({ note: 'new' });
    expect((await other.turns.readState(KEY, PRIVATE)).data).toEqual({ note: 'mine' });
    expect(await under.forgetsMarker(KEY)).toBe(false);
  });

  test('what the channel delivers a second time is still known', async () => {
    const { store, pass } = await open();
    await accept(store, 'a');
    await store.erasure.conversation(KEY);
    expect(await accept(store, 'a')).toBe('duplicate');
    pass(store.timing.dedupeMs + SLACK_MS);
    expect(await accept(store, 'a')).toBe('accepted');
  });

  test('a change of user state that was committed is still made', async () => {
    const { store } = await open();
    const held = await holding(store, ['a', 'b']);
    const intent: Intent = { id: 'i1', conversation: KEY, epoch: 1, changes: { set: { a: 1 }, remove: [] } };
    await store.users.propose(USER, 0, intent);
    const fold = { kind: 'fold', id: 'a.fold', user: USER, intent: 'i1' } as const;
    await store.turns.commit(held, turnOf(held, { effects: [fold, send(firstOf(held), 0)] }));
    await store.erasure.conversation(KEY);
    expect(await store.users.judge(intent, Number.POSITIVE_INFINITY)).toBe('counts');
    const [first, ...rest] = acquired(await store.turns.acquire(KEY, 'worker-2')).head.out;
    expect([first?.kind, rest]).toEqual(['fold', []]);
  });

  test('other conversations are left alone', async () => {
    const { store } = await open();
    await accept(store, 'a', conversation('other'));
    await accept(store, 'a');
    await store.erasure.conversation(KEY);
    expect((await store.turns.acquire(conversation('other'), 'worker-1')).outcome).toBe('acquired');
  });
}

function inFlightContract(open: OpenStore): void {
  test('a worker that holds the conversation can write nothing any more', async () => {
    const { store, other } = await open();
    const held = await holding(store, ['a', 'b']);
    const { turn } = turnOf(held);
    await other.erasure.conversation(KEY);
    const fenced = { outcome: 'fenced' };
    expect(await store.turns.commit(held, turnOf(held, { writes: [{ id: PRIVATE, data: { a: 1 } }] }))).toEqual(fenced);
    expect(await store.turns.flush(held, { turn, effects: [send(firstOf(held), 0)], from: 0 }, [])).toEqual(fenced);
    expect(await store.turns.recordStep(held, turn, 'look', 1)).toEqual(fenced);
    expect(await store.turns.renew(held)).toEqual(fenced);
    expect(await store.turns.handBack(held, { delayMs: 0, uncountAttempt: true })).toEqual(fenced);
    expect((await store.turns.acquire(KEY, 'worker-2')).outcome).toBe('idle');
    expect(await store.users.judge(intentOf('i1'), 0)).toBe('void');
  });

  test('nor when new messages have come, and another worker has taken them', async () => {
    const { store, other } = await open();
    const held = await holding(store, ['a']);
    await other.erasure.conversation(KEY);
    await accept(other, 'b');
    const next = acquired(await other.turns.acquire(KEY, 'worker-2'));
    expect(await store.turns.commit(held, turnOf(held))).toEqual({ outcome: 'fenced' });
    expect((await other.turns.commit(next, turnOf(next))).outcome).toBe('released');
    expect(await store.turns.commit(held, turnOf(held))).toEqual({ outcome: 'fenced' });
  });

  test('nor can a run that answers inline, whether it is claimed again or not', async () => {
    const { store, other } = await open();
    const claimed = await store.inline.claim(KEY, keyOf('invoke'), 'run-1', 10_000);
    if (claimed.outcome !== 'claimed') throw new Error('The activity was not claimed.');
    await other.erasure.conversation(KEY);
    const commit = {
      activity: keyOf('invoke'),
      answer: { status: 200 },
      effects: [],
      bodies: [],
      reads: [],
      writes: [{ id: PRIVATE, data: { a: 1 } }],
    };
    const activity = entry('invoke');
    const deferral = { activity, bodies: [], answer: { status: 200 }, limit: LIMIT };
    const lost = async (): Promise<void> => {
      expect(await store.inline.commit(KEY, claimed.fence, commit)).toBe('lost');
      expect(await store.inline.defer(KEY, claimed.fence, deferral)).toBe('lost');
      expect(await store.inline.recordStep(KEY, claimed.fence, activity.key, 'look', 1)).toEqual({ outcome: 'lost' });
    };
    await lost();
    const again = await other.inline.claim(KEY, keyOf('invoke'), 'run-2', 10_000);
    if (again.outcome !== 'claimed') throw new Error('The activity was not claimed again.');
    await lost();
    expect(await other.inline.commit(KEY, again.fence, { ...commit, writes: [] })).toBe('committed');
    await lost();
    expect((await store.turns.readState(KEY, PRIVATE)).data).toEqual({});
  });

  test('erasing and committing at once: nothing of the turn is left', async () => {
    const { store, other } = await open();
    const held = await holding(store, ['a']);
    const turn = turnOf(held, { writes: [{ id: PRIVATE, data: { a: 1 } }] });
    await Promise.all([store.turns.commit(held, turn), other.erasure.conversation(KEY), accept(other, 'b')]);
    expect((await store.turns.readState(KEY, PRIVATE)).data).toEqual({});
  });
}

const intentOf = (id: string): Intent => ({
  id,
  conversation: KEY,
  epoch: 1,
  changes: { set: { note: 'secret' }, remove: [] },
});

/** A user with state, and an intent that waits. */
async function known({ store }: StoreUnderTest): Promise<void> {
  await store.users.propose(USER, 0, intentOf('i1'));
  await store.users.settle(USER, 'i1', true);
  await store.users.propose(USER, 2, intentOf('i2'));
}

function userContract(open: OpenStore): void {
  test('erasing a user leaves neither state nor intents', async () => {
    const under = await open();
    const { store, other } = under;
    await known(under);
    expect(await under.holds('secret')).toBe(true);
    expect(await other.erasure.user(USER)).toBe(true);
    expect(await store.users.read(USER)).toEqual({ version: 4, data: {}, intents: [] });
    expect(await under.holds('secret')).toBe(false);
    if (under.isDurable) expect(await under.holds(USER)).toBe(false);
    expect(await store.erasure.user(userKey('test', 'nobody'))).toBe(false);
  });

  test('turns in flight cannot write it back: neither what they read before, nor what they had proposed', async () => {
    const under = await open();
    const { store } = under;
    await known(under);
    await store.erasure.user(USER);
    expect(await store.users.propose(USER, 3, intentOf('i3'))).toBe('conflict');
    await store.users.settle(USER, 'i2', true);
    expect((await store.users.read(USER)).data).toEqual({});
    // One who is not known yet may be about to be.
    await store.erasure.user(userKey('test', 'new'));
    expect(await store.users.propose(userKey('test', 'new'), 0, intentOf('i4'))).toBe('conflict');
  });

  test('what comes afterwards is kept', async () => {
    const under = await open();
    const { store, other } = under;
    await known(under);
    await store.erasure.user(USER);
    const { version } = await other.users.read(USER);
    expect(await store.users.propose(USER, version, intentOf('i5'))).toBe('proposed');
    await store.users.settle(USER, 'i5', true);
    expect((await other.users.read(USER)).data).toEqual({ note: 'secret' });
  });
}

const from = (user: string, name: string) => {
  const activity = { ...message(name), from: { id: user } };
  return { key: keyOf(name), body: { inline: activity, bytes: 100 } };
};

function userInContract(open: OpenStore): void {
  test("what a conversation keeps of one user goes; the others' stays, in order", async () => {
    const under = await open();
    const { store, other } = under;
    const other1: StateId = `private:${userKey('test', 'bob')}`;
    for (const name of ['gone', 'a', 'b']) await store.mailbox.accept(KEY, from('user-1', name), [], LIMIT);
    const inline = { ...message('c'), from: { id: 'bob' } };
    await store.mailbox.accept(KEY, { key: keyOf('c'), body: { inline, bytes: 100 } }, [], LIMIT);
    await store.mailbox.accept(KEY, large('d'), [{ ref: 'body-d', activity: message('large') }], LIMIT);
    let held = acquired(await store.turns.acquire(KEY, 'worker-1'));
    held = await giveUp(store, held);
    const writes = [
      { id: 'conversation' as const, data: { shared: 1 } },
      { id: PRIVATE, data: { mine: 'secret' } },
      { id: other1, data: { his: 1 } },
    ];
    const pending = firstOf(held);
    const effects = ['user-1', 'bob'].map((id, ordinal) => {
      const inline = { ...message(`for ${id}`), from: { id: 'bot-1' }, recipient: { id } };
      return { kind: 'send' as const, id: effectId(pending, ordinal), activity: { inline, bytes: 100 } };
    });
    held = after(held, await store.turns.commit(held, turnOf(held, { effects, writes })));
    expect(await other.erasure.conversationsOf(USER)).toEqual([KEY]);
    expect(await other.erasure.userIn(KEY, USER)).toBe(true);
    expect(await other.erasure.userIn(KEY, USER)).toBe(false);
    expect((await store.turns.renew(held)).outcome).toBe('fenced');
    expect(await store.deadLetters.list(10)).toEqual([]);
    expect((await store.turns.readState(KEY, PRIVATE)).data).toEqual({});
    expect((await store.turns.readState(KEY, other1)).data).toEqual({ his: 1 });
    expect((await store.turns.readState(KEY, 'conversation')).data).toEqual({ shared: 1 });
    const { head } = acquired(await store.turns.acquire(KEY, 'worker-2'));
    expect(namesOf(head)).toEqual(['c']);
    expect(head.out).toMatchObject([{ activity: { inline: { text: 'for bob' } } }]);
    expect(await under.holds('large')).toBe(false);
    expect(await under.holds('user-1')).toBe(false);
    expect(await other.erasure.conversationsOf(USER)).toEqual([]);
  });

  test('a turn that has read the private state runs again', async () => {
    const { store, other } = await open();
    let held = await holding(store, ['a', 'b', 'c']);
    held = after(held, await store.turns.commit(held, turnOf(held, { writes: [{ id: PRIVATE, data: { a: 1 } }] })));
    const { version } = await store.turns.readState(KEY, PRIVATE);
    const claimed = await store.inline.claim(KEY, keyOf('invoke'), 'run-1', 10_000);
    if (claimed.outcome !== 'claimed') throw new Error('The activity was not claimed.');
    await other.erasure.userIn(KEY, USER);
    const commit = {
      activity: keyOf('invoke'),
      answer: { status: 200 },
      effects: [],
      bodies: [],
      reads: [{ id: PRIVATE, version }],
      writes: [{ id: PRIVATE, data: { a: 2 } }],
    };
    expect(await store.inline.commit(KEY, claimed.fence, commit)).toBe('conflict');
  });

  test('where there is nothing of the user, nobody is disturbed', async () => {
    const { store, other } = await open();
    const held = await holding(store, ['a']);
    expect(await other.erasure.userIn(KEY, userKey('test', 'nobody'))).toBe(false);
    expect(await other.erasure.userIn(conversation('never'), USER)).toBe(false);
    expect((await store.turns.commit(held, turnOf(held))).outcome).toBe('released');
  });

  test('any number of activities goes, however large', async () => {
    const under = await open();
    const { store, other } = under;
    for (const name of Array.from({ length: 50 }, (_, index) => `large-${index}`)) {
      const activity = { ...message('so large'), from: { id: 'user-1' } };
      await store.mailbox.accept(KEY, large(name), [{ ref: `body-${name}`, activity }], LIMIT);
    }
    await store.mailbox.accept(KEY, from('bob', 'z'), [], LIMIT);
    expect(await other.erasure.userIn(KEY, USER)).toBe(true);
    expect(namesOf(acquired(await store.turns.acquire(KEY, 'worker-1')).head)).toEqual(['z']);
    expect(await under.holds('so large')).toBe(false);
  });

  test('any number of dead letters goes', async () => {
    const { store, other } = await open();
    const names = Array.from({ length: 45 }, (_, index) => `dead-${index}`);
    let held = await holding(store, names);
    for (const _ of names.slice(1)) held = await giveUp(store, held);
    expect(await other.erasure.userIn(KEY, USER)).toBe(true);
    expect(await store.deadLetters.list(100)).toEqual([]);
  });
}

const HOLD_MS = 60_000;

/** What is to be forgotten is written down first, so that somebody else finishes what a crash leaves. */
function requestContract(open: OpenStore): void {
  test('nothing is to be finished where nothing was interrupted', async () => {
    const { store, other } = await open();
    await filled(store);
    await store.erasure.conversation(KEY);
    await accept(store, 'hello');
    expect(await other.erasure.finish(10)).toBe(0);
    expect(await requestsOf(other)).toEqual([]);
    expect(namesOf(acquired(await store.turns.acquire(KEY, 'worker-2')).head)).toEqual(['hello']);
  });

  test("a request is its maker's until its time is over, then one other's, and gone when it is carried out", async () => {
    const under = await open();
    const { store, other, pass } = under;
    const requests = [{ conversation: KEY }, { user: USER }];
    const marks = ['first', 'second'] as const;
    for (const [index, each] of requests.entries()) await store.erasure.request(each, marks[index] as string, HOLD_MS);
    expect(await requestsOf(other)).toHaveLength(2);
    expect(await requestsOf(other)).toEqual(expect.arrayContaining(requests));
    const first = await other.erasure.requests(undefined, 1);
    expect(first.requests).toHaveLength(1);
    expect((await other.erasure.requests(first.next, 1)).requests).toHaveLength(1);
    expect(await other.erasure.takeRequest({ user: USER }, HOLD_MS)).toBeUndefined();
    pass(HOLD_MS + SLACK_MS);
    await store.erasure.keepRequest({ conversation: KEY }, HOLD_MS);
    expect(await other.erasure.takeRequest({ conversation: KEY }, HOLD_MS)).toBeUndefined();
    expect(await other.erasure.takeRequest({ user: USER }, HOLD_MS)).toBe(marks[1]);
    expect(await store.erasure.takeRequest({ user: USER }, HOLD_MS)).toBeUndefined();
    await other.erasure.endRequest({ user: USER }, marks[1]);
    pass(HOLD_MS + SLACK_MS);
    expect(await requestsOf(store)).toEqual([{ conversation: KEY }]);
    await store.erasure.endRequest({ conversation: KEY }, marks[0]);
    await store.erasure.endRequest({ conversation: KEY }, marks[0]);
    // What is carried out is not brought back by one who still held it.
    await store.erasure.keepRequest({ conversation: KEY }, HOLD_MS);
    expect(await requestsOf(other)).toEqual([]);
    expect(await other.erasure.takeRequest({ conversation: KEY }, HOLD_MS)).toBeUndefined();
    if (under.isDurable) expect(await under.holds(USER)).toBe(false);
  });

  test('the end of one making of a request leaves a newer one', async () => {
    const { store, other, pass } = await open();
    await store.erasure.request({ user: USER }, 'first', HOLD_MS);
    await other.erasure.request({ user: USER }, 'second', HOLD_MS);
    await store.erasure.endRequest({ user: USER }, 'first');
    expect(await requestsOf(other)).toEqual([{ user: USER }]);
    pass(HOLD_MS + SLACK_MS);
    expect(await store.erasure.takeRequest({ user: USER }, HOLD_MS)).toBe('second');
    await store.erasure.endRequest({ user: USER }, 'second');
    expect(await requestsOf(other)).toEqual([]);
  });

  test('a request that nobody gets done is taken over less and less often', async () => {
    const { store, other, pass } = await open();
    await store.erasure.request({ user: USER }, 'only', HOLD_MS);
    const waits: number[] = [];
    for (let taken = 0; taken < 9; taken += 1) {
      let minutes = 0;
      while (!(await other.erasure.takeRequest({ user: USER }, HOLD_MS))) {
        pass(HOLD_MS);
        minutes += 1;
      }
      waits.push(minutes);
    }
    // What the store's clock may be late by can cost a minute more.
    for (const [index, least] of [1, 1, 2, 4, 8, 16, 32, 64, 64].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(least);
      expect(waits[index]).toBeLessThanOrEqual(least + 1);
    }
  });

  test('a request waits for as long as nobody carries it out', async () => {
    const { store, other, pass } = await open();
    await store.erasure.request({ user: USER }, 'only', HOLD_MS);
    pass(400 * 24 * 3_600_000);
    await store.upkeep.prune(10);
    expect(await requestsOf(other)).toEqual([{ user: USER }]);
    expect(await other.erasure.takeRequest({ user: USER }, HOLD_MS)).toBeDefined();
  });
}
