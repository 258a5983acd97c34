import type { AcquireOutcome, Body, Held, Store, TurnCommit } from '../ports/store';
import type { Activity } from '../schema/activity';
import type { NewActivity } from '../turn/accept';
import type { NewEffect, TooLarge } from '../turn/commit';
import type { HoldOutcome } from '../turn/hold';
import { activityKey, type ConversationKey, type UserKey } from '../turn/keys';
import { effectId, type PendingActivity, turnPrefix } from '../turn/record';

/** Surroundings of a check: a store that may be in use, and keys that no other caller has. */
export interface CheckBench {
  readonly store: Store;
  /** Another instance on the same data, as another process would have it. */
  readonly other: Store;
  /** Returns the key of a conversation in which nothing has happened. */
  conversation(): ConversationKey;
  /** Returns the key of a user of whom nothing is known. */
  user(): UserKey;
  /** Lets the store's time pass. */
  wait(ms: number): Promise<void>;
}

/** A part of what every store does. It resolves when the store does it. */
export interface StoreCheck {
  readonly name: string;
  /** @throws CheckFailed, or what the store throws */
  run(bench: CheckBench): Promise<void>;
}

/** A store did something else than every store does. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

/** @throws CheckFailed when it does not hold */
export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new CheckFailed(otherwise);
}

/** @throws CheckFailed when two values are not the same as JSON, in whatever order their properties are */
export function mustBe(actual: unknown, expected: unknown, what: string): void {
  const [is, wanted] = [JSON.stringify(sorted(actual)), JSON.stringify(sorted(expected))];
  must(is === wanted, `${what} is ${is} and not ${wanted}`);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, each]): [string, unknown] => [name, sorted(each)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const MAX_WAITING = 100;

/** Time by which stores may be late in noticing that time has passed, in ms. */
const SLACK_MS = 1_500;

const keyOf = (index: number) => activityKey(index.toString(16).padStart(32, '0'));

const message = (text: string): Activity => ({
  type: 'message',
  id: text,
  channelId: 'turnwise-doctor',
  serviceUrl: '',
  from: { id: 'doctor' },
  recipient: { id: 'bot' },
  conversation: { id: 'doctor' },
  text,
});

const entry = (index: number): NewActivity => ({
  key: keyOf(index),
  body: { inline: message(`${index}`), bytes: 200 },
});

async function fill(store: Store, key: ConversationKey, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    mustBe(await store.mailbox.accept(key, entry(index), [], MAX_WAITING), 'accepted', 'an accept');
  }
}

function held(outcome: AcquireOutcome): Held {
  must(outcome.outcome === 'acquired', `a conversation with work is not acquired: ${outcome.outcome}`);
  return outcome.held;
}

async function hold(store: Store, key: ConversationKey, count: number, owner = 'one'): Promise<Held> {
  await fill(store, key, count);
  return held(await store.turns.acquire(key, owner));
}

function after(before: Held, outcome: HoldOutcome | TooLarge | { readonly outcome: 'conflict' }): Held {
  must('head' in outcome, `a write of the holder is refused: ${outcome.outcome}`);
  return { ...before, head: outcome.head };
}

function firstOf({ head }: Held): PendingActivity {
  const [first] = head.pend;
  must(first !== undefined, 'what was accepted does not wait');
  return first;
}

const turnOf = (holder: Held, different: Partial<TurnCommit> = {}): TurnCommit => ({
  turn: turnPrefix(firstOf(holder)),
  effects: [],
  bodies: [],
  reads: [],
  writes: [],
  ...different,
});

const send = (holder: Held, ordinal: number): NewEffect => ({
  kind: 'send',
  id: effectId(firstOf(holder), ordinal),
  activity: { inline: message(`reply ${ordinal}`), bytes: 200 },
});

const mailbox: readonly StoreCheck[] = [
  {
    name: 'an activity is accepted once, in order, until there is no room',
    async run({ store, other, conversation }) {
      const key = conversation();
      await fill(store, key, 3);
      mustBe(await other.mailbox.accept(key, entry(1), [], MAX_WAITING), 'duplicate', 'a repeated accept');
      mustBe(await other.mailbox.accept(key, entry(3), [], 3), 'full', 'an accept beyond the limit');
      const { head } = held(await store.turns.acquire(key, 'one'));
      mustBe(
        head.pend.map((each) => each.key),
        [0, 1, 2].map(keyOf),
        'the mailbox',
      );
    },
  },
  {
    name: 'activities that arrive at once are all kept',
    async run({ store, other, conversation }) {
      const key = conversation();
      const stores = [store, other];
      const all = Array.from({ length: 12 }, (_, index) => index);
      const outcomes = await Promise.all(
        all.map((index) => stores[index % 2]?.mailbox.accept(key, entry(index), [], MAX_WAITING)),
      );
      must(
        outcomes.every((each) => each === 'accepted'),
        `of 12 accepts at once some are ${outcomes.join(', ')}`,
      );
      const { head } = held(await store.turns.acquire(key, 'one'));
      mustBe(head.pend.map((each) => each.key).sort(), all.map(keyOf), 'the mailbox');
    },
  },
  {
    name: 'a large body is kept beside the record',
    async run({ store, other, conversation }) {
      const key = conversation();
      const body: Body = { ref: 'large', activity: message('x'.repeat(100_000)) };
      const large = { key: keyOf(0), body: { ref: 'large', bytes: 100_000 } };
      mustBe(await store.mailbox.accept(key, large, [body], MAX_WAITING), 'accepted', 'an accept');
      mustBe(await other.turns.readBody(key, 'large'), body.activity, 'the body');
    },
  },
  {
    name: 'what is scheduled waits for its time, and can be taken back',
    async run({ store, other, conversation }) {
      const key = conversation();
      const due = Date.UTC(2099, 0, 1);
      mustBe(await store.mailbox.schedule(key, { ...entry(0), due }, [], MAX_WAITING), 'scheduled', 'a schedule');
      mustBe((await other.turns.acquire(key, 'one')).outcome, 'scheduled', 'an acquire ahead of its time');
      mustBe(await other.mailbox.unschedule(key, keyOf(0)), 'cancelled', 'a cancellation');
      mustBe((await store.turns.acquire(key, 'two')).outcome, 'idle', 'an acquire after it');
    },
  },
];

