import { createHmac } from 'node:crypto';
import type { Clock } from '../ports/clock';
import { type Exchange, HttpExchange } from './http-exchange';
import { azureIdentity, identityTokens } from './identity';
import { type QueueAddress, queueAddress, type StorageConnection, type Unreadable } from './storage-connection';
import { type TokenSource, TokenUnavailable } from './token-source';
import { within } from './within';

export interface QueueRequestsOptions {
  readonly connection: StorageConnection;
  readonly queueName: string;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Replaces the tokens of the connection's identity. */
  readonly tokens?: TokenSource;
}

/** Why a request came to nothing. */
export interface QueueFailure {
  /** The service's error code, the system's, or our own words: never a text of theirs, which may name accounts and addresses. */
  readonly reason: string;
  /** `passing`: may go away, so it is worth another try. `missing`: there is no such queue. */
  readonly kind: 'passing' | 'missing' | 'lasting';
}

/**
 * The REST API's version. Old enough for every service there is (Azurite, Azure Stack Hub), new enough for tokens (2017-11-09) and for
 * messages that are kept longer than a week (2017-07-29).
 */
const API_VERSION = '2019-07-07';

/** Largest answer of the queue service, in bytes. Answers are the message's ids, or an error. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Longest error code that is passed on, in characters. */
const MAX_CODE_LENGTH = 160;

const SCOPE = 'https://storage.azure.com/.default';

/** As long as a failed identity service is left alone at most: meanwhile every ring is the sweep's. */
const MAX_TOKEN_PAUSE_MS = 10_000;

interface QueueRequest {
  readonly method: 'GET' | 'POST';
  /** Below the queue's path. */
  readonly below: string;
  /** Names and values that need no encoding, in the order of the names. */
  readonly parameters: readonly (readonly [name: string, value: string | number])[];
  readonly body: string | undefined;
  /** The status of success. */
  readonly expected: number;
}

/**
 * The requests to a storage queue that are made often, as REST calls: one attempt each, at a fraction of what the SDK costs.
 * `docs/decisions/queue-put.md` says what is done here and what is left to the SDK.
 */
export class QueueRequests {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #address: QueueAddress | Unreadable;
  readonly #tokens: TokenSource | undefined;
  readonly #http: HttpExchange;

  /** Connects to nothing. A connection that cannot be read shows with the first request. */
  constructor({ connection, queueName, clock, tokens }: QueueRequestsOptions) {
    this.#clock = clock;
    this.#address = queueAddress(connection, queueName);
    if (connection.kind === 'identity') {
      this.#tokens =
        tokens ?? identityTokens(() => azureIdentity(connection), [SCOPE], { clock, maxBackOffMs: MAX_TOKEN_PAUSE_MS });
    }
    this.#http = new HttpExchange({
      maxResponseBytes: MAX_ANSWER_BYTES,
      idleMs: 30_000,
      maxConnections: 128,
      lookup: undefined,
    });
  }

  /**
   * Puts one message into the queue. An answer that is lost leaves open whether it is there.
   *
   * @param message base64, which needs no escaping in XML
   * @param delayS seconds until anybody may receive it
   * @param lifetimeS seconds until it is gone
   */
  put(message: string, delayS: number, lifetimeS: number, timeoutMs: number): Promise<QueueFailure | undefined> {
    const body = `<QueueMessage><MessageText>${message}</MessageText></QueueMessage>`;
    const parameters = [['messagettl', lifetimeS] as const, ['visibilitytimeout', delayS] as const];
    return this.#run({ method: 'POST', below: '/messages', parameters, body, expected: 201 }, timeoutMs);
  }

  /** Looks whether the queue is there, and changes nothing. */
  look(timeoutMs: number): Promise<QueueFailure | undefined> {
    const parameters = [['comp', 'metadata'] as const];
    return this.#run({ method: 'GET', below: '', parameters, body: undefined, expected: 200 }, timeoutMs);
  }

  async #run(request: QueueRequest, timeoutMs: number): Promise<QueueFailure | undefined> {
    const address = this.#address;
    if ('unreadable' in address) return { reason: address.unreadable, kind: 'lasting' };
    if (this.#tokens === undefined) {
      return failureOf(await this.#exchange(address, request, undefined, timeoutMs), request.expected);
    }
    const deadline = this.#clock.monotonic() + timeoutMs;
    const token = await tokenWithin(this.#tokens, timeoutMs);
    if (!token.ok) return token.failure;
    const exchange = await this.#exchange(address, request, token.value, deadline - this.#clock.monotonic());
    const failure = failureOf(exchange, request.expected);
    if (exchange.kind !== 'answered' || exchange.status !== 401) return failure;
    this.#tokens.invalidate(token.value);
    return failure && { ...failure, kind: 'passing' };
  }

  #exchange(
    { service, proxy, path, proof }: QueueAddress,
    { method, below, parameters, body }: QueueRequest,
    token: string | undefined,
    timeoutMs: number,
  ): Promise<Exchange> {
    const headers: Record<string, string> = {
      'user-agent': 'turnwise',
      'x-ms-date': new Date(this.#clock.now()).toUTCString(),
      'x-ms-version': API_VERSION,
    };
    if (body !== undefined) {
      headers['content-type'] = 'application/xml';
      headers['content-length'] = String(Buffer.byteLength(body));
    }
    let target = `${path}${below}?${parameters.map(([name, value]) => `${name}=${value}`).join('&')}`;
    if (proof.kind === 'sharedAccess') target += `&${proof.query.reveal()}`;
    if (proof.kind === 'key') {
      const signature = createHmac('sha256', proof.key)
        .update(textToSign(method, headers, `/${proof.account}${path}${below}`, parameters))
        .digest('base64');
      headers.authorization = `SharedKey ${proof.account}:${signature}`;
    }
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (proxy !== undefined) {
      headers.host = service.host;
      target = `${service.origin}${target}`;
    }
    const origin = proxy ?? service;
    return this.#http.run({ method, origin, path: target, headers, body, timeoutMs, signal: undefined });
  }
}

