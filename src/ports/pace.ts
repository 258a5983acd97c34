/** How fast something may go on: so many a second for as long as one likes, and so many at once after a pause. */
export interface PaceLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * Token buckets that all instances share. Each method is one atomic step on one bucket; each may throw a `StoreFault`. What a caller that
 * dies has taken is gone, and costs time and nothing else.
 */
export interface Pace {
  /**
   * Takes tokens, to be used after `waitMs`; when that would be more than `mostMs`, none is taken (`taken: false`).
   * @param bucket its name
   */
  take(
    bucket: string,
    tokens: number,
    limit: PaceLimit,
    mostMs: number,
  ): Promise<{ readonly taken: boolean; readonly waitMs: number }>;
  /** Nobody gets a token before `ms` have passed: a channel has asked for a pause. A longer pause that runs already stays. */
  pause(bucket: string, ms: number): Promise<void>;
}
