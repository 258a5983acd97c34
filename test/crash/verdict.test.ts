import { expect, test } from '@jest/globals';
import type { DeadLetter } from '../../src/ports/store';
import type { Activity } from '../../src/schema/activity';
import { activityKey, conversationKey } from '../../src/turn/keys';
import { NEW_HEAD } from '../../src/turn/record';
import type { RecordedCall } from '../support/fake-connector';
import type { Posted } from './channel';
import type { SeenReply } from './replies';
import { type GroundTruth, judge, type Verdict } from './verdict';
import { CHANNEL } from './wire';
import type { Worker } from './workers';

/*
 * The judge of the crash test, judged: everything that it must find, it finds. Two conversations, `a` and `b`; activities are
 * named after their conversation and the order of their acceptance.
 */

test('a run in which all went well is passed', () => {
  expect(verdict({}).violations).toEqual([]);
  expect(verdict({})).toMatchObject({ attempted: 3, acknowledged: 3, committed: 3, deadLettered: 0 });
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

test('a reply that came twice is explained by a kill, a stall or silence, and by nothing else', () => {
  const again = (first: Partial<SeenReply>, worker: Partial<Worker> = {}): Verdict => {
    const replies = [{ ...seen('a', 'a1', 0, 1), ...first }, seen('a', 'a1', 1, 1)];
    const rest = [seen('a', 'a2', 2, 2), seen('b', 'b1', 3, 1)];
    return verdict({ replies: [...replies, ...rest].map(withoutUserCount), worker });
  };
  expect(again({}, { killedAt: 1_100 })).toMatchObject({ duplicateReplies: 1, explained: { kill: 1 }, violations: [] });
  expect(again({}, { stalls: [1_100] })).toMatchObject({
    duplicateReplies: 1,
    explained: { stall: 1 },
    violations: [],
  });
  expect(again({ unknown: true })).toMatchObject({ duplicateReplies: 1, explained: { unknown: 1 }, violations: [] });
  for (const worker of [{}, { killedAt: 900 }, { killedAt: 60_000 }, { stalls: [900] }]) {
    expect(again({}, worker)).toMatchObject({ duplicateReplies: 1, explained: { none: 1 } });
    expect(again({}, worker).violations).toHaveLength(1);
  }
});

interface Run {
  readonly turns?: Readonly<Record<string, readonly string[]>>;
  readonly counts?: Readonly<Record<string, number>>;
  readonly n?: Readonly<Record<string, number>>;
  readonly users?: Readonly<Record<string, readonly string[]>>;
  readonly dead?: readonly string[];
  readonly replies?: readonly SeenReply[];
  readonly posts?: Readonly<Record<string, readonly [first: number, acked: number]>>;
  readonly worker?: Partial<Worker>;
}

const IDS = ['a1', 'a2', 'b1'] as const;

/** Judges a run that differs from a good one in what is given. */
function verdict(run: Run): Verdict {
  const turns = run.turns ?? { a: ['a1', 'a2'], b: ['b1'] };
  const dead = run.dead ?? [];
  const posted = IDS.map((id, index): Posted => {
    const [firstPostAt, ackedAt] = run.posts?.[id] ?? [index * 200, index * 200 + 100];
    const orders = { manner: 'fast', takesMs: 0, user: true } as const;
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
  };
  const replies = run.replies ?? [seen('a', 'a1', 0, 1, 1), seen('a', 'a2', 1, 2, 2), seen('b', 'b1', 2, 1, 3)];
  const worker = { name: '0.0', killedAt: undefined, stalls: [], ...run.worker } as unknown as Worker;
  return judge(posted, replies, truth, () => worker);
}

function seen(conversation: string, activity: string, index: number, count: number, userCount = 0): SeenReply {
  const call = { index, at: 1_000, accepted: true, conversationId: conversation } as RecordedCall;
  return {
    call,
    conversation,
    text: { activity, ordinal: 0, count, userCount },
    worker: '0.0',
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
