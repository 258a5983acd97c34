import type { IncomingHttpHeaders } from 'node:http';
import { StoreFault } from '../turn/fault';
import type { CosmosAuthorization, Signed } from './cosmos-authorization';
import { CosmosFailure, READ_SESSION_NOT_AVAILABLE } from './cosmos-failure';
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
  /** The logical partition, where it is about items. */
  readonly partition?: string;
}

export interface RestAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly body: ResponseBody;
}

const VERSION = '2020-07-15';

const EVERY_REQUEST = {
  accept: 'application/json',
  'cache-control': 'no-cache',
  'user-agent': 'turnwise',
  'x-ms-version': VERSION,
  // Says nothing about single items. The SDK sends it with every request too.
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
 * items, batches); what is rare goes through the SDK. `docs/decisions/cosmos-transport.md` says why.
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
    const signed = await authorizationFor(authorization, { method, type, link, date }, timeoutMs);
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
      if (status === 404 && Number(said['x-ms-substatus']) === READ_SESSION_NOT_AVAILABLE) {
        session?.refused(said, request.partition);
      } else session?.accepted(request.partition);
      if (status === 401) authorization.refused(signed);
    }
    return answerOf(exchange);
  }

  /** Closes connections; a request in flight ends as a failed one. */
  close(): void {
    this.http.close();
  }
}

/**
 * Returns the header `authorization` of a request, waiting for a token no longer than for an answer.
 *
 * @throws StoreFault when there is no token
 */
export async function authorizationFor(
  authorization: CosmosAuthorization,
  request: Signed,
  timeoutMs: number,
): Promise<string> {
  try {
    const header = authorization.header(request);
    return typeof header === 'string' ? header : await within(header, timeoutMs);
  } catch (error) {
    if (!(error instanceof TokenUnavailable || error instanceof GivenUp)) throw error;
    const [reason, wait] = error instanceof GivenUp ? [error.why, undefined] : [error.reason, error.retryAfterMs];
    throw new StoreFault('no', `There is no token for Cosmos DB (${reason}).`, wait, { cause: error });
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
