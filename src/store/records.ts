import type { Body, DeadLetter, DeadReason, StateSnapshot } from '../ports/store';
import type { Activity } from '../schema/activity';
import { TurnwiseError } from '../schema/errors';
import { type ConversationKey, partsOfKey, type UserKey } from '../turn/keys';
import {
  activityIn,
  bodyRefs,
  type Effect,
  effectPayload,
  type Head,
  type Payload,
  type PendingActivity,
  turnPrefix,
} from '../turn/record';
import { jsonBytes, MAX_STEPS_BYTES } from '../turn/size';
import type { PartitionRecord, PartitionView, RecordName } from './partition';

/** A recorded step result. */
export interface StepValue {
  readonly name: string;
  readonly value: unknown;
}

/** How long steps and inline answers may be needed, in ms: the first end with their turn, the others with the dedupe horizon, and both much earlier. */
export const STEP_TTL_MS = 7 * 24 * 3_600_000;
export const INLINE_TTL_MS = 2 * 3_600_000;

export const stepId = (turn: string, name: string): string => `${turn}/${name}`;

/** What tells an engine that a conversation may keep something of a user: it may find too many, and misses none. */
export interface SearchForUser {
  /** Keys of the user's channel begin with it. */
  readonly channel: string;
  /** The user's id, as it stands in JSON. */
  readonly quotedId: string;
  /** The id of private state. */
  readonly stateId: string;
}

export function searchFor(user: UserKey): SearchForUser {
  const channel = user.slice(0, user.indexOf('/') + 1);
  return { channel, quotedId: JSON.stringify(partsOfKey(user).id), stateId: `private:${user}` };
}

export const NO_STATE: StateSnapshot = { version: 0, data: {} };

/**
 * Whether a state document is no longer the one that a turn read. Every write of any document raises the head's `sv` and takes it as the
 * document's version, so one at `sv` is the newest of all, unseen.
 */
export function hasMoved({ get }: PartitionView, head: Head | undefined, id: string, version: number): boolean {
  if (version === (head?.sv ?? 0)) return false;
  return ((get('state', id) as StateSnapshot | undefined)?.version ?? 0) !== version;
}

export const bodyRecords = (bodies: readonly Body[]): PartitionRecord[] =>
  bodies.map((body) => ({ kind: 'body', id: body.ref, value: 'activity' in body ? body.activity : body.activities }));

export const bodyNames = (refs: readonly string[]): RecordName[] =>
  [...new Set(refs)].map((id) => ({ kind: 'body', id }));

/** Returns the activity behind a payload; `undefined` when its body is not (yet) visible. */
export function activityOf({ get }: PartitionView, payload: Payload): Activity | undefined {
  if ('inline' in payload) return payload.inline;
  return activityIn(payload, get('body', payload.ref) as Activity | readonly Activity[] | undefined);
}

const headRefs = (head: Head): string[] =>
  bodyRefs([...head.pend.map(({ body }) => body), ...head.out.map(effectPayload)]);

export const deadRefs = ({ dead }: DeadLetter): string[] =>
  bodyRefs([dead.kind === 'activity' ? dead.activity.body : effectPayload(dead.effect)]);

/** The bodies that the write leaves without anyone who refers to them. */
export function unreferenced(before: Head, after: Head, put: readonly PartitionRecord[]): RecordName[] {
  const dead = put.filter(({ kind }) => kind === 'dead').flatMap(({ value }) => deadRefs(value as DeadLetter));
  const kept = new Set([...headRefs(after), ...dead]);
  return bodyNames(headRefs(before).filter((ref) => !kept.has(ref)));
}

/** What one holder's write gives up, and why. */
export interface GivenUp {
  readonly conversation: ConversationKey;
  readonly reason: DeadReason;
}

export function deadActivity(view: PartitionView, head: Head, activity: PendingActivity, up: GivenUp): PartitionRecord {
  return deadRecord(view, turnPrefix(activity), head, up, { kind: 'activity', activity }, head.att);
}

export function deadEffect(view: PartitionView, head: Head, effect: Effect, up: GivenUp): PartitionRecord {
  return deadRecord(
    view,
    effect.id,
    head,
    up,
    { kind: 'effect', effect: withOwnBody(view, head, effect) },
    effect.tries + 1,
  );
}

/**
 * Returns an effect as its letter has it. The letter takes over a pack that is the effect's alone: its activity may be so large that a copy would
 * not fit into one transaction with the record. Of a pack that others need it has the activity itself, unless the pack is not visible.
 */
function withOwnBody(view: PartitionView, { out }: Head, effect: Effect): Effect {
  if (!('activity' in effect) || !('index' in effect.activity)) return effect;
  const { ref, index } = effect.activity;
  // Effects leave in order, so that nothing that has left is in a pack whose first activity is still there.
  const isAlone = index === 0 && bodyRefs(out.map(effectPayload)).filter((each) => each === ref).length === 1;
  if (isAlone) return effect;
  const inline = activityOf(view, effect.activity);
  return inline === undefined ? effect : { ...effect, activity: { inline, bytes: effect.activity.bytes } };
}

/** Named after what died, unless a letter of that name lies there already: a key may be accepted again once its horizon has passed. */
function deadRecord(
  { now, get }: PartitionView,
  name: string,
  { n }: Head,
  { conversation, reason }: GivenUp,
  dead: DeadLetter['dead'],
  attempts: number,
): PartitionRecord {
  const id = get('dead', name) === undefined ? name : `${name}-${n}`;
  const letter: DeadLetter = { id, conversation, at: now, attempts, reason, dead };
  return { kind: 'dead', id, value: letter };
}

/** Returns the result of a write, or `otherwise` when the engine refuses it for its size: nothing was changed. */
export async function unlessTooLarge<T>(write: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof TurnwiseError && error.code === 'RecordTooLarge') return otherwise;
    throw error;
  }
}

/** Returns whether a turn with these recorded steps may record one more. */
export function hasRoomFor(step: StepValue, recorded: readonly PartitionRecord[]): boolean {
  return recorded.reduce((sum, { value }) => sum + jsonBytes(value), jsonBytes(step)) <= MAX_STEPS_BYTES;
}