const holding: readonly StoreCheck[] = [
  {
    name: 'one worker holds a conversation',
    async run({ store, other, conversation }) {
      const key = conversation();
      await fill(store, key, 1);
      const outcomes = await Promise.all([store.turns.acquire(key, 'one'), other.turns.acquire(key, 'two')]);
      mustBe(outcomes.map(({ outcome }) => outcome).sort(), ['acquired', 'busy'], 'what two workers get');
    },
  },
  {
    name: 'a lease that has ended is taken over, and what its holder writes then is fenced',
    async run({ store, other, conversation, wait }) {
      const key = conversation();
      const first = await hold(store, key, 2);
      await wait(store.timing.leaseMs + SLACK_MS);
      const second = held(await other.turns.acquire(key, 'two'));
      must(second.fence.epoch > first.fence.epoch, 'a takeover does not raise the epoch');
      mustBe((await store.turns.renew(first)).outcome, 'fenced', 'a renewal of the one before');
      mustBe((await store.turns.commit(first, turnOf(first))).outcome, 'fenced', 'a commit of the one before');
      mustBe(after(second, await other.turns.commit(second, turnOf(second))).head.n, 1, 'the number of turns');
    },
  },
  {
    name: 'a conversation that was handed back rests, and is acquired again',
    async run({ store, other, conversation }) {
      const key = conversation();
      const first = await hold(store, key, 1);
      const reason = { delayMs: 0, uncountAttempt: true };
      mustBe((await store.turns.handBack(first, reason)).outcome, 'released', 'a hand-back');
      mustBe(held(await other.turns.acquire(key, 'two')).head.att, 1, 'the number of attempts');
    },
  },
  {
    name: 'what is accepted during a turn stays, and the turn is committed all the same',
    async run({ store, other, conversation }) {
      const key = conversation();
      const holder = await hold(store, key, 1);
      mustBe(await other.mailbox.accept(key, entry(9), [], MAX_WAITING), 'accepted', 'an accept during a turn');
      const { head } = after(holder, await store.turns.commit(holder, turnOf(holder)));
      mustBe(
        head.pend.map((each) => each.key),
        [keyOf(9)],
        'the mailbox',
      );
    },
  },
];

const NAMES = { __proto__0: 1, 'ü \u{1f600}': 'é', nested: { deep: [1, null, 'x'] } };

