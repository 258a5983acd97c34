/**
 * Time as an argument. Wall time is for people and records; elapsed time decides. Nothing in `src/runtime` reads a
 * clock or sets a timer in any other way, which is what lets a simulation own time.
 */
export interface Clock {
  /** Wall time in whole milliseconds since the epoch. May jump, and differs between instances by minutes. */
  now(): number;
  /** Milliseconds on a clock that never goes back and means nothing outside this process. */
  monotonic(): number;
  /** Resolves after `ms`, or as soon as `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
