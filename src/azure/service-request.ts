import type { LookupFunction } from 'node:net';
import type { Clock } from '../ports/clock';
import { ChannelServiceError } from '../schema/channel-service-error';
import { jsonText } from '../schema/well-formed';
import { type Exchange, HttpExchange } from './http-exchange';
import { retryAfterMs } from './retry-after';
import { serviceUrlNotTrusted } from './service-hosts';
import { type ServiceRoute, type ServiceRouting, serviceRoute } from './service-routes';
import { within } from './within';

/** Largest answer of a channel's service, in bytes: the members of a large team, or a file. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * Time limit for waiting for a token, and for one exchange, in ms. A token that was turned down is replaced and the exchange repeated once, so a call
 * takes four times as long at most.
 */
const STEP_LIMIT_MS = 10_000;

/** One call of a channel's REST API that wants an answer. */
export interface ServiceRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the service URL. Segments are encoded here. */
  readonly path: readonly string[];
  /** What is `undefined` is left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** JSON. */
  readonly body?: unknown;
  /** What the answer is: JSON, unless it is a file. */
  readonly answer?: 'bytes';
}

export interface ServiceRequestsOptions extends ServiceRouting {
  readonly clock: Pick<Clock, 'now'>;
  /** Replaces the limit on each step of a call, in ms. */
  readonly timeoutMs?: number;
  readonly maxResponseBytes?: number;
  /** Replaces the system's name resolution. */
  readonly lookup?: LookupFunction;
}

/**
 * Calls to a channel's service that want an answer: one attempt each, the bot's token attached for trusted addresses and nowhere
 * else. Only a token that was turned down is tried once more, with a fresh one, because then nothing was done.
 */
export class ServiceRequests {
  readonly #options: ServiceRequestsOptions;
  readonly #timeoutMs: number;
  #http: HttpExchange | undefined;

  constructor(options: ServiceRequestsOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? STEP_LIMIT_MS;
  }

  /** Closes idle connections. */
  close(): void {
    this.#http?.close();
    this.#http = undefined;
  }

  /**
   * @returns the answer's JSON, or `undefined` for an empty one; its bytes where those were asked for
   * @throws TurnwiseError `ServiceUrlNotTrusted`, `TokenUnavailable`: no call was made
   * @throws ChannelServiceError for every other answer, and for none
   */
  async run(serviceUrl: string, request: ServiceRequest, signal?: AbortSignal): Promise<unknown> {
    const route = serviceRoute(serviceUrl, this.#options);
    if (route === undefined) throw serviceUrlNotTrusted(serviceUrl);
    const path = pathOf(route.origin, request);
    const body = request.body === undefined ? undefined : jsonText(request.body);
    const first = await this.#exchange(route, path, request.method, body, signal);
    const { tokens } = route;
    if (tokens === undefined || first.token === undefined || !turnedDown(first.exchange)) {
      return this.#answer(first.exchange, request);
    }
    tokens.invalidate(first.token);
    return this.#answer((await this.#exchange(route, path, request.method, body, signal)).exchange, request);
  }

  async #exchange(
    { origin, tokens }: ServiceRoute,
    path: string,
    method: ServiceRequest['method'],
    body: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly exchange: Exchange; readonly token: string | undefined }> {
    const { lookup, maxResponseBytes } = this.#options;
    const token = tokens === undefined ? undefined : await within(tokens.token(), this.#timeoutMs, signal);
    this.#http ??= new HttpExchange({
      maxResponseBytes: maxResponseBytes ?? MAX_ANSWER_BYTES,
      idleMs: 30_000,
      maxConnections: 32,
      lookup,
    });
    const headers = headersOf(body, token);
    const exchange = await this.#http.run({ method, origin, path, headers, body, timeoutMs: this.#timeoutMs, signal });
    return { exchange, token };
  }

  #answer(exchange: Exchange, { answer }: ServiceRequest): unknown {
    if (exchange.kind === 'failed') {
      throw new ChannelServiceError(`The channel's service did not answer: ${exchange.reason}.`, {
        code: exchange.reason,
      });
    }
    const { status, body } = exchange;
    if (answer === 'bytes' && status >= 200 && status < 300 && !body.cut) return body.bytes;
    const parsed = body.cut ? undefined : jsonIn(body.text);
    if (status >= 200 && status < 300 && !body.cut && (parsed !== undefined || body.text === '')) return parsed;
    const wait = retryAfterMs(exchange.headers['retry-after'], this.#options.clock.now());
    throw new ChannelServiceError(`The channel's service answered with HTTP ${status}.`, {
      statusCode: status,
      body: parsed ?? body.text,
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    });
  }
}

function turnedDown(exchange: Exchange): boolean {
  return exchange.kind === 'answered' && exchange.status === 401;
}

function pathOf(origin: URL, { path, query }: ServiceRequest): string {
  const below = path.map(segment).join('/');
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) search.set(name, String(value));
  const question = search.size === 0 ? '' : `?${search}`;
  return `${origin.pathname.replace(/\/+$/, '')}/${below}${question}`;
}

/** @throws ChannelServiceError for an id that no encoding keeps inside its segment */
function segment(id: string): string {
  try {
    if (id !== '' && id !== '.' && id !== '..') return encodeURIComponent(id);
  } catch {
    // A surrogate without its other half.
  }
  throw new ChannelServiceError('An id cannot be part of an address.', { code: 'BadId' });
}

function headersOf(body: string | undefined, token: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'turnwise',
  };
  if (body !== undefined) {
    headers['content-type'] = 'application/json; charset=utf-8';
    headers['content-length'] = String(Buffer.byteLength(body));
  }
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  return headers;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
