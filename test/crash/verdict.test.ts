import { describe, expect, test } from '@jest/globals';
import type { DeadLetter } from '../../src/ports/store';
import { keyOf } from '../../src/runtime/activity-keys';
import type { Activity } from '../../src/schema/activity';
import { activityKey, conversationKey } from '../../src/turn/keys';
import { NEW_HEAD } from '../../src/turn/record';
import type { RecordedCall } from '../support/fake-connector';
import type { Posted } from './channel';
import { Diary } from './diary';
import { duplicatesOf } from './duplicates';
import { FAN, fanOf } from './plan';
import type { SeenReply } from './replies';
import { type GroundTruth, judge, type Verdict } from './verdict';
import { CHANNEL, type WorkerEvent } from './wire';

/*
 * The judge of the crash test, judged: everything that it must find, it finds. Two conversations, `a` and `b`; activities are
 * named after their conversation and the order of their acceptance.
 */

test('a run in which all went well is passed', () => {
  expect(verdict({}).violations).toEqual([]);
  expect(verdict({})).toMatchObject({ attempted: 3, acknowledged: 3, committed: 3, deadLettered: 0 });
});

describe('what a turn posts to other conversations', () => {
  test('is passed when all of it came once', () => {
    expect(verdict({ fan: { id: 'a2' } })).toMatchObject({ wrongPosts: 0, violations: [] });
  });

  test.each([
    ['never came', (all: readonly string[]) => all.slice(1)],
    ['came twice', (all: readonly string[]) => [...all, ...all.slice(0, 1)]],
    [
      'came to another conversation',
      ([first = '', ...rest]: readonly string[]) => [first.replace(/^fan./, 'fan9'), ...rest],
    ],
    ['was never committed', (all: readonly string[]) => [...all, 'fan0 a/a7#0']],
  ])('is not when one %s', (_, came) => {
    expect(verdict({ fan: { id: 'a2', came } }).wrongPosts).toBeGreaterThan(0);
  });
});

test('an activity that is nowhere is lost', () => {
  expect(verdict({ turns: { a: ['a1'], b: ['b1'] }, n: { a: 1 } })).toMatchObject({ lost: 1, committed: 2 });
});

test('an activity in the dead letters is not lost', () => {
  const dead = verdict({ turns: { a: ['a1'], b: ['b1'] }, users: { u: ['a/a1', 'b/b1'] }, dead: ['a2'] });
  expect(dead).toMatchObject({ lost: 0, twice: 0, deadLettered: 1, missingReplies: 0 });
});

test.each([
  ['in the state of its conversation', { turns: { a: ['a1', 'a2', 'a2'], b: ['b1'] } }],
  ['in the state of its user', { users: { u: ['a/a1', 'a/a2', 'b/b1', 'b/b1'] } }],
  ['as a commit and as a dead letter', { dead: ['a2'] }],
  ['as two dead letters', { turns: { a: ['a1'], b: ['b1'] }, dead: ['a2', 'a2'] }],
])('an activity that took effect twice is found %s', (_, run) => {
  expect(verdict(run).twice).toBeGreaterThan(0);
});

test('a turn that ran before one acknowledged earlier is out of order', () => {
  expect(verdict({ turns: { a: ['a2', 'a1'], b: ['b1'] } }).outOfOrder).toBeGreaterThan(0);
});

test('two that were posted at the same time have no order', () => {
  const swapped = { turns: { a: ['a2', 'a1'], b: ['b1'] }, posts: { a2: [100, 300] as const } };
  const replies = [seen('a', 'a2', 0, 1), seen('a', 'a1', 1, 2), seen('b', 'b1', 2, 1)];
  const users = { u: ['a/a2', 'a/a1', 'b/b1'] };
  expect(verdict({ ...swapped, users, replies: replies.map(withoutUserCount) }).violations).toEqual([]);
});