const committing: readonly StoreCheck[] = [
  ...[NAMES, { text: 'x'.repeat(60_000) }].map(
    (data, index): StoreCheck => ({
      name: index === 0 ? 'state and effects are committed with their turn' : 'large state is committed with its turn',
      async run({ store, other, conversation }) {
        const key = conversation();
        const holder = await hold(store, key, 2);
        const commit = turnOf(holder, {
          effects: [send(holder, 0), send(holder, 1)],
          reads: [{ id: 'conversation', version: 0 }],
          writes: [{ id: 'conversation', data }],
        });
        const { head } = after(holder, await store.turns.commit(holder, commit));
        mustBe([head.n, head.sv, head.out.length, head.pend.length], [1, 1, 2, 1], 'the record');
        mustBe(await other.turns.readState(key, 'conversation'), { version: 1, data }, 'the state');
        const repeated = await store.turns.commit(holder, commit);
        mustBe('head' in repeated && repeated.head.n, 1, 'the number of turns after a repeated commit');
      },
    }),
  ),
  {
    name: 'state that has moved is a conflict, and nothing of the turn is committed',
    async run({ store, conversation }) {
      const key = conversation();
      const holder = await hold(store, key, 2);
      const writes = [{ id: 'conversation' as const, data: { n: 1 } }];
      const next = after(holder, await store.turns.commit(holder, turnOf(holder, { writes })));
      const stale = turnOf(next, { reads: [{ id: 'conversation', version: 0 }], effects: [send(next, 0)] });
      mustBe((await store.turns.commit(next, stale)).outcome, 'conflict', 'a commit on old state');
      mustBe(after(next, await store.turns.renew(next)).head.out.length, 0, 'the number of effects');
    },
  },
  {
    name: 'flushed effects are recorded once, and leave in order',
    async run({ store, conversation }) {
      const key = conversation();
      let holder = await hold(store, key, 1);
      const flushed = { turn: turnOf(holder).turn, effects: [send(holder, 0), send(holder, 1)], from: 0 };
      await store.turns.flush(holder, flushed, []);
      holder = after(holder, await store.turns.flush(holder, flushed, []));
      mustBe(
        holder.head.out.map(({ id }) => id),
        [0, 1].map((each) => effectId(firstOf(holder), each)),
        'what is to leave',
      );
      for (const left of [1, 0]) {
        const effect = holder.head.out[0]?.id ?? '';
        holder = after(holder, await store.turns.markDelivered(holder, { effect }, true));
        mustBe(holder.head.out.length, left, 'the number of effects that are left');
      }
    },
  },
  {
    name: 'a step has one result',
    async run({ store, conversation }) {
      const key = conversation();
      const holder = await hold(store, key, 1);
      const { turn } = turnOf(holder);
      const record = (value: number) => store.turns.recordStep(holder, turn, 'step', value);
      mustBe(await record(1), { outcome: 'recorded', value: 1 }, 'a step');
      mustBe(await record(2), { outcome: 'recorded', value: 1 }, 'the same step again');
    },
  },
  {
    name: 'a dead letter is moved back once',
    async run({ store, other, conversation }) {
      const key = conversation();
      const holder = await hold(store, key, 1);
      const dead = { code: 'Doctor', message: 'it was given up to see' };
      await store.turns.commit(holder, turnOf(holder, { dead }));
      const letters = (await other.deadLetters.list(1_000)).filter((each) => each.conversation === key);
      mustBe(
        letters.map(({ reason }) => reason),
        [dead],
        'what was given up',
      );
      const id = letters[0]?.id ?? '';
      await Promise.all([store.deadLetters.requeue(key, id), other.deadLetters.requeue(key, id)]);
      mustBe(held(await other.turns.acquire(key, 'two')).head.pend.length, 1, 'the number of activities that wait');
      must((await store.deadLetters.get(key, id)) === undefined, 'it is there all the same');
    },
  },
];

const beside: readonly StoreCheck[] = [
  {
    name: 'a change of user state is applied once',
    async run({ store, other, conversation, user }) {
      const [key, who] = [conversation(), user()];
      const intent = { id: 'intent', conversation: key, epoch: 1, changes: { set: { a: 1 }, remove: [] } };
      mustBe(await store.users.propose(who, 0, intent), 'proposed', 'a proposal');
      mustBe(await other.users.propose(who, 0, { ...intent, id: 'other' }), 'conflict', 'another on the same version');
      await Promise.all([store.users.settle(who, 'intent', true), other.users.settle(who, 'intent', true)]);
      const { data, intents } = await store.users.read(who);
      mustBe([data, intents], [{ a: 1 }, []], 'the state');
    },
  },
  {
    name: 'an inline turn has one answer',
    async run({ store, other, conversation }) {
      const key = conversation();
      const claim = (each: Store, owner: string) => each.inline.claim(key, keyOf(0), owner, 10_000);
      const claims = await Promise.all([claim(store, 'one'), claim(other, 'two')]);
      mustBe(claims.map(({ outcome }) => outcome).sort(), ['claimed', 'running'], 'what two runs get');
      const mine = claims.find((each) => each.outcome === 'claimed');
      must(mine?.outcome === 'claimed', 'nobody runs');
      const answer = { status: 200, body: { done: true } };
      const commit = { activity: keyOf(0), answer, effects: [], bodies: [], reads: [], writes: [] };
      mustBe(await store.inline.commit(key, mine.fence, commit), 'committed', 'a commit');
      const later = await claim(other, 'three');
      mustBe(later.outcome === 'answered' && later.answer, answer, 'what a later delivery gets');
    },
  },
  {
    name: 'what was erased is not there any more, and its holder is fenced',
    async run({ store, other, conversation }) {
      const key = conversation();
      const holder = await hold(store, key, 2);
      const writes = [{ id: 'conversation' as const, data: { text: 'x'.repeat(60_000) } }];
      const next = after(holder, await store.turns.commit(holder, turnOf(holder, { writes })));
      mustBe(await other.erasure.conversation(key), true, 'an erasure');
      mustBe((await store.turns.commit(next, turnOf(next))).outcome, 'fenced', 'a commit of the holder');
      mustBe(await other.turns.readState(key, 'conversation'), { version: 0, data: {} }, 'the state');
      mustBe((await store.turns.acquire(key, 'two')).outcome, 'idle', 'an acquire');
    },
  },
];

/**
 * The part of the contract of stores that can be tried on one that is in use: in conversations of its own, beside all others. The whole is a
 * suite of tests.
 */
export const STORE_CHECKS: readonly StoreCheck[] = [...mailbox, ...holding, ...committing, ...beside];
