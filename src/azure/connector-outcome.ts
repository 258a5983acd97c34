import type { Delivery } from '../ports/connector';
import { wellFormed } from '../schema/well-formed';
import type { HostSign } from './host-circuit';
import type { Exchange } from './http-exchange';
import { retryAfterMs } from './retry-after';

/** What an exchange comes to: for the activity that was to be delivered, and for the health of the host. */
export interface Outcome {
  readonly delivery: Delivery;
  readonly sign: HostSign;
}

/**
 * Maps an exchange to exactly one outcome. The status line decides wherever it can, because it stands before anything that can go
 * wrong with a body:
 *
 * | what happened | outcome | why |
 * | --- | --- | --- |
 * | 2xx, JSON or no body | delivered | the Bot Connector took it; `id` when there is one |
 * | 2xx, body not JSON, cut short, or too large | unknown | success is claimed by something that does not talk like a Bot Connector |
 * | 3xx | rejected | no redirect is followed: the token and the message go where the channel said, and nowhere else |
 * | 401 | notSent | the token was turned down, not the message: the caller drops it and sends again with a fresh one |
 * | 412, 429 | notSent | the channel asks for another time |
 * | 408, 5xx | unknown | it may have been acted on |
 * | 501, 505 | rejected | the channel does not do this at all |
 * | other 4xx | rejected | the channel refuses it for good |
 * | failed before anything had left | notSent | refused, no such name, no TLS |
 * | failed afterwards | unknown | reset, timeout |
 */
export function outcomeOf(exchange: Exchange, now: number): Outcome {
  if (exchange.kind === 'failed') {
    const outcome = exchange.left ? 'unknown' : 'notSent';
    return { delivery: { outcome, reason: exchange.reason }, sign: exchange.reason === 'aborted' ? 'unclear' : 'down' };
  }
  const { status } = exchange;
  if (status >= 200 && status < 300) return successOf(exchange);
  const sign = status === 502 || status === 503 || status === 504 ? 'down' : 'up';
  const reason = reasonOf(exchange);
  const wait = retryAfterMs(exchange.headers['retry-after'], now);
  const later = wait === undefined ? { reason, status } : { reason, status, retryAfterMs: wait };
  switch (true) {
    case status === 401 || status === 412 || status === 429:
      return { delivery: { outcome: 'notSent', ...later }, sign };
    case status === 408 || (status >= 500 && status !== 501 && status !== 505):
      return { delivery: { outcome: 'unknown', ...later }, sign };
    default:
      return { delivery: { outcome: 'rejected', reason, status }, sign };
  }
}

type Answered = Extract<Exchange, { kind: 'answered' }>;

/** Ids are opaque and short; anything longer is not one that could be used in an address again. */
const MAX_ID_LENGTH = 2048;

/** Longest error code that is passed on, in characters. */
const MAX_CODE_LENGTH = 160;

function successOf({ status, body }: Answered): Outcome {
  if (body.cut)
    return { delivery: { outcome: 'unknown', reason: `HTTP ${status}, body cut short`, status }, sign: 'unclear' };
  if (body.text.trim() === '') return { delivery: { outcome: 'delivered' }, sign: 'up' };
  const json = parseJson(body.text);
  if (!json.ok)
    return { delivery: { outcome: 'unknown', reason: `HTTP ${status}, body not JSON`, status }, sign: 'unclear' };
  const id = property(json.value, 'id');
  const usable = typeof id === 'string' && id !== '' && id.length <= MAX_ID_LENGTH && wellFormed(id) === id;
  return { delivery: usable ? { outcome: 'delivered', id } : { outcome: 'delivered' }, sign: 'up' };
}

/** The status, and the service's own error code when it is a plain word: bodies may quote the message, so nothing else is kept. */
function reasonOf({ status, body }: Answered): string {
  const json = body.cut ? { ok: false as const } : parseJson(body.text);
  const code = json.ok ? property(property(json.value, 'error'), 'code') : undefined;
  const named = typeof code === 'string' && code.length <= MAX_CODE_LENGTH && /^[A-Za-z][\w.-]*$/.test(code);
  return named ? `HTTP ${status} ${code}` : `HTTP ${status}`;
}

function parseJson(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
