import type { Clock } from '../ports/clock';
import { TurnwiseError } from '../schema/errors';
import { GivenUp, within } from './within';

/** Bearer tokens for outgoing calls. Tokens stay inside the process: they are in no error, no log and no record. */
export interface TokenSource {
  /** A token that is good now. @throws TokenUnavailable when there is none to be had. */
  token(): Promise<string>;
  /** Says that the service turned `rejected` down: it is not handed out again. A token that has been replaced since stays. */
  invalidate(rejected: string): void;
}

/** There is no token now. Nothing was sent; trying again before `retryAfterMs` is answered in the same way, without a request. */
export class TokenUnavailable extends TurnwiseError {
  override readonly name = 'TokenUnavailable';
  constructor(
    /** In our words, or the identity service's error number. */
    readonly reason: string,
    readonly retryAfterMs: number,
  ) {
    super('TokenUnavailable', `(${reason})`);
  }
}

/** An answer that is not a token; the message says why, in our own words. */
export class Unusable extends Error {
  override readonly name = 'Unusable';
}

export interface FetchedToken {
  readonly token: string;
  /** Wall time in milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Asks for a token: one request, and no cache of its own. */
export type FetchToken = (signal: AbortSignal) => Promise<FetchedToken>;

export interface TokenSourceOptions {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** How long before its expiry a token is replaced, in the background, while the old one is still handed out. */
  readonly refreshAheadMs?: number;
  /** How long one request may take. Shorter than a delivery, so that a hanging identity service is told from a hanging channel. */
  readonly timeoutMs?: number;
  /** The pause after the first failure; it doubles with every further one. */
  readonly backOffMs?: number;
  readonly maxBackOffMs?: number;
  /** The least time between two requests, so that a service that turns every token down does not make us hammer another. */
  readonly minIntervalMs?: number;
}

interface Held {
  readonly token: string;
  readonly refreshAt: number;
  readonly expiresAt: number;
}

/** A token that is about to run out is not sent: it may expire on the way, or by the clock at the other end. */
const MARGIN_MS = 30_000;

/** Longest name of an error that is passed on, in characters. */
const MAX_NAME_LENGTH = 160;

const HEADER_SAFE = /^[\x21-\x7e]+$/;

/**
 * Keeps one token: one request in flight however many callers wait, replaced ahead of its expiry, and a growing pause after
 * failures. Expiry is counted on the monotonic clock, from the moment of the answer.
 */
export function createTokenSource(fetchToken: FetchToken, options: TokenSourceOptions): TokenSource {
  const { clock } = options;
  const refreshAheadMs = options.refreshAheadMs ?? 240_000;
  const timeoutMs = options.timeoutMs ?? 8_000;
  const backOffMs = options.backOffMs ?? 1_000;
  const maxBackOffMs = options.maxBackOffMs ?? 60_000;
  const minIntervalMs = options.minIntervalMs ?? 5_000;

  let held: Held | undefined;
  let pending: Promise<string> | undefined;
  let failures = 0;
  let blockedUntil = Number.NEGATIVE_INFINITY;
  let blockedBecause = '';

  function keep(fetched: FetchedToken): string {
    const lifetime = fetched.expiresAt - clock.now();
    if (!HEADER_SAFE.test(fetched.token)) throw new Unusable('the answer holds no usable token');
    if (!(lifetime > 0)) throw new Unusable('the token has expired already');
    const now = clock.monotonic();
    held = {
      token: fetched.token,
      refreshAt: now + Math.max(lifetime - refreshAheadMs, lifetime / 2),
      expiresAt: now + Math.max(lifetime - MARGIN_MS, lifetime / 2),
    };
    failures = 0;
    blockedUntil = now + minIntervalMs;
    blockedBecause = 'the last token was turned down';
    return fetched.token;
  }

  async function fetchOnce(): Promise<string> {
    try {
      return keep(await fetchWithin(fetchToken, timeoutMs));
    } catch (error) {
      failures += 1;
      const pause = Math.min(maxBackOffMs, backOffMs * 2 ** Math.min(failures - 1, 20));
      blockedUntil = clock.monotonic() + pause;
      blockedBecause = reasonOf(error);
      throw new TokenUnavailable(blockedBecause, pause);
    }
  }

  function refresh(): Promise<string> {
    pending ??= fetchOnce().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  return {
    async token() {
      const now = clock.monotonic();
      const mayAsk = now >= blockedUntil;
      if (held !== undefined && now < held.expiresAt) {
        // The failure of an early refresh is not the caller's: its token is good.
        if (now >= held.refreshAt && mayAsk) refresh().catch(() => undefined);
        return held.token;
      }
      if (pending === undefined && !mayAsk) throw new TokenUnavailable(blockedBecause, blockedUntil - now);
      return refresh();
    },
    invalidate(rejected) {
      if (held?.token === rejected) held = undefined;
    },
  };
}

async function fetchWithin(fetchToken: FetchToken, timeoutMs: number): Promise<FetchedToken> {
  const abort = new AbortController();
  try {
    return await within(fetchToken(abort.signal), timeoutMs);
  } finally {
    abort.abort();
  }
}

/** What may be said of a failure: our own words, the identity service's error number, or the error's name; never its text. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const number = /\bAADSTS\d{4,8}\b/.exec(error.message)?.[0];
  if (number !== undefined) return number;
  if (error instanceof GivenUp || error instanceof Unusable) return error.message;
  return error.name.length <= MAX_NAME_LENGTH && /^\w+$/.test(error.name) ? error.name : 'unknown';
}
