import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { BotConnector, type BotConnectorOptions } from '../../src/azure/bot-connector';
import { type TokenSource, TokenUnavailable } from '../../src/azure/token-source';
import type { ConnectorCall, Delivery } from '../../src/ports/connector';
import type { Activity } from '../../src/schema/activity';
import { type Behaviour, type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { selfSigned } from '../support/self-signed';

const TOKEN = 'canary-token-7f3a';
const NOW = Date.parse('2031-05-06T07:08:09Z');

const clock = { now: () => NOW, monotonic: () => performance.now() };

let fake: FakeConnector;
const open: BotConnector[] = [];

beforeAll(async () => {
  fake = await startFakeConnector();
});
beforeEach(() => fake.clear());
afterEach(() => {
  for (const connector of open.splice(0)) connector.close();
});
afterAll(() => fake.close());

function tokens(): TokenSource & { asked: number; dropped: string[] } {
  const source = {
    asked: 0,
    dropped: [] as string[],
    async token() {
      source.asked += 1;
      return TOKEN;
    },
    invalidate(rejected: string) {
      source.dropped.push(rejected);
    },
  };
  return source;
}

function connect(options: Partial<BotConnectorOptions> = {}): BotConnector {
  const connector = new BotConnector({ tokens: tokens(), trust: { development: true }, clock, ...options });
  open.push(connector);
  return connector;
}

const activity: Activity = {
  type: 'message',
  channelId: 'test',
  serviceUrl: 'http://127.0.0.1/',
  from: { id: 'bot' },
  recipient: { id: 'user' },
  conversation: { id: 'c1' },
  text: 'héllo 🙂',
  entities: [
    { type: 'streaminfo', streamId: 's', streamSequence: 3, streamType: 'final', nested: { kept: [1, null] } },
  ],
};

function call(overrides: Partial<ConnectorCall> = {}): ConnectorCall {
  const base = { channelId: 'test', serviceUrl: fake.url, conversationId: 'c1', op: 'send', activity };
  return { ...base, ...overrides } as ConnectorCall;
}

describe('the calls', () => {
  test.each<[ConnectorCall['op'], Partial<ConnectorCall>, string, string]>([
    ['send', {}, 'POST', '/connector/v3/conversations/c1/activities'],
    ['reply', { op: 'reply', replyToId: 'a/1' }, 'POST', '/connector/v3/conversations/c1/activities/a%2F1'],
    ['update', { op: 'update', activityId: 'a|2' }, 'PUT', '/connector/v3/conversations/c1/activities/a%7C2'],
    ['delete', { op: 'delete', activityId: '3' }, 'DELETE', '/connector/v3/conversations/c1/activities/3'],
  ])('%s', async (op, overrides, method, path) => {
    const delivery = await connect().deliver(call(overrides));
    expect(delivery.outcome).toBe('delivered');
    expect(fake.calls).toHaveLength(1);
    const arrived = fake.calls[0]!;
    expect({ method: arrived.method, path: arrived.path, op: arrived.op }).toEqual({ method, path, op });
    expect(arrived.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(arrived.body).toEqual(op === 'delete' ? undefined : activity);
    expect(arrived.rawBody).toBe(op === 'delete' ? '' : JSON.stringify(activity));
  });

  test.each([
    ['a slash', '19:a/b@thread.v2;messageid=1', '19%3Aa%2Fb%40thread.v2%3Bmessageid%3D1'],
    ['dots within', '../../admin', '..%2F..%2Fadmin'],
    ['a query', 'c?x=1#y', 'c%3Fx%3D1%23y'],
    ['what is encoded already', 'a%2Fb', 'a%252Fb'],
    ['unicode', 'ü🙂', '%C3%BC%F0%9F%99%82'],
    ['a line break', 'a\r\nx: y', 'a%0D%0Ax%3A%20y'],
  ])('an id with %s stays in its segment', async (_what, id, segment) => {
    await connect().deliver(call({ conversationId: id }));
    expect(fake.calls[0]?.path).toBe(`/connector/v3/conversations/${segment}/activities`);
    expect(fake.calls[0]?.conversationId).toBe(id);
  });

  test.each([
    ['a lone surrogate', { conversationId: 'a\ud800' }],
    ['a dot segment', { conversationId: '..' }],
    ['a dot segment', { conversationId: '.' }],
    ['nothing', { conversationId: '' }],
    ['a dot segment for a parent', { op: 'reply' as const, replyToId: '..' }],
    ['no activity id', { op: 'delete' as const, activityId: '' }],
  ])('an id that is %s is refused without a call', async (_what, overrides) => {
    const source = tokens();
    const delivery = await connect({ tokens: source }).deliver(call(overrides));
    expect(delivery).toMatchObject({ outcome: 'rejected', status: 0 });
    expect([fake.calls.length, source.asked]).toEqual([0, 0]);
  });

  test('an activity that is not JSON is refused without a call', async () => {
    const circular: Activity = { ...activity };
    circular.value = circular;
    expect(await connect().deliver(call({ activity: circular }))).toMatchObject({ outcome: 'rejected', status: 0 });
    expect(fake.calls).toHaveLength(0);
  });

  test('the service URL keeps its path, with or without a slash at its end', async () => {
    const connector = connect();
    for (const tail of ['/teams/emea', '/teams/emea/', '']) {
      await connector.deliver(call({ serviceUrl: `http://127.0.0.1:${fake.port}${tail}` }));
    }
    expect(fake.calls.map((arrived) => arrived.path)).toEqual([
      '/teams/emea/v3/conversations/c1/activities',
      '/teams/emea/v3/conversations/c1/activities',
      '/v3/conversations/c1/activities',
    ]);
  });

  test('connections are kept', async () => {
    const connector = connect();
    for (let i = 0; i < 5; i++) await connector.deliver(call());
    expect(new Set(fake.calls.map((arrived) => arrived.connection)).size).toBe(1);
  });

  test('an anonymous bot sends no token', async () => {
    expect(await connect({ tokens: undefined }).deliver(call())).toEqual({
      outcome: 'delivered',
      id: expect.any(String),
    });
    expect(fake.calls[0]?.headers.authorization).toBeUndefined();
  });
});

const errorBody = { error: { code: 'BotNotInConversationRoster', message: 'canary-text' } };
const httpDate = new Date(NOW + 90_000).toUTCString();

const ANSWERS: [what: string, behaviour: Behaviour, delivery: Delivery][] = [
  ['201 with an id', { kind: 'answer', body: { id: 'x1' } }, { outcome: 'delivered', id: 'x1' }],
  ['200 with an id', { kind: 'answer', status: 200, body: { id: 'x1' } }, { outcome: 'delivered', id: 'x1' }],
  ['202 without an id', { kind: 'answer', status: 202, body: {} }, { outcome: 'delivered' }],
  ['an id with half of a surrogate pair', { kind: 'answer', body: { id: 'x\ud83d' } }, { outcome: 'delivered' }],
  ['an id that is no string', { kind: 'answer', body: { id: 7 } }, { outcome: 'delivered' }],
  ['an empty id', { kind: 'answer', body: { id: '' } }, { outcome: 'delivered' }],
  ['an endless id', { kind: 'answer', body: { id: 'x'.repeat(3000) } }, { outcome: 'delivered' }],
  ['JSON that is no object', { kind: 'answer', body: 'null' }, { outcome: 'delivered' }],
  ['no body', { kind: 'answer', status: 200, body: '' }, { outcome: 'delivered' }],
  ['white space', { kind: 'answer', status: 200, body: ' \r\n' }, { outcome: 'delivered' }],
  ['204', { kind: 'answer', status: 204 }, { outcome: 'delivered' }],
  ['200 with HTML', { kind: 'html' }, { outcome: 'unknown', status: 200, reason: 'HTTP 200, body not JSON' }],
  [
    '200 with garbage',
    { kind: 'answer', body: '{"id":' },
    { outcome: 'unknown', status: 201, reason: 'HTTP 201, body not JSON' },
  ],
  ['a cut body', { kind: 'cut' }, { outcome: 'unknown', status: 200, reason: 'HTTP 200, body cut short' }],
  [
    'a body that never ends',
    { kind: 'hangInBody' },
    { outcome: 'unknown', status: 200, reason: 'HTTP 200, body cut short' },
  ],
  [
    'a huge body',
    { kind: 'huge', bytes: 2_000_000 },
    { outcome: 'unknown', status: 200, reason: 'HTTP 200, body cut short' },
  ],
  ['400', { kind: 'answer', status: 400 }, { outcome: 'rejected', status: 400, reason: 'HTTP 400' }],
  [
    '403 with a code',
    { kind: 'answer', status: 403, body: errorBody },
    { outcome: 'rejected', status: 403, reason: 'HTTP 403 BotNotInConversationRoster' },
  ],
  [
    'an odd code',
    { kind: 'answer', status: 403, body: { error: { code: 'a b<c>' } } },
    { outcome: 'rejected', status: 403, reason: 'HTTP 403' },
  ],
  ['404', { kind: 'html', status: 404 }, { outcome: 'rejected', status: 404, reason: 'HTTP 404' }],
  ['405', { kind: 'answer', status: 405 }, { outcome: 'rejected', status: 405, reason: 'HTTP 405' }],
  ['409', { kind: 'answer', status: 409 }, { outcome: 'rejected', status: 409, reason: 'HTTP 409' }],
  ['413', { kind: 'answer', status: 413 }, { outcome: 'rejected', status: 413, reason: 'HTTP 413' }],
  ['403 with a cut body', { kind: 'cut', status: 403 }, { outcome: 'rejected', status: 403, reason: 'HTTP 403' }],
  ['501', { kind: 'answer', status: 501 }, { outcome: 'rejected', status: 501, reason: 'HTTP 501' }],
  ['408', { kind: 'answer', status: 408 }, { outcome: 'unknown', status: 408, reason: 'HTTP 408' }],
  ['500', { kind: 'html', status: 500 }, { outcome: 'unknown', status: 500, reason: 'HTTP 500' }],
  ['502', { kind: 'answer', status: 502 }, { outcome: 'unknown', status: 502, reason: 'HTTP 502' }],
  [
    '503',
    { kind: 'answer', status: 503, headers: { 'retry-after': '7' } },
    { outcome: 'unknown', status: 503, reason: 'HTTP 503', retryAfterMs: 7000 },
  ],
  ['504', { kind: 'answer', status: 504 }, { outcome: 'unknown', status: 504, reason: 'HTTP 504' }],
  ['412', { kind: 'answer', status: 412 }, { outcome: 'notSent', status: 412, reason: 'HTTP 412' }],
  ['429', { kind: 'answer', status: 429 }, { outcome: 'notSent', status: 429, reason: 'HTTP 429' }],
  [
    '429, seconds',
    { kind: 'answer', status: 429, headers: { 'retry-after': '3' } },
    { outcome: 'notSent', status: 429, reason: 'HTTP 429', retryAfterMs: 3000 },
  ],
  [
    '429, a date',
    { kind: 'answer', status: 429, headers: { 'retry-after': httpDate } },
    { outcome: 'notSent', status: 429, reason: 'HTTP 429', retryAfterMs: 90_000 },
  ],
  [
    '429, a day',
    { kind: 'answer', status: 429, headers: { 'retry-after': '86400' } },
    { outcome: 'notSent', status: 429, reason: 'HTTP 429', retryAfterMs: 600_000 },
  ],
  [
    '429, nonsense',
    { kind: 'answer', status: 429, headers: { 'retry-after': 'soon' } },
    { outcome: 'notSent', status: 429, reason: 'HTTP 429' },
  ],
  [
    '429, in the past',
    { kind: 'answer', status: 429, headers: { 'retry-after': 'Mon, 06 May 2030 07:08:09 GMT' } },
    { outcome: 'notSent', status: 429, reason: 'HTTP 429' },
  ],
  [
    '429, below nothing',
    { kind: 'answer', status: 429, headers: { 'retry-after': '-5' } },
    { outcome: 'notSent', status: 429, reason: 'HTTP 429' },
  ],
  [
    '429 that hangs in its body',
    { kind: 'hangInBody', status: 429 },
    { outcome: 'notSent', status: 429, reason: 'HTTP 429' },
  ],
  ['a reset', { kind: 'reset' }, { outcome: 'unknown', reason: 'ECONNRESET' }],
  ['no answer', { kind: 'hang' }, { outcome: 'unknown', reason: 'timeout' }],
];

describe('what an answer comes to', () => {
  test.each(ANSWERS)('%s', async (_what, behaviour, expected) => {
    fake.next(behaviour);
    const connector = connect({ timeoutMs: 400 });
    expect(await connector.deliver(call())).toEqual(expected);
    expect(fake.calls).toHaveLength(1);
    // The next message goes out all right.
    expect(await connector.deliver(call())).toMatchObject({ outcome: 'delivered' });
    expect(fake.calls).toHaveLength(2);
  });

  test.each([301, 302, 303, 307, 308])('%d is not followed', async (status) => {
    const elsewhere = await startFakeConnector();
    try {
      fake.next({ kind: 'redirect', status, location: elsewhere.url });
      expect(await connect().deliver(call())).toEqual({ outcome: 'rejected', status, reason: `HTTP ${status}` });
      expect(elsewhere.calls).toHaveLength(0);
    } finally {
      await elsewhere.close();
    }
  });

  test('an answer that is not HTTP', async () => {
    const server = await listen((socket) => socket.on('data', () => socket.end('SMTP ready\r\n')));
    expect(await connect().deliver(call({ serviceUrl: server.url }))).toMatchObject({ outcome: 'unknown' });
    await server.close();
  });

  test('an answer shorter than what follows it', async () => {
    const server = await listen((socket) =>
      socket.on('data', () => socket.write('HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\n{"id":"x"}')),
    );
    expect(await connect().deliver(call({ serviceUrl: server.url }))).toMatchObject({
      outcome: 'unknown',
      status: 201,
    });
    await server.close();
  });

  test('endless headers', async () => {
    const server = await listen((socket) =>
      socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`)),
    );
    expect(await connect().deliver(call({ serviceUrl: server.url }))).toMatchObject({ outcome: 'unknown' });
    await server.close();
  });

  test('an answer that drips past the time limit', async () => {
    const server = await listen((socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'));
      const drip = setInterval(() => socket.write('1\r\n \r\n'), 20);
      socket.on('close', () => clearInterval(drip));
    });
    const started = performance.now();
    expect(await connect({ timeoutMs: 300 }).deliver(call({ serviceUrl: server.url }))).toMatchObject({
      outcome: 'unknown',
    });
    expect(performance.now() - started).toBeLessThan(2_000);
    await server.close();
  });
});

describe('when nothing has left', () => {
  test('connection refused', async () => {
    const gone = await startFakeConnector();
    await gone.close();
    expect(await connect().deliver(call({ serviceUrl: gone.url }))).toEqual({
      outcome: 'notSent',
      reason: 'ECONNREFUSED',
    });
  });

  test('no such name', async () => {
    const lookup: BotConnectorOptions['lookup'] = (host, _options, done) => {
      const error: NodeJS.ErrnoException = new Error(`getaddrinfo ENOTFOUND ${host}`);
      error.code = 'ENOTFOUND';
      done(error, []);
    };
    const delivery = await connect({ lookup }).deliver(call({ serviceUrl: 'https://smba.trafficmanager.net/teams/' }));
    expect(delivery).toEqual({ outcome: 'notSent', reason: 'ENOTFOUND' });
  });

  test('a certificate that nobody vouches for', async () => {
    const seen: string[] = [];
    const server = createTlsServer(selfSigned, (request, response) => {
      seen.push(request.headers.authorization ?? '');
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const delivery = await connect().deliver(call({ serviceUrl: `https://localhost:${port}/` }));
    expect(delivery).toEqual({ outcome: 'notSent', reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(seen).toEqual([]);
    await new Promise((resolve) => server.close(resolve));
  });

  test('a server that does not speak TLS', async () => {
    const delivery = await connect().deliver(call({ serviceUrl: `https://127.0.0.1:${fake.port}/` }));
    expect(delivery.outcome).toBe('notSent');
    expect(fake.calls).toHaveLength(0);
  });

  test('a handshake that never ends', async () => {
    const server = await listen(() => undefined);
    const url = server.url.replace('http:', 'https:');
    expect(await connect({ timeoutMs: 200 }).deliver(call({ serviceUrl: url }))).toEqual({
      outcome: 'notSent',
      reason: 'timeout',
    });
    await server.close();
  });

  test('no token, with the time until there may be one', async () => {
    const source: TokenSource = {
      token: () => Promise.reject(new TokenUnavailable('AADSTS7000215', 4_000)),
      invalidate: () => undefined,
    };
    const delivery = await connect({ tokens: source }).deliver(call());
    expect(delivery).toMatchObject({
      outcome: 'notSent',
      retryAfterMs: 4_000,
      reason: expect.stringContaining('AADSTS7000215'),
    });
    expect(fake.calls).toHaveLength(0);
  });

  test('a token source that hangs', async () => {
    const source: TokenSource = { token: () => new Promise(() => undefined), invalidate: () => undefined };
    expect(await connect({ tokens: source, timeoutMs: 100 }).deliver(call())).toEqual({
      outcome: 'notSent',
      reason: 'no token',
    });
  });

  test('a token that is no header value', async () => {
    const source: TokenSource = { token: async () => 'a\r\nx: y', invalidate: () => undefined };
    expect(await connect({ tokens: source }).deliver(call())).toMatchObject({ outcome: 'notSent' });
    expect(fake.calls).toHaveLength(0);
  });
});

describe('giving up', () => {
  test('before the call', async () => {
    expect(await connect().deliver(call(), AbortSignal.abort())).toEqual({ outcome: 'notSent', reason: 'aborted' });
    expect(fake.calls).toHaveLength(0);
  });

  test('while there is no token yet', async () => {
    const source: TokenSource = { token: () => new Promise(() => undefined), invalidate: () => undefined };
    const abort = new AbortController();
    const delivery = connect({ tokens: source }).deliver(call(), abort.signal);
    abort.abort();
    expect(await delivery).toEqual({ outcome: 'notSent', reason: 'aborted' });
  });

  test('after the request has left', async () => {
    fake.next({ kind: 'hang' });
    const abort = new AbortController();
    const delivery = connect().deliver(call(), abort.signal);
    await fake.until(() => fake.calls.length === 1);
    abort.abort();
    expect(await delivery).toEqual({ outcome: 'unknown', reason: 'aborted' });
  });
});

describe('401', () => {
  test('drops the token and waits longer each time', async () => {
    fake.onCall(() => ({ kind: 'answer', status: 401 }));
    const source = tokens();
    const connector = connect({ tokens: source });
    const waits: unknown[] = [];
    for (let i = 0; i < 6; i++) {
      const delivery = await connector.deliver(call());
      expect(delivery).toMatchObject({ outcome: 'notSent', status: 401 });
      waits.push('retryAfterMs' in delivery ? delivery.retryAfterMs : undefined);
    }
    expect(waits).toEqual([1_000, 5_000, 30_000, 60_000, 60_000, 60_000]);
    expect(source.dropped).toEqual(Array(6).fill(TOKEN));
    expect(fake.calls).toHaveLength(6);
    fake.clear();
    await connector.deliver(call());
    fake.next({ kind: 'answer', status: 401 });
    expect(await connector.deliver(call())).toMatchObject({ retryAfterMs: 1_000 });
  });

  test('is final without an app id', async () => {
    fake.next({ kind: 'answer', status: 401 });
    expect(await connect({ tokens: undefined }).deliver(call())).toMatchObject({ outcome: 'rejected', status: 401 });
  });
});

describe('the circuit', () => {
  let now = 0;
  const ownClock = { now: () => NOW, monotonic: () => now };
  const dead = { kind: 'answer', status: 503 } as const;

  beforeEach(() => {
    now = 0;
  });

  test('opens after five failures in a row, lets one probe through, and closes', async () => {
    const source = tokens();
    const connector = connect({ clock: ownClock, tokens: source });
    fake.onCall(() => dead);
    for (let i = 0; i < 5; i++) expect(await connector.deliver(call())).toMatchObject({ outcome: 'unknown' });
    expect(await connector.deliver(call())).toEqual({
      outcome: 'notSent',
      reason: 'circuit open',
      retryAfterMs: 5_000,
    });
    expect([fake.calls.length, source.asked]).toEqual([5, 5]);

    now = 5_000;
    fake.onCall(() => ({ ...dead, latencyMs: 50 }));
    const both = await Promise.all([connector.deliver(call()), connector.deliver(call())]);
    expect(both).toEqual([
      { outcome: 'unknown', reason: 'HTTP 503', status: 503 },
      { outcome: 'notSent', reason: 'circuit open', retryAfterMs: 1_000 },
    ]);
    expect(await connector.deliver(call())).toMatchObject({ reason: 'circuit open', retryAfterMs: 10_000 });

    now = 15_000;
    fake.onCall(() => undefined);
    expect(await connector.deliver(call())).toMatchObject({ outcome: 'delivered' });
    const after = await Promise.all([connector.deliver(call()), connector.deliver(call())]);
    expect(after.map((delivery) => delivery.outcome)).toEqual(['delivered', 'delivered']);
  });

  test('is opened by a host that cannot be reached', async () => {
    const gone = await startFakeConnector();
    await gone.close();
    const connector = connect({ clock: ownClock });
    for (let i = 0; i < 5; i++) await connector.deliver(call({ serviceUrl: gone.url }));
    expect(await connector.deliver(call({ serviceUrl: gone.url }))).toMatchObject({ reason: 'circuit open' });
    // Another host is not concerned.
    expect(await connector.deliver(call())).toMatchObject({ outcome: 'delivered' });
  });

  test('is not opened by refusals, throttling or answers in between', async () => {
    const connector = connect({ clock: ownClock });
    for (const status of [429, 429, 429, 403, 403, 403, 500, 500, 500, 503, 503, 503, 503]) {
      fake.next({ kind: 'answer', status });
      await connector.deliver(call());
    }
    expect(await connector.deliver(call())).toMatchObject({ outcome: 'delivered' });
  });

  test('a probe that is given up leaves room for the next', async () => {
    const connector = connect({ clock: ownClock });
    fake.onCall(() => dead);
    for (let i = 0; i < 5; i++) await connector.deliver(call());
    now = 5_000;
    fake.onCall(() => ({ kind: 'hang' }));
    const abort = new AbortController();
    const probe = connector.deliver(call(), abort.signal);
    await fake.until(() => fake.calls.length === 6);
    abort.abort();
    await probe;
    fake.onCall(() => undefined);
    expect(await connector.deliver(call())).toMatchObject({ outcome: 'delivered' });
  });
});

describe('the token', () => {
  test.each([
    'https://evil-botframework.com/',
    'https://smba.trafficmanager.net.evil.com/',
    'https://a@webchat.botframework.com/',
    'http://smba.trafficmanager.net/teams/',
    'https://smba.trafficmanager.net:8443/',
    'https://[2001:db8::1]/',
    'https://smb\u0430.trafficmanager.net/',
    'http://169.254.169.254/',
    'not an address',
    '',
  ])('is not even asked for when the service URL is %j', async (serviceUrl) => {
    const source = tokens();
    const lookup = jest.fn<NonNullable<BotConnectorOptions['lookup']>>();
    const delivery = await connect({ tokens: source, lookup }).deliver(call({ serviceUrl }));
    expect(delivery).toMatchObject({ outcome: 'rejected', status: 0 });
    expect(source.asked).toBe(0);
    expect(lookup).not.toHaveBeenCalled();
  });

  test('does not go to loopback outside development', async () => {
    const source = tokens();
    const delivery = await connect({ tokens: source, trust: { development: false } }).deliver(call());
    expect(delivery).toMatchObject({ outcome: 'rejected', status: 0 });
    expect([fake.calls.length, source.asked]).toEqual([0, 0]);
  });

  test('and the message are in no result and no output', async () => {
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => jest.spyOn(console, name));
    const results: unknown[] = [];
    for (const [, behaviour] of ANSWERS) {
      fake.next(behaviour);
      results.push(await connect({ timeoutMs: 150 }).deliver(call()));
    }
    const text = JSON.stringify(results);
    for (const canary of [TOKEN, 'canary-text', 'héllo', 'streaminfo']) expect(text).not.toContain(canary);
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });
});

async function listen(onConnection: (socket: Socket) => void): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
