import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { CosmosService, type ServiceAnswer } from './cosmos/service';

/** What the gateway does with a request instead of passing it on and its answer back. */
export type Mischief =
  /** Answers without carrying anything out. */
  | {
      readonly do: 'answer';
      readonly status: number;
      readonly substatus?: number;
      readonly retryAfterMs?: number;
      readonly body?: unknown;
    }
  /** Carries it out (or not), and then does not answer as it should. */
  | { readonly do: 'reset' | 'hang' | 'truncate'; readonly applied: boolean }
  | { readonly do: 'delay'; readonly ms: number }
  /** Serves a point read from what was there `back` writes of the item ago. */
  | { readonly do: 'stale'; readonly back: number };

export interface GatewayRequest {
  readonly method: string;
  readonly path: string;
  /** `read`, `create`, `replace`, `patch`, `delete`, `query`, `batch`, `account` or `other`. */
  readonly kind: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface CosmosGateway {
  readonly endpoint: string;
  /** Every request since the start, in order. */
  readonly requests: GatewayRequest[];
  /** Decides about each request; `undefined` lets it pass. */
  onRequest(script: (request: GatewayRequest) => Mischief | undefined): void;
  /** Changes the account as clients see it. */
  onAccount(change: (account: Record<string, unknown>) => Record<string, unknown>): void;
  close(): Promise<void>;
}

/**
 * Starts an account of Cosmos DB on 127.0.0.1, in memory, behind a gateway that can misbehave. `docs/decisions/cosmos-stand-in.md` says
 * how strict it is.
 * @param now the service's clock, by which items expire and answers are dated, in whole seconds
 */
export async function startCosmosGateway(now: () => number = Date.now): Promise<CosmosGateway> {
  const gateway = new Gateway(now);
  const front = http.createServer((request, response) => {
    // The caller may be gone, or the server be closed: then there is nobody to answer.
    gateway.handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    requests: gateway.requests,
    onRequest: (script) => {
      gateway.script = script;
    },
    onAccount: (change) => {
      gateway.account = change;
    },
    close: async () => {
      front.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
    },
  };
}

const HALF_AN_ANSWER: ServiceAnswer = { status: 200, headers: {}, body: '{"half":' };

class Gateway {
  readonly requests: GatewayRequest[] = [];
  script: (request: GatewayRequest) => Mischief | undefined = () => undefined;
  account: (account: Record<string, unknown>) => Record<string, unknown> = (account) => account;
  readonly #service: CosmosService;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
    this.#service = new CosmosService(now);
  }

  async handle(incoming: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks).toString('utf8');
    const { method = '', url: path = '', headers } = incoming;
    const request = { method, path, kind: kindOf(incoming), headers, body };
    this.requests.push(request);
    const mischief = this.script(request);
    if (mischief?.do === 'delay') await new Promise((resolve) => setTimeout(resolve, mischief.ms).unref());
    if (mischief?.do === 'answer') return this.#send(response, refusal(mischief));
    if (mischief?.do === 'stale') {
      return this.#send(response, this.#service.earlier(request, mischief.back) ?? this.#carryOut(request));
    }
    const broken =
      mischief?.do === 'reset' || mischief?.do === 'hang' || mischief?.do === 'truncate' ? mischief : undefined;
    const answer = broken?.applied === false ? HALF_AN_ANSWER : this.#carryOut(request);
    switch (broken?.do) {
      case 'reset':
        response.destroy();
        return;
      case 'hang':
        return;
      case 'truncate':
        return this.#send(response, { ...answer, body: answer.body.slice(0, answer.body.length / 2) });
      default:
        return this.#send(response, answer);
    }
  }

  #carryOut(request: GatewayRequest): ServiceAnswer {
    const answer = this.#service.answer(request);
    if (request.kind !== 'account') return answer;
    return { ...answer, body: JSON.stringify(this.account(JSON.parse(answer.body))) };
  }

  #send(response: http.ServerResponse, { status, headers, body }: ServiceAnswer): void {
    response.writeHead(status, {
      ...headers,
      'content-type': 'application/json',
      date: new Date(this.#now()).toUTCString(),
      ...(status === 204 || status === 304 ? {} : { 'content-length': Buffer.byteLength(body) }),
    });
    response.end(status === 204 || status === 304 ? undefined : body);
  }
}

function refusal({ status, substatus, retryAfterMs, body }: Extract<Mischief, { do: 'answer' }>): ServiceAnswer {
  return {
    status,
    headers: {
      ...(substatus === undefined ? {} : { 'x-ms-substatus': String(substatus) }),
      ...(retryAfterMs === undefined ? {} : { 'x-ms-retry-after-ms': String(retryAfterMs) }),
    },
    body: JSON.stringify(body ?? { code: String(status), message: 'mischief' }),
  };
}

function kindOf({ method, url = '', headers }: http.IncomingMessage): string {
  if (url === '/') return 'account';
  if (!/^\/dbs\/[^/]+\/colls\/[^/]+\/docs/.test(url)) return 'other';
  if (headers['x-ms-cosmos-is-batch-request'] !== undefined) return 'batch';
  if (headers['x-ms-documentdb-isquery'] !== undefined || headers['content-type'] === 'application/query+json')
    return 'query';
  const kinds: Record<string, string> = {
    GET: 'read',
    PUT: 'replace',
    PATCH: 'patch',
    DELETE: 'delete',
    POST: 'create',
  };
  return kinds[method ?? ''] ?? 'other';
}
