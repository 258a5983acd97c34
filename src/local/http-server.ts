import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpData } from './core-api';
import { deferred } from './deferred';
import { refuseUnread, writeResponse } from './http-response';
import { foreignRequest } from './own-machine';
import { RequestBodies, refuseWithoutBody } from './request-body';
import { parseRoute, type Route } from './route';
import { StartupError } from './startup-error';

/** Channels wait 15 s for an answer, so a request that has not arrived by then has nobody behind it. */
const LIMITS = {
  // A token alone may have 15 KB; 32 KB in all is what the host takes.
  maxHeaderSize: 32_768,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1_000,
} as const;

/** Limits of the host's web server, Kestrel, at its defaults: header fields of a request, and bytes of its first line. */
const MAX_HEADER_FIELDS = 100;
const MAX_REQUEST_LINE = 8_192;

/** One HTTP-triggered function. */
export interface HttpFunction {
  readonly name: string;
  /** Route template without the prefix. */
  readonly route: string;
  /** Upper case; empty means every method. */
  readonly methods: readonly string[];
  /** Whether the host asks for a key before it calls the function. */
  readonly keyed: boolean;
  /** Runs the function. Whoever made this has logged a rejection by the time it gets here. */
  invoke(request: HttpData): Promise<HttpData | null | undefined>;
}

interface RoutedFunction extends HttpFunction {
  readonly path: Route;
}

/**
 * Serves HTTP triggers on the loopback address. It listens before the app is loaded, so that a taken port is found out first;
 * requests that come early wait until {@link serve} is called.
 */
export class HttpTriggerServer {
  readonly #server: Server;
  readonly #bodies: RequestBodies;
  readonly #ready = deferred<readonly RoutedFunction[]>();
  #draining = false;

  private constructor(bodyLimit: number) {
    this.#bodies = new RequestBodies(bodyLimit);
    const answer = (request: IncomingMessage, response: ServerResponse, asksFirst: boolean): void => {
      response.on('error', () => response.destroy());
      this.#answer(request, response, asksFirst).catch(() => response.destroy());
    };
    this.#server = createServer(LIMITS, (request, response) => answer(request, response, false));
    // A client that asks before it sends its body is answered before it does.
    this.#server.on('checkContinue', (request, response) => answer(request, response, true));
    this.#server.on('clientError', refuseUnread);
    // As long as the host keeps them, so that a client's reused connection is not closed under its request.
    this.#server.keepAliveTimeout = 130_000;
    this.#ready.promise.catch(() => undefined);
  }

