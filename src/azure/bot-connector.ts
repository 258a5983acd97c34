import type { LookupFunction } from 'node:net';
import type { Clock } from '../ports/clock';
import type { Connector, ConnectorCall, Delivery } from '../ports/connector';
import { hostOfServiceUrl } from '../schema/service-host';
import { jsonText } from '../schema/well-formed';
import { type Outcome, outcomeOf } from './connector-outcome';
import { type CircuitOptions, HostCircuit } from './host-circuit';
import { HttpExchange } from './http-exchange';
import { retryAfterMs } from './retry-after';
import { type ServiceRoute, type ServiceRouting, serviceRoute } from './service-routes';
import { type TokenSource, TokenUnavailable } from './token-source';
import { GivenUp, within } from './within';

export interface BotConnectorOptions extends ServiceRouting {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Time limit for a whole delivery, token included, in ms: at most the 10 s that the port promises. */
  readonly timeoutMs?: number;
  readonly maxResponseBytes?: number;
  readonly circuit?: CircuitOptions;
  /** Replaces the system's name resolution. */
  readonly lookup?: LookupFunction;
}

/** Largest answer to a delivery, in bytes. Answers are an id, or an error; gateways answer with pages. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** Time limit for a delivery, its token included, in ms. The port promises it. */
const DELIVERY_LIMIT_MS = 10_000;

/** `status` of what was refused here, before any call was made. */
const NO_CALL = 0;

/** Pauses after tokens that were turned down: the first is likely to have been revoked, a row of them is a wrong set-up. */
const UNAUTHORIZED_PAUSES_MS = [1_000, 5_000, 30_000, 60_000] as const;

/**
 * The one place that makes calls to a channel's Bot Connector: REST API v3, one attempt per call, the bot's token attached for
 * trusted addresses and nowhere else. `outcomeOf` documents what each answer comes to.
 *
 * A 401 drops the token and is `notSent` with a growing pause: the message was not looked at, and the next attempt fetches a new
 * token. Without a token to drop, a 401 is final.
 */
export class BotConnector implements Connector {
  readonly #options: BotConnectorOptions;
  readonly #http: HttpExchange;
  readonly #circuit: HostCircuit;
  readonly #timeoutMs: number;
  #unauthorized = 0;