test.each([
  ['a counter that missed a turn', { counts: { a: 1 } }],
  ['a user whose state misses a turn', { users: { u: ['a/a1', 'b/b1'] } }],
  ['a committed turn without a trace', { n: { a: 3 } }],
])('%s is a lost update', (_, run) => {
  expect(verdict(run).lostUpdates).toBeGreaterThan(0);
});

test('a reply that never came is missing', () => {
  const replies = [seen('a', 'a1', 0, 1), seen('b', 'b1', 2, 1)];
  expect(verdict({ replies })).toMatchObject({ missingReplies: 1 });
});

test('a reply that says what was not committed is wrong', () => {
  const replies = [seen('a', 'a1', 0, 1), seen('a', 'a2', 1, 3), seen('b', 'b1', 2, 1)];
  expect(verdict({ replies: replies.map(withoutUserCount) })).toMatchObject({ wrongReplies: 1 });
});

test('a reply that overtakes one of an earlier turn is out of order', () => {
  const replies = [seen('a', 'a2', 0, 2), seen('a', 'a1', 1, 1), seen('b', 'b1', 2, 1)];
  expect(verdict({ replies: replies.map(withoutUserCount) })).toMatchObject({ outOfOrder: 1 });
});

describe('a reply that came twice', () => {
  const effect = `${keyOf({ type: 'message', id: 'a1', from: { id: 'u' } } as Activity, () => '')}.0`;
  const told = (...events: readonly string[]): readonly WorkerEvent[] =>
    events.map((event) => ({ event, conversation: conversationKey(CHANNEL, 'a'), detail: effect }));

  test.each([
    ['the sender was killed before it had an answer', { killed: true, told: told('started', 'committed') }, 'kill'],
    ['the sender was killed when it had an answer', { killed: true, told: told('committed', 'delivered') }, 'kill'],
    [
      'the sender was killed, and another of its rings for the conversation was over at once',
      { killed: true, told: [...told('committed', 'delivered'), { ...told('answered')[0]!, ring: 2 }] },
      'kill',
    ],
    ['the sender was fenced', { told: told('committed', 'delivered', 'fenced') }, 'takeover'],
    ['the sender was fenced without an answer', { told: told('committed', 'fenced') }, 'takeover'],
    ['the channel did not answer', { unknown: true }, 'unknown'],
    ['the sender had no answer', { told: told('committed', 'deliveryFailed') }, 'unknown'],
  ] as const)('is explained when %s', (_, given, why) => {
    expect(again(given)).toMatchObject({ duplicateReplies: 1, explained: { [why]: 1 }, violations: [] });
  });

  test.each([
    ['nothing happened to the sender', {}],
    ['the sender was killed later', { killed: true, told: told('committed', 'delivered', 'answered') }],
    ['the sender had been fenced before', { told: told('fenced', 'started', 'committed', 'delivered', 'answered') }],
  ])('is not when %s', (_, given) => {
    const { explained, violations } = again(given);
    expect(explained.none).toBe(1);
    expect(violations).toHaveLength(1);
  });

  function again(given: Pick<Run, 'killed' | 'told'> & { readonly unknown?: boolean }): Verdict {
    const first = { ...seen('a', 'a1', 0, 1), unknown: given.unknown === true };
    const rest = [seen('a', 'a1', 1, 1), seen('a', 'a2', 2, 2), seen('b', 'b1', 3, 1)];
    return verdict({ replies: [first, ...rest].map(withoutUserCount), ...given });
  }
});

interface Run {
  readonly turns?: Readonly<Record<string, readonly string[]>>;
  readonly counts?: Readonly<Record<string, number>>;
  readonly n?: Readonly<Record<string, number>>;
  readonly users?: Readonly<Record<string, readonly string[]>>;
  readonly dead?: readonly string[];
  readonly replies?: readonly SeenReply[];
  /** The activity whose turn posts to other conversations, and what these have written down; all of it, if nothing is said. */
  readonly fan?: { readonly id: string; readonly came?: (all: readonly string[]) => readonly string[] };
  readonly posts?: Readonly<Record<string, readonly [first: number, acked: number]>>;
  readonly killed?: boolean;
  readonly told?: readonly WorkerEvent[];
}

