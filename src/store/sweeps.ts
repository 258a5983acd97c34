import type { SweepClaim, Sweeps, SweptBy } from '../ports/sweeps';
import type { Collections } from './collections';

interface SweepRecord {
  readonly v: 1;
  /** Time at which the record was made. Until a first sweep ends, it counts as one, and likewise for the timer. */
  readonly since: number;
  /** The last sweep that ran to its end. */
  readonly swept?: { readonly at: number; readonly by: SweptBy };
  /** Time at which the timer's last sweep ended. */
  readonly timerAt?: number;
  readonly claim?: { readonly at: number; readonly owner: string };
}

const COLLECTION = 'sweeps';
const ITEM = 'last';

/** Makes the port on a storage engine. There is one record, and it is kept for good. */
export function sweeps(collections: Collections): Sweeps {
  return {
    claim: (owner, lateMs, claimMs) =>
      collections.transactItem<SweepClaim>(COLLECTION, ITEM, (value, now) => {
        // A new app has missed nothing, and one from before there was this record is swept a little later.
        if (value === undefined)
          return { result: { outcome: 'notDue', remainingMs: lateMs }, value: { v: 1, since: now } };
        const { claim, since, swept } = value as SweepRecord;
        const remainingMs = Math.max(
          remaining(swept?.at ?? since, now, lateMs),
          claim?.owner === owner ? 0 : remaining(claim?.at, now, claimMs),
        );
        if (remainingMs > 0) return { result: { outcome: 'notDue', remainingMs } };
        const after: SweepRecord = { ...(value as SweepRecord), claim: { at: now, owner } };
        return { result: { outcome: 'claimed' }, ...(claim?.owner === owner ? {} : { value: after }) };
      }),
    ended: (by) =>
      collections.transactItem<void>(COLLECTION, ITEM, (value, now) => {
        const { since = now, timerAt } = (value as SweepRecord | undefined) ?? {};
        const timer = by === 'timer' ? now : timerAt;
        const swept = { at: now, by };
        const after: SweepRecord = { v: 1, since, swept, ...(timer === undefined ? {} : { timerAt: timer }) };
        return { result: undefined, value: after };
      }),
    last: () =>
      collections.transactItem(COLLECTION, ITEM, (value, now) => {
        const { since = now, swept, timerAt = since } = (value as SweepRecord | undefined) ?? {};
        const ago = (at: number): number => Math.max(0, now - at);
        return { result: swept && { ...swept, agoMs: ago(swept.at), timerAgoMs: ago(timerAt) } };
      }),
  };
}

/** Returns what is left of a span, in ms. A time further ahead than the span was written by a clock that has gone back since, and blocks nothing. */
function remaining(at: number | undefined, now: number, spanMs: number): number {
  if (at === undefined || at > now + spanMs) return 0;
  return Math.max(0, at + spanMs - now);
}
