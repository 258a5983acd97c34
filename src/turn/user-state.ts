import { withAttemptEnded } from './hand-back';
import { freed } from './hold';
import { earlierClaims, type InlineRecord, isOfOneGeneration } from './inline';
import type { ActivityKey, ConversationKey } from './keys';
import type { Head } from './record';
import type { Timing } from './timing';
import { isNewer, upgrade } from './upgrade';

/** A JSON object of bot state. */
export type StateData = Readonly<Record<string, unknown>>;

/** What a turn changed in one state document. */
export interface StateChanges {
  readonly set: StateData;
  readonly remove: readonly string[];
}

/**
 * A turn's change to its user's state, written into the user's record before the turn commits. It counts if and only if the commit
 * put a fold of this id among the conversation's effects.
 */
export interface Intent {
  /** Unique to the attempt that made it. */
  readonly id: string;
  readonly conversation: ConversationKey;
  /** The epoch of the attempt: the conversation's, or for an inline turn that of its claim. */
  readonly epoch: number;
  /** The activity of an inline turn, whose claim is what fences it; absent for a queued turn. */
  readonly inline?: ActivityKey;
  readonly changes: StateChanges;
}

/** One user's state on one channel, in a partition of its own. */
export interface UserRecord {
  readonly v: number;
  /** +1 with every write. */
  readonly version: number;
  readonly data: StateData;
  readonly intents: readonly Intent[];
  /** Nothing but the marker that erasing has left: it may be forgotten after a while. Gone with the next write. */
  readonly erased?: true;
}

export const NEW_USER: UserRecord = { v: 1, version: 0, data: {}, intents: [] };

/** `data` with `changes` applied. */
export function applied(data: StateData, changes: StateChanges): StateData {
  const removed = new Set(changes.remove);
  return Object.fromEntries([
    ...Object.entries(data).filter(([name]) => !removed.has(name) && !Object.hasOwn(changes.set, name)),
    ...Object.entries(changes.set),
  ]);
}

/** Which run it is that reads and changes a user's state. */
export type IntentRun = Pick<Intent, 'conversation' | 'inline' | 'epoch'>;

/**
 * Whether two intents come from runs that cannot both commit: queued turns of one conversation, or inline runs of one activity. The
 * later of them knows what became of the earlier: it holds the conversation and has delivered everything committed before, or
 * it has claimed the activity, which had no answer. Of what was committed before the conversation was erased, a claim knows nothing.
 */
export function succeeds(run: IntentRun, earlier: Intent): boolean {
  if (run.conversation !== earlier.conversation || run.inline !== earlier.inline) return false;
  return run.inline === undefined || isOfOneGeneration(run.epoch, earlier.epoch);
}

/**
 * Writes an intent, if the record is still the one that the turn read. What earlier attempts at the same left behind is void
 * and replaced; an intent of a later epoch means that the caller is no longer the one who may commit.
 *
 * @returns the new record, or `undefined` on a conflict.
 */
export function propose(current: UserRecord | undefined, version: number, intent: Intent): UserRecord | undefined {
  const { erased, ...record } = current ?? NEW_USER;
  if (current?.intents.some((each) => each.id === intent.id)) return current;
  if (record.version !== version) return undefined;
  const others = record.intents.filter((each) => !succeeds(intent, each));
  if (record.intents.some((each) => succeeds(intent, each) && each.epoch > intent.epoch)) return undefined;
  return { ...record, version: record.version + 1, intents: [...others, intent] };
}

/** Applies an intent and removes it, in one write; nothing when it is gone already. */
export function fold(record: UserRecord, id: string): UserRecord {
  const intent = record.intents.find((each) => each.id === id);
  if (intent === undefined) return record;
  return { ...without(record, id), data: applied(record.data, intent.changes) };
}

/** Removes an intent that does not count; nothing when it is gone already. */
export function withdraw(record: UserRecord, id: string): UserRecord {
  return record.intents.some((each) => each.id === id) ? without(record, id) : record;
}

function without(record: UserRecord, id: string): UserRecord {
  return { ...record, version: record.version + 1, intents: record.intents.filter((each) => each.id !== id) };
}

export type Judgement =
  | { readonly verdict: 'counts' }
  /** `head` or `record` are present when the attempt had to be fenced first. */
  | { readonly verdict: 'void'; readonly head?: Head; readonly record?: InlineRecord }
  /** Its attempt may be about to commit. Wait, and ask again. */
  | { readonly verdict: 'open' };

/**
 * How long an open intent is waited for before its attempt is fenced, in ms. It doubles each time that this has happened to the turn: so of two
 * turns that are slow to commit, as in a store that is throttled, one commits in the end, and the one that was fenced most is fenced last. Any live
 * attempt commits, or gives up, within the longest of these times.
 */
function patienceMs(fencedBefore: number, timing: Timing): number {
  return Math.min(timing.patienceMs * 2 ** fencedBefore, 2 * timing.leaseMs);
}

/**
 * Decides another turn's intent by the conversation that made it. It counts when the conversation is committed to folding it. It is void when
 * the conversation is gone or its attempt is over. Otherwise the attempt has to be fenced before the intent may be called void:
 * at once when no worker is at work on it any more, and a live one only when the caller has waited for it long enough.
 *
 * @param record the inline record of the intent's activity, for an inline turn. @param waitedMs how long the caller has waited for this intent
 */
export function judge(
  head: Head | undefined,
  record: InlineRecord | undefined,
  now: number,
  intent: Pick<Intent, 'id' | 'epoch' | 'inline'>,
  waitedMs: number,
  timing: Timing,
): Judgement {
  if (head?.out.some((effect) => effect.kind === 'fold' && effect.intent === intent.id)) return { verdict: 'counts' };
  if (intent.inline !== undefined) return judgeInline(record, now, intent.epoch, waitedMs, timing);
  if (head === undefined || head.epoch > intent.epoch) return { verdict: 'void' };
  const live = head.lease !== null && head.lease.until > now;
  const insists = waitedMs >= patienceMs(head.uncounted ?? 0, timing);
  // A newer record is its own code's to fence; its holder's lease ends by itself.
  if ((live && !insists) || isNewer(head)) return { verdict: 'open' };
  // The fenced attempt is taken back: what ends it is another conversation's impatience, not its own failure.
  const ended = live ? withAttemptEnded(upgrade(head)) : upgrade(head);
  return { verdict: 'void', head: freed({ ...ended, epoch: head.epoch + 1 }, now, 0, timing) };
}

function judgeInline(
  record: InlineRecord | undefined,
  now: number,
  epoch: number,
  waitedMs: number,
  timing: Timing,
): Judgement {
  if (record === undefined || record.state !== 'running' || record.epoch > epoch) return { verdict: 'void' };
  const insists = waitedMs >= patienceMs(earlierClaims(record.epoch), timing);
  if (record.until > now && !insists) return { verdict: 'open' };
  return { verdict: 'void', record: { state: 'revoked', epoch: record.epoch, at: now } };
}
