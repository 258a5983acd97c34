/** Last sweep that ran to its end. */
export interface LastSweep {
  /** Time at which it ended: store time, in ms since the epoch. */
  readonly at: number;
  /** Its age by the store's time, in ms. */
  readonly agoMs: number;
  /** Trigger that made it. */
  readonly by: SweptBy;
  /** Age of the timer's last sweep by the store's time, in ms; where there was none, of the record. */
  readonly timerAgoMs: number;
}

/** Trigger of a sweep: the timer, or an invocation of another function because the timer was late. */
export type SweptBy = 'timer' | 'invocation';

/** Result of a claim. `remainingMs`: time until a claim can succeed, if nothing else happens. */
export type SweepClaim = { readonly outcome: 'claimed' } | { readonly outcome: 'notDue'; readonly remainingMs: number };

/**
 * Record of the last sweep, and of the claim on the next one, shared by all instances. Each method is one atomic step; each may throw a
 * `StoreFault`, and may be repeated with the same arguments. A claim only saves work: a second sweep at the same time does no harm, so
 * nothing fences its holder. A claimer that dies delays the next claim by `claimMs`.
 */
export interface Sweeps {
  /**
   * Claims a sweep, if the last one ended at least `lateMs` ago and no other claim was made within `claimMs`. Of several claimers at once,
   * one gets it. Writes only when it is granted. Repeated with the same owner, it finds its own claim. A store that has no record yet counts
   * as swept now.
   * @param owner unique to this attempt at claiming
   */
  claim(owner: string, lateMs: number, claimMs: number): Promise<SweepClaim>;
  /** Records that a sweep has ended now. */
  ended(by: SweptBy): Promise<void>;
  /** Returns the last sweep; `undefined` when none was ever recorded. May be stale. */
  last(): Promise<LastSweep | undefined>;
}
