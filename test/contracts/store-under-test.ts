import { afterEach } from '@jest/globals';
import type { Clock } from '../../src/ports/clock';
import type { Lifetimes } from '../../src/ports/lifetimes';
import type { AcquireOutcome, Held, Store, TurnCommit } from '../../src/ports/store';
import type { Activity } from '../../src/schema/activity';
import type { NewActivity } from '../../src/turn/accept';
import type { NewEffect, TooLarge } from '../../src/turn/commit';
import type { HoldOutcome } from '../../src/turn/hold';
import {
  type ActivityKey,
  activityKey,
  type ConversationKey,
  conversationKey,
  type UserKey,
} from '../../src/turn/keys';
import { effectId, type Head, type PendingActivity, turnPrefix } from '../../src/turn/record';

/** A store with nothing in it, as the contract suite needs it. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Another instance on the same data, as another process would have it (the same one, where there can be only one). */
  readonly other: Store;
  /** Lets the store's time pass. */
  pass(ms: number): void;
  /** Rewrites a conversation's stored head behind the store's back, as code of another version would have left it. */
  rewriteHead(key: ConversationKey, change: (head: Record<string, unknown>) => Record<string, unknown>): Promise<void>;
  /** The stored head as it lies there. */
  storedHead(key: ConversationKey): Promise<Record<string, unknown>>;
  /** Whether a text stands anywhere in what is stored. */
  holds(text: string): Promise<boolean>;
  /** Whether what is stored under a conversation's key is to be forgotten a day after it was written. */
  forgetsMarker(key: ConversationKey): Promise<boolean>;
  /** How long after its last change a user's state ends, in ms. Time may pass. */
  lifetimeOfUser(user: UserKey): Promise<number>;
  /** Whether anything is left when the process ends. */
  readonly isDurable: boolean;
  close(): Promise<void>;
}

export type OpenStore = (lifetimes?: Lifetimes) => Promise<StoreUnderTest>;

/** What stores may be late in noticing that time has passed: theirs may be an estimate. */
export const SLACK_MS = 1_500;

/** Opens stores that are closed after each test. */
export function opener(open: OpenStore): OpenStore {
  const opened: StoreUnderTest[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });
  return async (lifetimes) => {
    const store = await open(lifetimes);
    opened.push(store);
    return store;
  };
}

/** Lets time pass until a user's state has ended, in days. */
export async function lifetimeOf(
  store: Store,
  user: UserKey,
  clock: Pick<StoreUnderTest, 'pass'> & Clock,
): Promise<number> {
  const day = 24 * 3_600_000;
  // A little has passed already since the last change.
  for (let days = 1; days < 100; days += 1) {
    await store.upkeep.prune(10);
    if ((await store.users.read(user)).version === 0) return days * day;
    clock.pass(day);
  }
  return Number.POSITIVE_INFINITY;
}

export const LIMIT = 100;

export const conversation = (name = 'c1'): ConversationKey => conversationKey('test', name);

export const keyOf = (name: string): ActivityKey => activityKey(Buffer.from(name).toString('hex').padEnd(32, '0'));

export function message(text: string): Activity {
  return {
    type: 'message',
    id: text,
    channelId: 'test',
    serviceUrl: 'https://channel.example/',
    from: { id: 'user-1' },
    recipient: { id: 'bot-1' },
    conversation: { id: 'c1' },
    text,
  };
}

export function entry(name: string): NewActivity {
  return { key: keyOf(name), body: { inline: message(name), bytes: 100 } };
}

export function accept(store: Store, name: string, key = conversation()): Promise<'accepted' | 'duplicate' | 'full'> {
  return store.mailbox.accept(key, entry(name), [], LIMIT);
}

/** Accepts activities, the one after the other, and acquires. */
export async function holding(store: Store, names: readonly string[], owner = 'worker-1'): Promise<Held> {
  for (const name of names) await accept(store, name);
  return acquired(await store.turns.acquire(conversation(), owner));
}

export function acquired(outcome: AcquireOutcome): Held {
  if (outcome.outcome !== 'acquired') throw new Error(`The conversation was not acquired: ${JSON.stringify(outcome)}`);
  return outcome.held;
}

/** The hold as a write left it. @throws Error when it was refused. */
export function after(held: Held, outcome: HoldOutcome | TooLarge | { readonly outcome: 'conflict' }): Held {
  if (!('head' in outcome)) throw new Error(`The write was refused: ${outcome.outcome}`);
  return { ...held, head: outcome.head };
}

export function firstOf(held: Held): PendingActivity {
  const [first] = held.head.pend;
  if (first === undefined) throw new Error('Nothing is pending.');
  return first;
}

/** A turn's `ordinal`-th effect: a message. */
export function send(pending: PendingActivity, ordinal: number, text = `reply ${ordinal}`): NewEffect {
  return { kind: 'send', id: effectId(pending, ordinal), activity: { inline: message(text), bytes: 100 } };
}

/** The commit of a turn on the first activity, with whatever a test wants different. */
export function turnOf(held: Held, different: Partial<TurnCommit> = {}): TurnCommit {
  return { turn: turnPrefix(firstOf(held)), effects: [], bodies: [], reads: [], writes: [], ...different };
}

/** Commits a turn that replies `replies` times. */
export async function commitReplies(store: Store, held: Held, replies: number): Promise<Held> {
  const effects = Array.from({ length: replies }, (_, ordinal) => send(firstOf(held), ordinal));
  return after(held, await store.turns.commit(held, turnOf(held, { effects })));
}

/** Gives the first activity up, and delivers and finishes whatever there is. */
export async function giveUp(store: Store, held: Held, message = 'it failed'): Promise<Held> {
  return after(held, await store.turns.commit(held, turnOf(held, { dead: { code: 'Failed', message } })));
}

/** What a new holder finds: the record as the store has it now. */
export async function headNow({ store, pass }: StoreUnderTest, key = conversation()): Promise<Head> {
  pass(store.timing.leaseMs + SLACK_MS);
  return acquired(await store.turns.acquire(key, `looker-${Math.random()}`)).head;
}

export const namesOf = (head: Head): (string | undefined)[] =>
  head.pend.map(({ body }) => ('inline' in body ? body.inline.text : body.ref));

export const textsOf = (head: Head): (string | undefined)[] =>
  head.out.map((effect) =>
    effect.kind === 'send'
      ? 'inline' in effect.activity
        ? effect.activity.inline.text
        : effect.activity.ref
      : effect.kind,
  );
