import { wakeForWork } from './accept';
import { type NewEffect, recorded } from './commit';
import type { ActivityKey } from './keys';
import { type Head, NEW_HEAD } from './record';
import { isLarger, type RecordSizes } from './size';
import type { Timing } from './timing';
import { isNewer, upgrade } from './upgrade';

/** What an HTTP response says for an activity that is answered inline. `body` is JSON. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/**
 * The record of one activity that is answered inside its HTTP response, kept under the activity's key for the dedupe horizon. While it
 * runs it is the fence of that run: whoever raises its epoch, or ends it, keeps an earlier run from committing.
 */
export type InlineRecord =
  | { readonly state: 'running'; readonly epoch: number; readonly owner: string; readonly until: number }
  | { readonly state: 'revoked'; readonly epoch: number; readonly at: number }
  | {
      readonly state: 'answered';
      readonly epoch: number;
      readonly answer: Answer;
      readonly at: number;
      /** The key of the delivery that was answered, where the record's own key is that of the user's action. */
      readonly delivery?: ActivityKey;
    };

/** What an inline run quotes with its writes. */
export interface InlineFence {
  /** The conversation's generation: once it is erased, nothing that was claimed before may be written. */
  readonly gen: number;
  readonly epoch: number;
  readonly owner: string;
}

export type Claim =
  | { readonly outcome: 'claimed'; readonly fence: InlineFence; readonly record: InlineRecord }
  /** It was answered before: this is the answer, and nothing runs. */
  | { readonly outcome: 'answered'; readonly answer: Answer; readonly delivery?: ActivityKey }
  /** Another delivery of the same activity is being answered. */
  | { readonly outcome: 'running'; readonly remainingMs: number };

/**
 * Claims an activity for one inline run, unless it was answered, or another run has it and its time is not over.
 *
 * @param gen the conversation's generation. @param owner unique to this call; repeating the call with it after an unknown outcome is harmless.
 */
export function claim(
  current: InlineRecord | undefined,
  now: number,
  gen: number,
  owner: string,
  ttlMs: number,
): Claim {
  if (current?.state === 'answered') {
    const { answer, delivery } = current;
    return { outcome: 'answered', answer, ...(delivery === undefined ? {} : { delivery }) };
  }
  if (current?.state === 'running' && current.owner === owner) {
    return { outcome: 'claimed', fence: { gen, epoch: current.epoch, owner }, record: current };
  }
  if (current?.state === 'running' && current.until > now) {
    return { outcome: 'running', remainingMs: current.until - now };
  }
  const epoch = (current?.epoch ?? gen * EPOCHS_PER_GENERATION) + 1;
  return {
    outcome: 'claimed',
    fence: { gen, epoch, owner },
    record: { state: 'running', epoch, owner, until: now + ttlMs },
  };
}

/**
 * Claims are gone with an erased conversation, and effects of theirs may be left, as the changes of user state that they committed. Those have
 * the claim's epoch in their names: a later generation begins at numbers that no earlier one has come to.
 */
const EPOCHS_PER_GENERATION = 1_000_000;

/** Whether no erasure lies between two claims of one activity. */
export function isOfOneGeneration(epoch: number, other: number): boolean {
  return Math.floor(epoch / EPOCHS_PER_GENERATION) === Math.floor(other / EPOCHS_PER_GENERATION);
}

/** Returns the number of claims of the activity before the one of this epoch, in its generation. */
export function earlierClaims(epoch: number): number {
  return Math.max(0, (epoch % EPOCHS_PER_GENERATION) - 1);
}

/** Whether a run still has its activity. */
export function isClaimedBy(record: InlineRecord | undefined, fence: InlineFence): boolean {
  return record?.state === 'running' && record.epoch === fence.epoch && record.owner === fence.owner;
}

/** The record of an activity that has its answer. */
export function answered(
  { epoch }: InlineFence,
  { answer, delivery }: { readonly answer: Answer; readonly delivery?: ActivityKey },
  now: number,
): InlineRecord {
  return { state: 'answered', epoch, answer, at: now, ...(delivery === undefined ? {} : { delivery }) };
}

/**
 * The head after an inline turn: its state counted, its effects appended, and someone due to deliver them. Neither lease nor mailbox
 * are touched, so a queued turn that holds the conversation goes on, and finds at its commit whether state has moved under it.
 *
 * @returns `newer` when the record is of a format that this code does not know; `full` when the effects would make it too large
 */
export function commitInline(
  current: Head | undefined,
  now: number,
  effects: readonly NewEffect[],
  writesState: boolean,
  timing: Timing,
  sizes: RecordSizes,
): Head | 'newer' | 'full' {
  if (current !== undefined && isNewer(current)) return 'newer';
  const head = current === undefined ? NEW_HEAD : upgrade(current);
  const after: Head = {
    ...head,
    n: head.n + 1,
    sv: writesState ? head.sv + 1 : head.sv,
    out: [...head.out, ...recorded(effects, now)],
  };
  const due: Head = effects.length === 0 ? after : { ...after, wake: wakeForWork(after, now, timing) };
  return effects.length > 0 && isLarger(due, sizes.acceptBytes) ? 'full' : due;
}
