import type { Clock } from '../ports/clock';
import type { SigningKeys } from './inbound-metadata';
import type { SigningKey } from './inbound-signing-key';

/** An issuer's signing keys, at hand. */
export interface KeyRing {
  /** The key, if it is at hand and need not be asked for again first. Starts a refresh in the background when one is due. */
  held(keyId: string): SigningKey | undefined;
  /** The key, asked for if need be. `unavailable`: it cannot be told now whether there is such a key. Never rejects. */
  find(keyId: string): Promise<SigningKey | 'unknown' | 'unavailable'>;
  /** Whether there are keys at hand that count, asking for them if there are none. Never rejects. */
  ready(): Promise<boolean>;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Keys are asked for anew this often, in the background. */
const REFRESH_AFTER_MS = 24 * HOUR;
/** Keys that nobody needed for this long are asked for before they are used: the background was idle. */
const REFRESH_BEFORE_USE_MS = 48 * HOUR;
/** While the key server fails, known keys go on counting for this long: five days, as issuers announce keys ahead of using them. */
const STALE_LIMIT_MS = 5 * 24 * HOUR;
/** The least time between two requests, whoever causes them: anyone can make up key ids. */
const MIN_INTERVAL_MS = MINUTE;
/** The same while there are no keys at all, and so nobody can be served. */
const MIN_INTERVAL_EMPTY_MS = 5_000;

/**
 * Longest time that a caller waits for keys, in ms: its channel waits for 10 to 15 s in all, and an instance may have needed some of them to
 * start. The request for the keys goes on, and the next caller finds them.
 */
export const MAX_WAIT_MS = 8_000;

/** Keeps an issuer's keys: one request at a time, however many wait for it. What an answer replaces is dropped as a whole. */
export function createKeyRing(load: () => Promise<SigningKeys>, clock: Pick<Clock, 'monotonic' | 'sleep'>): KeyRing {
  let keys: SigningKeys = new Map();
  let loadedAt = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let failed = false;
  let pending: Promise<void> | undefined;

  const age = (): number => clock.monotonic() - loadedAt;
  const usable = (): boolean => age() < STALE_LIMIT_MS;
  /** Time until the next request is allowed, in ms. */
  const waitMs = (): number => {
    const interval = usable() ? MIN_INTERVAL_MS : MIN_INTERVAL_EMPTY_MS;
    return Math.max(0, askedAt + interval - clock.monotonic());
  };
  const mayAsk = (): boolean => pending === undefined && waitMs() === 0;

  async function ask(): Promise<void> {
    const wait = waitMs();
    if (wait > 0) await clock.sleep(wait);
    askedAt = clock.monotonic();
    try {
      keys = await load();
      loadedAt = clock.monotonic();
      failed = false;
    } catch {
      failed = true;
    }
  }

  function refresh(): Promise<void> {
    pending ??= ask().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  async function refreshed(): Promise<void> {
    const answered = new AbortController();
    try {
      await Promise.race([refresh(), clock.sleep(MAX_WAIT_MS, answered.signal)]);
    } finally {
      answered.abort();
    }
  }

  function held(keyId: string): SigningKey | undefined {
    if (!usable()) return undefined;
    if (age() >= REFRESH_AFTER_MS && mayAsk()) {
      if (age() >= REFRESH_BEFORE_USE_MS) return undefined;
      void refresh();
    }
    return keys.get(keyId);
  }

  return {
    held,
    async find(keyId) {
      const known = held(keyId);
      if (known !== undefined) return known;
      // Without any keys no caller can be served, so a caller waits until they may be asked for again.
      if (pending !== undefined || mayAsk() || !usable()) await refreshed();
      return held(keyId) ?? (failed || pending !== undefined || !usable() ? 'unavailable' : 'unknown');
    },
    async ready() {
      if (!usable() && (pending !== undefined || mayAsk())) await refreshed();
      return usable();
    },
  };
}