  static async listen(port: number, bodyLimit: number): Promise<HttpTriggerServer> {
    const self = new HttpTriggerServer(bodyLimit);
    await new Promise<void>((resolve, reject) => {
      self.#server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port)));
      self.#server.listen(port, '127.0.0.1', resolve);
    });
    return self;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Starts answering. */
  serve(functions: readonly HttpFunction[], routePrefix: string): void {
    const prefix = routePrefix === '' ? '' : `${routePrefix}/`;
    const routed = functions.map((fn) => ({ ...fn, path: parseRoute(prefix + fn.route.replace(/^\/+/, '')) }));
    routed.sort((a, b) => (a.path.rank < b.path.rank ? -1 : a.path.rank > b.path.rank ? 1 : 0));
    this.#ready.resolve(routed);
  }

  /** Accepts no further connection. Resolves when the requests that are under way have been answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  close(): void {
    this.#draining = true;
    this.#ready.reject(new Error('The server was closed before it was ready.'));
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse, asksFirst: boolean): Promise<void> {
    const functions = await this.#ready.promise;
    const turnAway = (status: number, code: string, message: string): void =>
      refuseWithoutBody(request, response, status, code, message);
    if (this.#draining) {
      response.setHeader('connection', 'close');
      return turnAway(503, 'Stopping', 'The server is stopping; send the request again.');
    }
    if (request.rawHeaders.length / 2 > MAX_HEADER_FIELDS) {
      return turnAway(431, 'HeadersTooLarge', `The request has more than ${MAX_HEADER_FIELDS} header fields.`);
    }
    const line = `${request.method} ${request.url} HTTP/${request.httpVersion}\r\n`;
    if (line.length > MAX_REQUEST_LINE) {
      return turnAway(414, 'AddressTooLong', `The first line of the request is longer than ${MAX_REQUEST_LINE} bytes.`);
    }
    const url = requestUrl(request, this.port);
    const path = url && decodePath(url.pathname);
    if (!url || path === undefined) return turnAway(400, 'BadRequest', 'The request address is malformed.');

    const matches = functions.flatMap((fn) => {
      const params = fn.path.match(path);
      return params ? [{ fn, params }] : [];
    });
    const method = request.method ?? 'GET';
    const match = matches.find(({ fn }) => fn.methods.length === 0 || fn.methods.includes(method));
    if (!match) {
      // The host answers 404, not 405, when only the method is wrong. So does this, but it says which methods there are.
      const methods = [...new Set(matches.flatMap(({ fn }) => fn.methods))].join(', ');
      const message = methods === '' ? 'There is nothing at this address.' : `This address takes ${methods}.`;
      return turnAway(404, 'NotFound', message);
    }
    const foreign = match.fn.keyed ? foreignRequest(request.headers) : undefined;
    if (foreign !== undefined) return turnAway(403, foreign.code, foreign.message);
    if (asksFirst && !this.#bodies.announcesTooMuch(request)) response.writeContinue();
    const body = await this.#bodies.read(request);
    if (body.kind === 'gone') return;
    if (body.kind !== 'read') return this.#refuseBody(turnAway, body.kind);
    try {
      const result = await match.fn.invoke(toHttpData(request, url, match.params, body.bytes));
      if (this.#draining) response.setHeader('connection', 'close');
      writeResponse(response, result);
    } catch {
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    } finally {
      body.release();
    }
  }

  #refuseBody(turnAway: (status: number, code: string, message: string) => void, kind: 'tooLarge' | 'tooBusy'): void {
    if (kind === 'tooLarge')
      turnAway(413, 'BodyTooLarge', `The request body is larger than ${this.#bodies.limit} bytes.`);
    else turnAway(503, 'TooBusy', 'Other requests fill the memory that there is for bodies; send the request again.');
  }
}

function listenError(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new StartupError(`Port ${port} is taken. Stop what uses it, or set TURNWISE_PORT to another port.`);
  }
  if (error.code === 'EACCES') {
    return new StartupError(`Port ${port} may not be used by this account. Set TURNWISE_PORT to another port.`);
  }
  return new StartupError(`Port ${port} cannot be used: ${error.message}`);
}

function requestUrl(request: IncomingMessage, port: number): URL | undefined {
  const target = request.url ?? '/';
  const host = request.headers.host ?? `127.0.0.1:${port}`;
  // Joined as text: as a relative reference, a path that begins with two slashes would replace the host.
  const text = /^https?:\/\//i.test(target) ? target : `http://${host}${target}`;
  if (!URL.canParse(text) || /[/\\?#@\s]/.test(host)) return undefined;
  return new URL(text);
}

function decodePath(pathname: string): string | undefined {
  try {
    // An encoded slash stays encoded, so that it cannot make a segment.
    const decoded = decodeURIComponent(pathname.replace(/%2f/gi, '%252F'));
    return decoded.replace(/^\/+|\/+$/g, '');
  } catch {
    return undefined;
  }
}

function toHttpData(request: IncomingMessage, url: URL, params: Record<string, string>, body: Buffer): HttpData {
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(request.headersDistinct)) {
    if (value) headers.push([name, value.join(name === 'cookie' ? '; ' : ',')]);
  }
  return {
    method: request.method ?? 'GET',
    url: url.href,
    headers: Object.fromEntries(headers),
    params,
    ...(body.length > 0 && { body: { bytes: body } }),
  };
}
