import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What the fake does with a call, after `latencyMs`. */
export type Behaviour = { readonly latencyMs?: number } & (
  | {
      readonly kind: 'answer';
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** An object or array is sent as JSON, a string as it is; `undefined` is the Bot Connector's own answer, an id. */
      readonly body?: unknown;
    }
  /** Takes the call and never answers. */
  | { readonly kind: 'hang' }
  /** Sends the status line and a part of the body, and never the rest. */
  | { readonly kind: 'hangInBody'; readonly status?: number }
  /** Takes the call and resets the connection; `accepted` says whether the message counts as shown to the user. */
  | { readonly kind: 'reset'; readonly accepted?: boolean }
  /** Announces more than it sends, and closes. */
  | { readonly kind: 'cut'; readonly status?: number }
  | { readonly kind: 'html'; readonly status?: number }
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: number }
  | { readonly kind: 'huge'; readonly bytes: number; readonly status?: number }
);

/** One call as it arrived. */
export interface RecordedCall {
  readonly index: number;
  /** Milliseconds since the epoch, when the body had arrived. */
  readonly at: number;
  readonly method: string;
  /** As it stood in the request line. */
  readonly path: string;
  readonly op: 'send' | 'reply' | 'update' | 'delete' | 'other';
  readonly conversationId: string | undefined;
  /** Of the reply's parent, or of the activity that is updated or deleted. */
  readonly activityId: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawBody: string;
  readonly body: Readonly<Record<string, unknown>> | undefined;
  /** The number of the connection it came over. */
  readonly connection: number;
  /** Whether a user would have seen it: answered with 2xx, or taken and not answered. */
  accepted: boolean;
  /** What it was answered with, once it was. */
  status: number | undefined;
  /** The id that was handed out. */
  id: string | undefined;
}

export interface FakeConnector {
  /** What activities carry as `serviceUrl`. */
  readonly url: string;
  readonly port: number;
  /** Every call, in the order of arrival. */
  readonly calls: readonly RecordedCall[];
  /** Decides about each call; what it leaves undecided is answered as the Bot Connector would. */
  onCall(script: (call: RecordedCall) => Behaviour | undefined): void;
  /** The next calls that `onCall` leaves undecided, one behaviour each. */
  next(...behaviours: Behaviour[]): void;
  callsOf(conversationId: string): RecordedCall[];
  /** What the users of a conversation have seen: the activities of accepted sends and replies, in order. */
  shown(conversationId: string): Readonly<Record<string, unknown>>[];
  /** Resolves once `condition` holds, looked at after every call; rejects after `timeoutMs`. */
  until(condition: () => boolean, timeoutMs?: number): Promise<void>;
  /** Forgets calls and scripts. */
  clear(): void;
  close(): Promise<void>;
}

