import type { IncomingHttpHeaders } from 'node:http';
import { StoreFault } from '../turn/fault';
import type { CosmosAuthorization } from './cosmos-authorization';
import type { SessionTokens } from './cosmos-session';
import { type Exchange, HttpExchange, type ResponseBody } from './http-exchange';
import { TokenUnavailable } from './token-source';
import { GivenUp, within } from './within';

/** A request of the REST API. https://learn.microsoft.com/rest/api/cosmos-db/ */
export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** What kind of resource it is about; empty for the account. */
  readonly type: 'docs' | 'colls' | 'dbs' | '';
  /** The resource that it is about, or that it adds one to, by names: `dbs/bots/colls/users`. */
  readonly link: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly session?: SessionTokens;
}

export interface RestAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly body: ResponseBody;
}

/** Why there is no good answer, in the properties that `src/azure/cosmos-outcome.ts` knows the SDK's errors by. */
export class CosmosFailure extends Error {
  override readonly name = 'CosmosFailure';
  /** The status, or the system's error code. */
  readonly code: number | string;
  readonly substatus?: number;
  readonly headers: IncomingHttpHeaders;
  readonly retryAfterInMs?: number;
  /** Nothing of the request has left this process. */
  readonly notSent: boolean;

  constructor(
    code: number | string,
    { headers, notSent = false }: Pick<RestAnswer, 'headers'> & { notSent?: boolean },
  ) {
    super(`Cosmos DB: ${code}`);
    this.code = code;
    this.headers = headers;
    this.notSent = notSent;
    const substatus = Number(headers['x-ms-substatus']);
    if (headers['x-ms-substatus'] !== undefined) this.substatus = substatus;
    const wait = Number(headers['x-ms-retry-after-ms']);
    if (headers['x-ms-retry-after-ms'] !== undefined) this.retryAfterInMs = wait;
  }
}

/** Substatus of a 404 that is not about the item: the replica is behind the session. */
export const READ_SESSION_NOT_AVAILABLE = 1002;

const VERSION = '2020-07-15';

const EVERY_REQUEST = {
  accept: 'application/json',
  'cache-control': 'no-cache',
  'user-agent': 'turnwise',
  'x-ms-version': VERSION,
  // Says nothing about single items, and is sent as the SDK sends it: servers for tests look for it.
  'x-ms-documentdb-query-enablecrosspartition': 'true',
  // Without this the service takes no notice of session tokens.
  'x-ms-consistency-level': 'Session',
} as const;

/** Largest answer of the service, in bytes. An item has two megabytes at most, and the answer to a batch has ETags. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export interface CosmosRestOptions {
  readonly authorization: CosmosAuthorization;
  /** For one request on the network, and for waiting for a token before it, in ms. */
  readonly timeoutMs: number;
}

/**
 * Requests to an account over kept-alive connections, one attempt each. It carries what is on every turn's way (point reads, writes of
 * items, batches); what is rare goes through the SDK. `docs/decisions/cosmos-rest.md` says why.
 */
export class CosmosRest {
  private readonly http: HttpExchange;

  constructor(private readonly options: CosmosRestOptions) {
    this.http = new HttpExchange({
      maxResponseBytes: MAX_ANSWER_BYTES,
      idleMs: 30_000,
      maxConnections: 256,
      lookup: undefined,
    });
  }

  /** @throws CosmosFailure for any answer but success, and when there is none */
  async run(origin: URL, request: RestRequest): Promise<RestAnswer> {
    const { method, type, link, body, session } = request;
    const { authorization, timeoutMs } = this.options;
    const date = new Date().toUTCString();
    const signed = await this.authorize({ method, type, link, date });
    const headers: Record<string, string> = {
      ...EVERY_REQUEST,
      ...request.headers,
      'x-ms-date': date,
      authorization: signed,
    };
    if (session !== undefined && session.header !== '') headers['x-ms-session-token'] = session.header;
    if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
    const path = pathOf(request);
    const exchange = await this.http.run({ method, origin, path, headers, body, timeoutMs, signal: undefined });
    if (exchange.kind === 'answered') {
      const { status, headers: said } = exchange;
      session?.observe(said['x-ms-session-token']);
      if (status === 404 && Number(said['x-ms-substatus']) === READ_SESSION_NOT_AVAILABLE) session?.refused();
      if (status === 401) authorization.refused(signed);
    }
    return answerOf(exchange);
  }

  /** Closes connections; a request in flight ends as a failed one. */
  close(): void {
    this.http.close();
  }

  private async authorize(request: Parameters<CosmosAuthorization['header']>[0]): Promise<string> {
    const { authorization, timeoutMs } = this.options;
    try {
      const header = authorization.header(request);
      return typeof header === 'string' ? header : await within(header, timeoutMs);
    } catch (error) {
      if (!(error instanceof TokenUnavailable || error instanceof GivenUp)) throw error;
      const [reason, wait] = error instanceof GivenUp ? [error.why, undefined] : [error.reason, error.retryAfterMs];
      throw new StoreFault('no', `There is no token for Cosmos DB (${reason}).`, wait, { cause: error });
    }
  }
}

/** What is added to a container is posted to its documents; everything else has an address of its own. */
function pathOf({ method, type, link }: RestRequest): string {
  const below = method === 'POST' && type !== '' ? `/${type}` : '';
  return `/${encodeURI(link)}${below}`;
}

function answerOf(exchange: Exchange): RestAnswer {
  if (exchange.kind === 'failed') {
    throw new CosmosFailure(exchange.reason, { headers: {}, notSent: !exchange.left });
  }
  const { status, headers, body } = exchange;
  if (status < 200 || status >= 300) throw new CosmosFailure(status, { headers });
  if (body.cut) throw new CosmosFailure('cut', { headers });
  return { headers, body };
}
