import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpServer } from '@vercel/cosmosdb-server';

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

interface Upstream {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/**
 * A Cosmos DB server on 127.0.0.1 behind a gateway that can misbehave. The gateway also makes up for what the server lacks: a
 * batch is carried out whole or not at all, answers to writes say how far the session is, and the `Date` of answers is that of the
 * service's clock, in whole seconds.
 */
export async function startCosmosGateway(now: () => number = Date.now): Promise<CosmosGateway> {
  const server = createHttpServer({ keepAlive: true });
  await listen(server);
  const gateway = new Gateway((server.address() as AddressInfo).port, now);
  const front = http.createServer((request, response) => {
    // Whoever asked may be gone, or the server be closed: then there is nobody to answer.
    gateway.handle(request, response).catch(() => response.destroy());
  });
  await listen(front);
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
      gateway.agent.destroy();
      for (const each of [front, server]) {
        each.closeAllConnections();
        await new Promise((resolve) => each.close(resolve));
      }
    },
  };
}

class Gateway {
  readonly requests: GatewayRequest[] = [];
  script: (request: GatewayRequest) => Mischief | undefined = () => undefined;
  account: (account: Record<string, unknown>) => Record<string, unknown> = (account) => account;
  /** What items were before each write, oldest first. */
  private readonly history = new Map<string, Upstream[]>();
  private written = 0;
  readonly agent = new http.Agent({ keepAlive: true });
  /** Writes go one after the other, so that a batch's conditions still hold when it is carried out. */
  private writes: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly port: number,
    private readonly now: () => number,
  ) {}

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
    if (mischief?.do === 'answer') return this.send(response, refusal(mischief));
    if (mischief?.do === 'stale')
      return this.send(response, await this.older(request, incoming.headers, mischief.back));
    const broken =
      mischief?.do === 'reset' || mischief?.do === 'hang' || mischief?.do === 'truncate' ? mischief : undefined;
    const answer =
      broken?.applied === false
        ? { status: 200, headers: {}, body: '{"half":' }
        : await this.carryOut(request, incoming.headers);
    switch (broken?.do) {
      case 'reset':
        response.destroy();
        return;
      case 'hang':
        return;
      case 'truncate':
        return this.send(response, { ...answer, body: answer.body.slice(0, answer.body.length / 2) });
      default:
        return this.send(response, answer);
    }
  }

  private async carryOut(request: GatewayRequest, headers: http.IncomingHttpHeaders): Promise<Upstream> {
    if (request.kind === 'account') {
      const answer = await this.pass(request, headers);
      return { ...answer, body: JSON.stringify(this.account(JSON.parse(answer.body))) };
    }
    if (request.kind === 'read' || request.kind === 'query') return this.pass(request, headers);
    const written = this.writes.then(() => this.write(request, headers));
    this.writes = written.catch(() => undefined);
    return written;
  }

  private async write(request: GatewayRequest, headers: http.IncomingHttpHeaders): Promise<Upstream> {
    const paths = itemsOf(request);
    const before = new Map<string, Upstream>();
    for (const path of paths)
      before.set(path, await this.pass({ method: 'GET', path, kind: 'read', body: '' }, headers));
    if (request.kind === 'batch') {
      const refused = refusedBatch(request, before);
      if (refused !== undefined) return { status: 207, headers: {}, body: JSON.stringify(refused) };
    }
    const answer = await this.pass(request, headers);
    for (const [path, earlier] of answer.status < 300 ? before : []) {
      const name = nameOf(path, headers);
      this.history.set(name, [...(this.history.get(name) ?? []), earlier].slice(-20));
    }
    this.written += 1;
    return { ...answer, headers: { ...answer.headers, 'x-ms-session-token': `0:-1#${this.written}` } };
  }

  private async older(request: GatewayRequest, headers: http.IncomingHttpHeaders, back: number): Promise<Upstream> {
    const versions = this.history.get(nameOf(request.path, headers)) ?? [];
    return versions.at(-back) ?? this.pass(request, headers);
  }

  private pass(request: Omit<GatewayRequest, 'headers'>, headers: http.IncomingHttpHeaders): Promise<Upstream> {
    const { method, path, body } = request;
    const own =
      request.kind === 'read'
        ? without(headers, ['content-length', 'if-match', 'x-ms-cosmos-is-batch-request'])
        : headers;
    return new Promise((resolve, reject) => {
      const outgoing = http.request({
        port: this.port,
        host: '127.0.0.1',
        method,
        path,
        headers: own,
        agent: this.agent,
      });
      outgoing.on('error', reject);
      outgoing.on('response', (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() }),
        );
      });
      outgoing.end(body);
    });
  }

  private send(response: http.ServerResponse, { status, headers, body }: Upstream): void {
    const { 'transfer-encoding': _transfer, connection: _connection, ...kept } = headers;
    response.writeHead(status, {
      ...kept,
      'content-type': 'application/json',
      date: new Date(this.now()).toUTCString(),
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  }
}

function refusal({ status, substatus, retryAfterMs, body }: Extract<Mischief, { do: 'answer' }>): Upstream {
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

interface BatchedOperation {
  readonly operationType: 'Create' | 'Replace' | 'Upsert' | 'Delete' | 'Read';
  readonly id?: string;
  readonly ifMatch?: string;
  readonly resourceBody?: { readonly id: string };
}

const idOf = (operation: BatchedOperation): string => operation.id ?? operation.resourceBody?.id ?? '';

/** The paths of the items that a write is about. */
function itemsOf({ kind, path, body }: GatewayRequest): string[] {
  const docs = path.slice(0, path.indexOf('/docs') + 5);
  if (kind === 'batch') {
    return (JSON.parse(body) as BatchedOperation[]).map(
      (operation) => `${docs}/${encodeURIComponent(idOf(operation))}`,
    );
  }
  if (kind === 'create') return [`${docs}/${encodeURIComponent((JSON.parse(body) as { id: string }).id)}`];
  return kind === 'other' ? [] : [path];
}

/** How the service answers a batch of which one operation cannot be carried out; `undefined` when all can. */
function refusedBatch({ body, path }: GatewayRequest, items: ReadonlyMap<string, Upstream>): object[] | undefined {
  const docs = path.slice(0, path.indexOf('/docs') + 5);
  const operations = JSON.parse(body) as BatchedOperation[];
  const statuses = operations.map((operation) => {
    const item = items.get(`${docs}/${encodeURIComponent(idOf(operation))}`);
    const etag = item?.status === 200 ? (JSON.parse(item.body) as { _etag: string })._etag : undefined;
    if (operation.operationType === 'Create') return etag === undefined ? 201 : 409;
    if (operation.operationType !== 'Upsert' && etag === undefined) return 404;
    return operation.ifMatch !== undefined && operation.ifMatch !== etag ? 412 : 200;
  });
  const failed = statuses.findIndex((status) => status >= 400);
  if (failed === -1) return undefined;
  return statuses.map((status, index) => ({ statusCode: index === failed ? status : 424, requestCharge: 1 }));
}

const nameOf = (path: string, headers: http.IncomingHttpHeaders): string =>
  `${path} ${String(headers['x-ms-documentdb-partitionkey'])}`;

function without(headers: http.IncomingHttpHeaders, names: readonly string[]): http.IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

async function listen(server: http.Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}
