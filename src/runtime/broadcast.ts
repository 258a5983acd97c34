import type { StateDocument } from '../bot/turn';
import type { StoredReference } from '../ports/references';
import type { Store } from '../ports/store';
import type { Activity } from '../schema/activity';
import { TurnwiseError } from '../schema/errors';
import type { BroadcastProgress, ProactiveContent, RecipientQuery } from '../schema/recipients';
import { type ConversationKey, conversationKey, parseConversationKey } from '../turn/keys';
import { bucketOf } from './pacing';
import { persist } from './persist';
import { postActivity, postKey } from './post';
import { postTo } from './post-content';
import type { Runtime } from './runtime';
import { OWN_CHANNEL, taskPost } from './task-posts';
import type { TaskTurn } from './task-turn';

/** What begins a broadcast, goes on with it, or ends it. */
export type BroadcastTask =
  | { readonly start: { readonly query: RecipientQuery; readonly content: ProactiveContent } }
  | { readonly goOn: true }
  | { readonly cancel: true };

/** Where a broadcast is, in the state of its conversation. */
interface BroadcastRecord extends BroadcastProgress {
  readonly query: RecipientQuery;
  readonly content: ProactiveContent;
  /** Where the next page begins; absent for the first. */
  readonly cursor?: string;
}

/** Recipients of one turn: what one that is cut off in the middle may post again, each under the key that it has already. */
const PAGE = 50;

/** Recipients that are posted to together. */
const AT_ONCE = 8;

/** A page that would have to wait longer is left to the schedule: a turn does not last for ever. */
const LONGEST_WAIT_MS = 15_000;

/**
 * One turn of a broadcast: a page of recipients, each of which gets a post of its own, at the pace that the channel allows. The commit says how far it
 * has come, and posts the next page. Cut off in the middle, the page is run again, and whoever has the post already is not given it again.
 */
export async function broadcastPage(runtime: Runtime, turn: TaskTurn, activity: Activity): Promise<void> {
  const document = await turn.state('conversation');
  const task = activity.value as BroadcastTask;
  const record = recordFor(task, document, runtime.clock.now());
  if (record === undefined || record.state !== 'running') return;
  if ('cancel' in task) {
    return document.set(BROADCAST, { ...record, state: 'cancelled', endedAt: runtime.clock.now() });
  }
  const { conversation } = activity;
  const self = conversationKey(OWN_CHANNEL, conversation.id);
  const { references } = runtime.store;
  const page = await persist(runtime.clock, () => references.page(record.query, record.cursor, PAGE), STORE_LIMIT);
  const counts = await postAll(runtime, turn, self, record, page.references);
  if (typeof counts === 'number') {
    document.set(BROADCAST, record);
    turn.posts.post(taskPost('broadcast', self, { goOn: true }, runtime.clock.now() + counts));
    return;
  }
  const { cursor: _, ...before } = record;
  const after = { ...before, posted: record.posted + counts.posted, refused: record.refused + counts.refused };
  if (page.next === undefined) {
    document.set(BROADCAST, { ...after, state: 'done', endedAt: runtime.clock.now() });
    return;
  }
  document.set(BROADCAST, { ...after, cursor: page.next });
  turn.posts.post(taskPost('broadcast', self, { goOn: true }));
}

/** How far a broadcast has come. @throws TurnwiseError `PostedUnknown` */
export async function broadcastProgress(store: Store, id: string): Promise<BroadcastProgress> {
  const key = broadcastKey(id);
  if (key === undefined) throw new TurnwiseError('PostedUnknown');
  const { data } = await store.turns.readState(key, 'conversation');
  const record = data[BROADCAST] as BroadcastRecord | undefined;
  if (record === undefined) {
    // Its first turn is still to come.
    if ((await store.inspection.conversation(key)) === undefined) throw new TurnwiseError('PostedUnknown');
    return { state: 'running', posted: 0, refused: 0 };
  }
  const { content, cursor, query, ...progress } = record;
  return progress;
}

/** The conversation of a broadcast, by its id; `undefined` when it is the id of something else. */
export function broadcastKey(id: string): ConversationKey | undefined {
  return id.startsWith(`${OWN_CHANNEL}/broadcast-`) ? parseConversationKey(id) : undefined;
}

const BROADCAST = 'broadcast';
const STORE_LIMIT = { limitMs: 10_000 };

function recordFor(task: BroadcastTask, document: StateDocument, now: number): BroadcastRecord | undefined {
  const known = document.get(BROADCAST) as BroadcastRecord | undefined;
  if (known !== undefined || !('start' in task)) return known;
  return { ...task.start, state: 'running', posted: 0, refused: 0, startedAt: now };
}

/**
 * Posts to the recipients of a page, a few at a time, each few as soon as the channel's pace allows.
 * @returns how many have it; or, when the first few would have to wait long, for how long, and nobody has
 */
async function postAll(
  runtime: Runtime,
  turn: TaskTurn,
  self: ConversationKey,
  { content }: BroadcastRecord,
  references: readonly StoredReference[],
): Promise<{ readonly posted: number; readonly refused: number } | number> {
  let posted = 0;
  for (let from = 0; from < references.length; from += AT_ONCE) {
    const few = references.slice(from, from + AT_ONCE);
    const waitMs = await paced(runtime, turn, few, from === 0 ? LONGEST_WAIT_MS : Number.POSITIVE_INFINITY);
    if (waitMs > 0) return waitMs;
    const outcomes = await Promise.all(
      few.map(({ id, reference }) => {
        const post = postTo(id, reference, content, new Date(runtime.clock.now()));
        return postActivity(runtime, post, postKey(self, id), STORE_LIMIT.limitMs);
      }),
    );
    // Where a mailbox is full, others need not wait for it; it is counted, so that nobody is left out in silence.
    posted += outcomes.filter((outcome) => outcome === 'posted').length;
  }
  return { posted, refused: references.length - posted };
}

/**
 * Waits for a token for each, bucket by bucket.
 * @param mostMs a longer wait is not waited: nothing is taken from the bucket that asks for it
 * @returns how long that would have been; 0 when everybody has their token
 */
async function paced(
  { clock, options, store }: Runtime,
  turn: TaskTurn,
  references: readonly StoredReference[],
  mostMs: number,
): Promise<number> {
  const sizes = new Map<string, number>();
  for (const reference of references) {
    const bucket = bucketOf(reference);
    sizes.set(bucket, (sizes.get(bucket) ?? 0) + 1);
  }
  const limit = { perSecond: options.broadcastPerSecond, burst: 1 };
  for (const [bucket, size] of sizes) {
    const { taken, waitMs } = await persist(clock, () => store.pace.take(bucket, size, limit, mostMs), STORE_LIMIT);
    if (!taken) return waitMs;
    if (waitMs > 0) await turn.time.sleep(waitMs, turn.signal);
    if (turn.signal.aborted) throw new TurnwiseError('TurnLost');
  }
  return 0;
}