const SENDER = '0.0';

const IDS = ['a1', 'a2', 'b1'] as const;

/** Judges a run that differs from a good one in what is given. */
function verdict(run: Run): Verdict {
  const turns = run.turns ?? { a: ['a1', 'a2'], b: ['b1'] };
  const dead = run.dead ?? [];
  const posted = IDS.map((id, index): Posted => {
    const [firstPostAt, ackedAt] = run.posts?.[id] ?? [index * 200, index * 200 + 100];
    const orders = { manner: id === run.fan?.id ? 'fanOut' : 'fast', takesMs: 0, user: true } as const;
    const planned = { id, conversation: id.charAt(0), user: 'u', orders, at: 0, impatient: false };
    return { planned, firstPostAt, ackedAt, posts: 1 };
  });
  const conversations = Object.entries(turns).map(([name, ids]) => {
    const n = run.n?.[name] ?? ids.length + dead.filter((id) => id.startsWith(name)).length;
    const data = { count: run.counts?.[name] ?? ids.length, turns: ids };
    const key = conversationKey(CHANNEL, name);
    return [name, { key, head: { ...NEW_HEAD, n }, state: { version: n, data } }] as const;
  });
  const users = Object.entries(run.users ?? { u: ['a/a1', 'a/a2', 'b/b1'] });
  const truth: GroundTruth = {
    conversations: new Map(conversations),
    users: new Map(users.map(([name, list]) => [name, { count: list.length, turns: list }])),
    dead: dead.map(deadLetter),
    fanned: fannedOf(run.fan),
  };
  const replies = run.replies ?? [seen('a', 'a1', 0, 1, 1), seen('a', 'a2', 1, 2, 2), seen('b', 'b1', 2, 1, 3)];
  const diary = new Diary();
  for (const event of run.told ?? []) diary.record(SENDER, event);
  return judge(
    posted,
    replies,
    truth,
    duplicatesOf(replies, diary, () => run.killed === true),
  );
}

function fannedOf(fan: Run['fan']): ReadonlyMap<string, readonly string[]> {
  if (fan === undefined) return new Map();
  const { id, came = (all) => all } = fan;
  const all = Array.from({ length: FAN.posts }, (_, index) => `${fanOf(id, index)} ${id.charAt(0)}/${id}#${index}`);
  const byConversation = new Map<string, string[]>();
  for (const [conversation = '', post = ''] of came(all).map((each) => each.split(' '))) {
    byConversation.set(conversation, [...(byConversation.get(conversation) ?? []), post]);
  }
  return byConversation;
}

function seen(conversation: string, activity: string, index: number, count: number, userCount = 0): SeenReply {
  const body = { recipient: { id: 'u' } };
  const call = { index, at: 1_000, accepted: true, conversationId: conversation, body } as unknown as RecordedCall;
  return {
    call,
    conversation,
    text: { activity, ordinal: 0, count, userCount },
    worker: SENDER,
    unknown: false,
  };
}

function withoutUserCount(reply: SeenReply): SeenReply {
  const { userCount, ...text } = reply.text;
  return { ...reply, text };
}

function deadLetter(id: string): DeadLetter {
  const inline = { id, conversation: { id: id.charAt(0) } } as Activity;
  const key = activityKey('0'.repeat(32));
  return {
    id: key,
    conversation: conversationKey(CHANNEL, id.charAt(0)),
    at: 0,
    attempts: 4,
    reason: { code: 'Error', message: '' },
    dead: { kind: 'activity', activity: { key, at: 0, body: { inline, bytes: 10 } } },
  };
}