  constructor(options: BotConnectorOptions) {
    this.#options = options;
    this.#timeoutMs = Math.min(options.timeoutMs ?? DELIVERY_LIMIT_MS, DELIVERY_LIMIT_MS);
    this.#circuit = new HostCircuit(() => options.clock.monotonic(), options.circuit);
    this.#http = new HttpExchange({
      maxResponseBytes: options.maxResponseBytes ?? MAX_ANSWER_BYTES,
      idleMs: 30_000,
      maxConnections: 128,
      lookup: options.lookup,
    });
  }

  /** Closes idle connections. */
  close(): void {
    this.#http.close();
  }

  async deliver(call: ConnectorCall, signal?: AbortSignal): Promise<Delivery> {
    const route = serviceRoute(call.serviceUrl, this.#options);
    if (route === undefined) {
      const host = hostOfServiceUrl(call.serviceUrl);
      return { ...refused('the service URL is not one of a known channel'), ...(host === undefined ? {} : { host }) };
    }
    const path = pathOf(call, route.origin);
    if (path === undefined) return refused('an id cannot be part of an address');
    const body = bodyOf(call);
    if (body === undefined) return refused('the activity is not JSON');
    if (signal?.aborted) return { outcome: 'notSent', reason: 'aborted' };

    const admission = this.#circuit.enter(route.origin.host);
    if (!admission.admitted)
      return { outcome: 'notSent', reason: 'circuit open', retryAfterMs: admission.retryAfterMs };
    const outcome = await this.#attempt(call, { route, path, body: body.text }, signal);
    admission.report(outcome.sign);
    return outcome.delivery;
  }

  async #attempt(
    call: ConnectorCall,
    target: { readonly route: ServiceRoute; readonly path: string; readonly body: string | undefined },
    signal: AbortSignal | undefined,
  ): Promise<Outcome> {
    const { clock } = this.#options;
    const deadline = clock.monotonic() + this.#timeoutMs;
    const { origin, tokens } = target.route;
    const token = await this.#token(tokens, signal);
    if (!token.ok) return { delivery: token.delivery, sign: 'unclear' };
    const exchange = await this.#http.run({
      method: METHODS[call.op],
      origin,
      path: target.path,
      headers: headersOf(target.body, token.value),
      body: target.body,
      timeoutMs: Math.max(0, deadline - clock.monotonic()),
      signal,
    });
    const outcome = outcomeOf(exchange, clock.now());
    if (exchange.kind === 'answered') {
      if (exchange.status === 401) {
        const wait = retryAfterMs(exchange.headers['retry-after'], clock.now());
        return { ...outcome, delivery: this.#turnedDown(tokens, token.value, wait) };
      }
      this.#unauthorized = 0;
    }
    return outcome;
  }

  #turnedDown(tokens: TokenSource | undefined, token: string | undefined, waitMs: number | undefined): Delivery {
    const status = 401;
    if (token === undefined) return { outcome: 'rejected', reason: 'HTTP 401, and there is no app id', status };
    tokens?.invalidate(token);
    const pause = UNAUTHORIZED_PAUSES_MS[this.#unauthorized] ?? 60_000;
    this.#unauthorized = Math.min(this.#unauthorized + 1, UNAUTHORIZED_PAUSES_MS.length);
    return { outcome: 'notSent', reason: 'HTTP 401', status, retryAfterMs: waitMs ?? pause };
  }

  /** Waits for a token no longer than a delivery may take: the token source has limits of its own, but need not be ours. */
  async #token(tokens: TokenSource | undefined, signal: AbortSignal | undefined): Promise<Token> {
    if (tokens === undefined) return { ok: true, value: undefined };
    try {
      return { ok: true, value: await within(tokens.token(), this.#timeoutMs, signal) };
    } catch (error) {
      if (error instanceof TokenUnavailable) {
        const { reason, retryAfterMs } = error;
        return { ok: false, delivery: { outcome: 'notSent', reason: `no token, ${reason}`, retryAfterMs } };
      }
      const reason = error instanceof GivenUp && error.why === 'aborted' ? 'aborted' : 'no token';
      return { ok: false, delivery: { outcome: 'notSent', reason } };
    }
  }
}

type Token =
  | { readonly ok: true; readonly value: string | undefined }
  | { readonly ok: false; readonly delivery: Delivery };

const METHODS = { send: 'POST', reply: 'POST', update: 'PUT', delete: 'DELETE' } as const;

function refused(reason: string): Delivery {
  return { outcome: 'rejected', reason, status: NO_CALL };
}

function pathOf(call: ConnectorCall, base: URL): string | undefined {
  const conversation = segment(call.conversationId);
  const activity = call.op === 'send' ? '' : segment(call.op === 'reply' ? call.replyToId : call.activityId);
  if (conversation === undefined || activity === undefined) return undefined;
  const root = `${base.pathname.replace(/\/+$/, '')}/v3/conversations/${conversation}/activities`;
  return activity === '' ? root : `${root}/${activity}`;
}

/** `undefined` for what no encoding keeps inside its segment: nothing, dot segments (also when encoded), lone surrogates. */
function segment(id: string): string | undefined {
  if (id === '' || id === '.' || id === '..') return undefined;
  try {
    return encodeURIComponent(id);
  } catch {
    return undefined;
  }
}

function bodyOf(call: ConnectorCall): { readonly text: string | undefined } | undefined {
  if (call.op === 'delete') return { text: undefined };
  try {
    return { text: jsonText(call.activity) };
  } catch {
    return undefined;
  }
}

function headersOf(body: string | undefined, token: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'turnwise',
    'content-length': String(body === undefined ? 0 : Buffer.byteLength(body)),
  };
  if (body !== undefined) headers['content-type'] = 'application/json; charset=utf-8';
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  return headers;
}