/** Starts a Bot Connector on 127.0.0.1 that records what it is sent and answers as it is told. */
export async function startFakeConnector(options: { readonly port?: number } = {}): Promise<FakeConnector> {
  const calls: RecordedCall[] = [];
  const queue: Behaviour[] = [];
  const watchers = new Set<() => void>();
  const connections = new Map<Socket, number>();
  let script: (call: RecordedCall) => Behaviour | undefined = () => undefined;
  let ids = 0;
  let connectionCount = 0;

  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const rawBody = Buffer.concat(chunks).toString('utf8');
    const call = record(request, rawBody, calls.length, connections.get(request.socket) ?? 0);
    calls.push(call);
    const behaviour = script(call) ?? queue.shift() ?? { kind: 'answer' };
    if (behaviour.latencyMs !== undefined) await new Promise((done) => setTimeout(done, behaviour.latencyMs));
    perform(behaviour, call, response, () => `id-${++ids}`);
    for (const watcher of watchers) watcher();
  });
  server.on('connection', (socket) => {
    connections.set(socket, ++connectionCount);
    socket.on('error', () => undefined);
    socket.on('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/connector/`,
    port,
    calls,
    onCall: (next) => {
      script = next;
    },
    next: (...behaviours) => queue.push(...behaviours),
    callsOf: (conversationId) => calls.filter((call) => call.conversationId === conversationId),
    shown: (conversationId) =>
      calls
        .filter((call) => call.conversationId === conversationId && call.accepted)
        .filter((call) => call.op === 'send' || call.op === 'reply')
        .map((call) => call.body ?? {}),
    until: (condition, timeoutMs = 10_000) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (condition()) finish(resolve);
        };
        const finish = (end: () => void): void => {
          clearTimeout(timer);
          watchers.delete(look);
          end();
        };
        const late = new Error(`The condition did not hold within ${timeoutMs} ms; ${calls.length} calls had arrived.`);
        const timer = setTimeout(() => finish(() => reject(late)), timeoutMs);
        watchers.add(look);
        look();
      }),
    clear: () => {
      calls.length = 0;
      queue.length = 0;
      script = () => undefined;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const ADDRESS = /\/v3\/conversations\/([^/]+)\/activities(?:\/([^/]+))?$/;

function record(request: http.IncomingMessage, rawBody: string, index: number, connection: number): RecordedCall {
  const method = request.method ?? '';
  const path = request.url ?? '';
  const address = ADDRESS.exec(path);
  const activityId = decoded(address?.[2]);
  return {
    index,
    at: Date.now(),
    method,
    path,
    op: address === null ? 'other' : opOf(method, activityId),
    conversationId: decoded(address?.[1]),
    activityId,
    headers: request.headers,
    rawBody,
    body: objectIn(rawBody),
    connection,
    accepted: false,
    status: undefined,
    id: undefined,
  };
}

function opOf(method: string, activityId: string | undefined): RecordedCall['op'] {
  if (method === 'POST') return activityId === undefined ? 'send' : 'reply';
  if (activityId === undefined) return 'other';
  return method === 'PUT' ? 'update' : method === 'DELETE' ? 'delete' : 'other';
}

function decoded(segment: string | undefined): string | undefined {
  try {
    return segment === undefined ? undefined : decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function perform(behaviour: Behaviour, call: RecordedCall, response: http.ServerResponse, nextId: () => string): void {
  const socket = response.socket;
  const begin = (status: number, headers: Record<string, string>): void => {
    call.status = status;
    call.accepted = status >= 200 && status < 300;
    response.writeHead(status, headers);
  };
  switch (behaviour.kind) {
    case 'answer': {
      const status = behaviour.status ?? (call.op === 'send' || call.op === 'reply' ? 201 : 200);
      const text = textOf(behaviour.body, status, call, nextId);
      begin(status, { 'content-type': 'application/json; charset=utf-8', ...behaviour.headers });
      response.end(text);
      return;
    }
    case 'hang':
      call.accepted = true;
      return;
    case 'hangInBody':
      begin(behaviour.status ?? 200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"id":"');
      return;
    case 'reset':
      call.accepted = behaviour.accepted ?? true;
      socket?.resetAndDestroy();
      return;
    case 'cut':
      begin(behaviour.status ?? 200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"id":"cut', () => socket?.destroy());
      return;
    case 'html':
      begin(behaviour.status ?? 200, { 'content-type': 'text/html' });
      response.end('<!doctype html><title>Sign in</title>');
      return;
    case 'redirect':
      begin(behaviour.status ?? 307, { location: behaviour.location });
      response.end();
      return;
    case 'huge':
      begin(behaviour.status ?? 200, { 'content-type': 'application/json' });
      response.end(`{"id":"x","pad":"${'p'.repeat(behaviour.bytes)}"}`);
  }
}

function textOf(body: unknown, status: number, call: RecordedCall, nextId: () => string): string {
  if (body !== undefined) return typeof body === 'string' ? body : JSON.stringify(body);
  if (status < 200 || status >= 300 || call.op === 'delete' || call.op === 'other') return '';
  call.id = call.op === 'update' ? call.activityId : nextId();
  return JSON.stringify({ id: call.id });
}