function failureOf(exchange: Exchange, expected: number): QueueFailure | undefined {
  if (exchange.kind === 'failed') return queueFailure(undefined, exchange.reason);
  return exchange.status === expected ? undefined : queueFailure(exchange.status, exchange.headers['x-ms-error-code']);
}

/** @param code the service's error code, or the system's, or whatever stands in its place */
export function queueFailure(status: number | undefined, code: unknown): QueueFailure {
  const reason = typeof code === 'string' && code.length <= MAX_CODE_LENGTH && /^\w+$/.test(code) ? code : 'error';
  if (status === undefined) return { reason, kind: 'passing' };
  if (status === 404 && code === 'QueueNotFound') return { reason, kind: 'missing' };
  const passing = status === 408 || status === 429 || status >= 500;
  return { reason: `HTTP ${status} ${reason}`, kind: passing ? 'passing' : 'lasting' };
}

/**
 * What a key signs: "Authorize with Shared Key" of the storage services' REST API. Method, eleven headers of HTTP of which two are sent,
 * the headers that begin with `x-ms-`, the resource, and the query; headers and query in the order of their names.
 */
function textToSign(
  method: string,
  headers: Readonly<Record<string, string>>,
  resource: string,
  parameters: QueueRequest['parameters'],
): string {
  const length = headers['content-length'] ?? '';
  const type = headers['content-type'] ?? '';
  const own = `x-ms-date:${headers['x-ms-date']}\nx-ms-version:${headers['x-ms-version']}`;
  const query = parameters.map(([name, value]) => `\n${name}:${value}`).join('');
  return `${method}\n\n\n${length}\n\n${type}\n\n\n\n\n\n\n${own}\n${resource}${query}`;
}

type GotToken = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly failure: QueueFailure };

async function tokenWithin(tokens: TokenSource, timeoutMs: number): Promise<GotToken> {
  try {
    return { ok: true, value: await within(tokens.token(), timeoutMs) };
  } catch (error) {
    if (!(error instanceof TokenUnavailable)) return { ok: false, failure: { reason: 'timeout', kind: 'passing' } };
    // Nobody is asked again before a pause that is longer than a ring has.
    return { ok: false, failure: { reason: `no token: ${error.reason}`, kind: 'lasting' } };
  }
}
