import http, { type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { urlToHttpOptions } from 'node:url';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The origin to connect to. */
  readonly origin: URL;
  /** What stands in the request line, already encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** For all of it: connecting, sending, waiting, receiving. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What came, decoded when it is asked for. */
export class ResponseBody {
  /** @param cut it ended early, or was too large or too slow to be read to its end */
  constructor(
    readonly bytes: Buffer,
    readonly cut: boolean,
  ) {}

  get text(): string {
    return this.bytes.toString('utf8');
  }
}

/** How one request went. */
export type Exchange =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: ResponseBody;
    }
  | {
      readonly kind: 'failed';
      /** Whether any of the request may have reached the other end. */
      readonly left: boolean;
      /** `aborted`, `timeout` or the system's error code. */
      readonly reason: string;
    };

export interface HttpExchangeOptions {
  readonly maxResponseBytes: number;
  /** How long an idle connection is kept: shorter than load balancers keep theirs, lest a request meets a closing one. */
  readonly idleMs: number;
  readonly maxConnections: number;
  /** Replaces the system's name resolution. */
  readonly lookup: LookupFunction | undefined;
}

/**
 * Requests over kept-alive connections, one attempt each, no redirects, nothing decoded. On `node:http` because it costs a
 * fraction of `fetch`, and because it tells whether a request had left when it failed, which is what decides
 * whether sending again may show a message twice.
 */
export class HttpExchange {
  readonly #options: HttpExchangeOptions;
  readonly #plain: http.Agent;
  readonly #secure: https.Agent;

  constructor(options: HttpExchangeOptions) {
    this.#options = options;
    const agent = {
      keepAlive: true,
      timeout: options.idleMs,
      maxSockets: options.maxConnections,
      maxFreeSockets: 32,
      scheduling: 'lifo',
    } as const;
    this.#plain = new http.Agent(agent);
    this.#secure = new https.Agent({ ...agent, rejectUnauthorized: true });
  }

  /** Closes idle connections; a request in flight ends as a failed one. */
  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  /** Never rejects. */
  run(request: HttpRequest): Promise<Exchange> {
    return new Promise((resolve) => {
      const { signal } = request;
      const state: Progress = { left: false, answer: undefined };
      let settled = false;
      const started = this.#start(request);
      if (!started.ok) return resolve({ kind: 'failed', left: false, reason: started.reason });
      const { outgoing } = started;

      const settle = (exchange: Exchange): void => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        resolve(exchange);
        // An answer that came before the request was fully sent leaves a connection that cannot be used again.
        if (exchange.kind === 'failed' || exchange.body.cut || !outgoing.writableFinished) outgoing.destroy();
      };
      const stop = (reason: string): void => settle(interrupted(state, reason));
      const onAbort = (): void => stop('aborted');
      const timer = setTimeout(() => stop('timeout'), request.timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });

      outgoing.on('socket', (socket) => {
        // A connection that stands already takes bytes at once. A new one takes none before it is through, TLS included.
        if (outgoing.reusedSocket || !(socket.connecting || socket.destroyed)) {
          state.left = true;
          return;
        }
        socket.once(request.origin.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
          state.left = true;
        });
      });
      outgoing.on('error', (error) => stop(codeOf(error)));
      outgoing.on('upgrade', () => stop('upgrade'));
      outgoing.on('response', (response) => this.#receive(response, state, settle));
      outgoing.end(request.body);
    });
  }

  #start(request: HttpRequest): Started {
    if (request.signal?.aborted === true) return { ok: false, reason: 'aborted' };
    if (request.timeoutMs <= 0) return { ok: false, reason: 'timeout' };
    try {
      return { ok: true, outgoing: this.#open(request) };
    } catch (error) {
      return { ok: false, reason: codeOf(error) };
    }
  }

  #open(request: HttpRequest): http.ClientRequest {
    const secure = request.origin.protocol === 'https:';
    const { lookup } = this.#options;
    const { protocol, hostname, port } = urlToHttpOptions(request.origin);
    return (secure ? https : http).request({
      protocol,
      hostname,
      port,
      method: request.method,
      path: request.path,
      headers: request.headers,
      agent: secure ? this.#secure : this.#plain,
      ...(lookup === undefined ? {} : { lookup }),
    });
  }

  #receive(response: http.IncomingMessage, state: Progress, settle: (exchange: Exchange) => void): void {
    const answer: Answer = {
      status: response.statusCode ?? 0,
      headers: response.headers,
      chunks: [],
      bytes: 0,
    };
    state.answer = answer;
    response.on('data', (chunk: Buffer) => {
      answer.bytes += chunk.length;
      if (answer.bytes > this.#options.maxResponseBytes) settle(answered(answer, true));
      else answer.chunks.push(chunk);
    });
    response.on('end', () => settle(answered(answer, !response.complete)));
    response.on('error', () => settle(answered(answer, true)));
    response.on('close', () => settle(answered(answer, true)));
  }
}

type Started =
  | { readonly ok: true; readonly outgoing: http.ClientRequest }
  | { readonly ok: false; readonly reason: string };

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly chunks: Buffer[];
  bytes: number;
}

interface Progress {
  left: boolean;
  answer: Answer | undefined;
}

function interrupted(state: Progress, reason: string): Exchange {
  if (state.answer !== undefined) return answered(state.answer, true);
  return { kind: 'failed', left: state.left, reason };
}

/** The error's code and not its text: texts name addresses. */
function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'error';
}

function answered(answer: Answer, cut: boolean): Exchange {
  const [first] = answer.chunks;
  const bytes = answer.chunks.length === 1 && first !== undefined ? first : Buffer.concat(answer.chunks);
  return { kind: 'answered', status: answer.status, headers: answer.headers, body: new ResponseBody(bytes, cut) };
}
