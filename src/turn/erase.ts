import { remembered } from './accept';
import { withNothingBegun } from './commit';
import { freed } from './hold';
import { type Effect, type Head, NEW_HEAD, type PendingActivity } from './record';
import type { Timing } from './timing';
import { upgrade } from './upgrade';
import { NEW_USER, type UserRecord } from './user-state';

/**
 * The record of a conversation after everything in it was erased: a marker with nothing of what was said, from which a new message starts
 * afresh. Epoch, generation and the version of state go on from where they were, so that no turn in flight can write anything back.
 *
 * Two things stay. The keys accepted lately and those of scheduled activities, which are hashes: what comes a second time is not new. And what was
 * committed for other records and is not yet done: folds of user state, and cancellations. They have no content.
 */
export function eraseConversation(current: Head | undefined, now: number, timing: Timing): Head {
  const head = current ?? NEW_HEAD;
  const marker: Head = {
    ...NEW_HEAD,
    gen: head.gen + 1,
    epoch: head.epoch + 1,
    sv: head.sv + 1,
    seen: head.seen,
    out: head.out.filter(isForOthers),
  };
  const scheduled = upgrade(head).sched.map(({ key }) => key);
  return freed(remembered(marker, now, scheduled, timing), now, 0, timing);
}

const isForOthers = ({ kind }: Effect): boolean => kind === 'fold' || kind === 'cancel';

/** Whether a record is but the marker that erasing has left: it may be forgotten, once no turn from before can be in flight any more. */
export function isMarker(head: Head): boolean {
  const { gen, n, lease, pend, out, sched } = head;
  return gen > 0 && n === 0 && lease === null && pend.length + out.length + sched.length === 0;
}

/** How long a marker is kept, in ms: far longer than any turn can be in flight, or any write be late. */
export const MARKER_MS = 24 * 3_600_000;

/**
 * Returns whether records of earlier generations may still be stored once `after` is written. Erasing leaves them behind, and every
 * later write remembers it, until all of them are removed.
 *
 * @param unpurged whether that is so before the write
 */
export function leavesOldRecords(before: Head | undefined, after: Head, unpurged: boolean): boolean {
  return unpurged || after.gen !== (before?.gen ?? 0);
}

/**
 * Returns how long a record is kept after its last write, in ms; `undefined` keeps it. Only a marker ends, and not before everything that it
 * hides is removed: without it, records of an earlier generation could be read again.
 */
export function recordLifetime(head: Head, unpurged: boolean): number | undefined {
  return isMarker(head) && !unpurged ? MARKER_MS : undefined;
}

/** Returns whether something written in generation `gen` is still there for a reader of the record, which is in `current`. */
export function isOfGeneration(gen: number, current: number): boolean {
  return gen === current;
}

/** What of a conversation has to do with one of its users. */
export interface TracesOfUser {
  /** Whether an activity was sent by the user. */
  readonly activity: (pending: PendingActivity) => boolean;
  /** Whether an effect is addressed to the user. */
  readonly effect: (effect: Effect) => boolean;
}

/**
 * The record without what one of the conversation's users has said in it, or is about to be told. A turn in flight is fenced; unless it is
 * for one of these activities, it runs again.
 *
 * @returns the same record, if there is nothing of the user in its mailbox or its outbox
 */
export function eraseUserIn(head: Head, now: number, traces: TracesOfUser, timing: Timing): Head {
  const pend = head.pend.filter((pending) => !traces.activity(pending));
  const out = head.out.filter((effect) => isForOthers(effect) || !traces.effect(effect));
  if (pend.length === head.pend.length && out.length === head.out.length) return head;
  const goesOn = pend[0] === head.pend[0];
  const att = !goesOn ? 0 : head.lease === null ? head.att : Math.max(0, head.att - 1);
  const kept = goesOn ? head : withNothingBegun(head);
  const rest: Head = { ...kept, epoch: head.epoch + 1, pend, out, att };
  return freed(rest, now, 0, timing);
}

/** A user's record after it was erased; its version goes on, so that no turn in flight can write it back. */
export function eraseUser(current: UserRecord | undefined): UserRecord {
  return { ...NEW_USER, version: (current?.version ?? 0) + 1, erased: true };
}
