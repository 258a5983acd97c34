import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { QueueClient } from '@azure/storage-queue';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { QueueDoorbell, type QueueDoorbellOptions } from '../../src/azure/queue-doorbell';
import { parseRing } from '../../src/azure/ring-message';
import { systemClock } from '../../src/runtime/system';
import { Secret } from '../../src/schema/secret';
import { conversationKey } from '../../src/turn/keys';
import { type Azurite, connectionStringFor, freePort, startAzurite } from '../support/azurite';
import { runInPlainNode } from '../support/plain-node';

/** Servers that are still up: a test that fails must not keep the process alive. */
const up = new Set<http.Server>();

afterEach(() => {
  for (const server of up) {
    server.close();
    server.closeAllConnections();
  }
  up.clear();
});

const key = conversationKey('msteams', '19:ü/b@thread.v2;messageid=1');

describe('on a real queue', () => {
  let azurite: Azurite;
  let names = 0;

  beforeAll(async () => {
    azurite = await startAzurite();
  });
  afterAll(() => azurite.stop());

  async function queue(): Promise<{ client: QueueClient; doorbell: QueueDoorbell }> {
    const queueName = `turns-${++names}`;
    const client = new QueueClient(azurite.connectionString, queueName);
    await client.create();
    return { client, doorbell: doorbellAt(azurite.connectionString, { queueName }) };
  }

  test('a ring is base64 of the JSON that parseRing reads', async () => {
    const { client, doorbell } = await queue();
    await doorbell.ring(key, 0);
    const { receivedMessageItems: received } = await client.receiveMessages({ numberOfMessages: 32 });
    expect(received).toHaveLength(1);
    const text = Buffer.from(received[0]!.messageText, 'base64').toString('utf8');
    expect(JSON.parse(text)).toEqual({ conversation: key });
    expect(parseRing(text)).toBe(key);
    expect(parseRing(JSON.parse(text))).toBe(key);
  });

  test('is ready when it is there, and where it would be made; nothing is rung', async () => {
    const { client, doorbell } = await queue();
    await doorbell.ready();
    expect((await client.getProperties()).approximateMessagesCount).toBe(0);
    const missing = { queueName: 'never-made' };
    await expect(doorbellAt(azurite.connectionString, missing).ready()).rejects.toMatchObject({ code: 'QueueMissing' });
    await doorbellAt(azurite.connectionString, { ...missing, createQueue: true }).ready();
  });

  test('a delayed ring is not heard before its time', async () => {
    const { client, doorbell } = await queue();
    const rung = Date.now();
    await doorbell.ring(key, 1_200);
    expect((await client.receiveMessages()).receivedMessageItems).toEqual([]);
    let heard = 0;
    while (heard === 0 && Date.now() - rung < 8_000) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      heard = (await client.receiveMessages()).receivedMessageItems.length;
    }
    expect(heard).toBe(1);
    // Whole seconds, rounded up; the service counts from whole seconds too.
    expect(Date.now() - rung).toBeGreaterThanOrEqual(1_000);
    expect(Date.now() - rung).toBeLessThan(4_500);
  });

  test.each([7 * 24 * 3600 * 1000, 30 * 24 * 3600 * 1000, Number.POSITIVE_INFINITY])(
    'a delay of %d ms is taken',
    async (delay) => {
      const { client, doorbell } = await queue();
      await doorbell.ring(key, delay);
      expect((await client.getProperties()).approximateMessagesCount).toBe(1);
      expect((await client.receiveMessages()).receivedMessageItems).toEqual([]);
    },
  );

  test.each([-5, Number.NaN])('a delay of %d ms is none', async (delay) => {
    const { client, doorbell } = await queue();
    await doorbell.ring(key, delay);
    expect((await client.receiveMessages()).receivedMessageItems).toHaveLength(1);
  });

  test('a missing queue is created once, where that is wanted', async () => {
    const queueName = `turns-${++names}`;
    const doorbell = doorbellAt(azurite.connectionString, { queueName, createQueue: true });
    await Promise.all(Array.from({ length: 10 }, () => doorbell.ring(key, 0)));
    const client = new QueueClient(azurite.connectionString, queueName);
    expect((await client.getProperties()).approximateMessagesCount).toBe(10);
    // Also when it goes away later.
    await client.delete();
    await doorbell.ring(key, 0);
    expect((await client.getProperties()).approximateMessagesCount).toBe(1);
  });

  test('a missing queue is an error that says so, elsewhere', async () => {
    const doorbell = doorbellAt(azurite.connectionString, { queueName: 'nowhere' });
    await expect(doorbell.ring(key, 0)).rejects.toMatchObject({
      code: 'QueueMissing',
      message: expect.stringContaining('"nowhere"'),
    });
  });

  test('a wrong key is an error without the key in it, and is not tried again', async () => {
    const wrong = connectionStringFor(azurite.port).replace('Eby8', 'AAAA');
    const failure = await doorbellAt(wrong, {})
      .ring(key, 0)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'RingFailed', message: expect.stringContaining('HTTP 403') });
    expect(`${failure} ${JSON.stringify(failure)} ${(failure as Error).stack}`).not.toContain('AAAA');
  });
});

describe('when the queue does not answer', () => {
  async function rejection(doorbell: QueueDoorbell): Promise<{ error: unknown; ms: number }> {
    const started = performance.now();
    const error = await doorbell.ring(key, 0).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return { error, ms: performance.now() - started };
  }

  test('server down: refused, tried twice, over within the limit', async () => {
    const { error, ms } = await rejection(doorbellAt(connectionStringFor(await freePort()), {}));
    expect(error).toMatchObject({ code: 'RingFailed', message: expect.stringContaining('ECONNREFUSED') });
    expect(ms).toBeLessThan(2_500);
  });

  test('server hangs: over within the limit', async () => {
    const server = await storage(() => undefined);
    const { error, ms } = await rejection(doorbellAt(server.connectionString, { timeoutMs: 600, tryTimeoutMs: 250 }));
    expect(error).toMatchObject({ code: 'RingFailed', message: expect.stringContaining('timeout') });
    expect(ms).toBeLessThan(1_500);
    expect(server.requests()).toBe(2);
    await server.close();
  });

  test('throttled once: the second try gets through', async () => {
    const server = await storage((response, count) => answer(response, count === 1 ? 503 : 201));
    await doorbellAt(server.connectionString, {}).ring(key, 0);
    expect(server.requests()).toBe(2);
    await server.close();
  });

  test('throttled for good: two tries, then an error', async () => {
    const server = await storage((response) => answer(response, 503));
    const { error, ms } = await rejection(doorbellAt(server.connectionString, {}));
    expect(error).toMatchObject({ code: 'RingFailed', message: expect.stringContaining('HTTP 503 ServerBusy') });
    expect(server.requests()).toBe(2);
    expect(ms).toBeLessThan(2_500);
    await server.close();
  });

  test('an answer cut off is tried again', async () => {
    const server = await storage((response, count) => {
      if (count === 1) response.socket?.resetAndDestroy();
      else answer(response, 201);
    });
    await doorbellAt(server.connectionString, {}).ring(key, 0);
    await server.close();
  });

  test.each([
    ['a code that is none', 503, { 'x-ms-error-code': 'see https://account.example' }, 2, 'HTTP 503 error'],
    ['no code', 500, {}, 2, 'HTTP 500 error'],
    ['too many', 429, { 'x-ms-error-code': 'TooManyRequests' }, 2, 'HTTP 429 TooManyRequests'],
    ['too slow', 408, {}, 2, 'HTTP 408 error'],
    ['not for this key', 403, { 'x-ms-error-code': 'AuthenticationFailed' }, 1, 'HTTP 403 AuthenticationFailed'],
    ['another thing missing', 404, { 'x-ms-error-code': 'ResourceNotFound' }, 1, 'HTTP 404 ResourceNotFound'],
    ['somebody else', 200, {}, 1, 'HTTP 200 error'],
  ])('an answer with %s is tried as often as it is worth it', async (_what, status, headers, tries, reason) => {
    const server = await storage((response) => response.writeHead(status, headers).end('<canary>'));
    const doorbell = doorbellAt(server.connectionString, {});
    const { error } = await rejection(doorbell);
    expect(error).toMatchObject({ code: 'RingFailed', message: expect.stringContaining(`(${reason})`) });
    expect(server.requests()).toBe(tries);
    if (status !== 200) {
      const message = expect.stringContaining(`(${reason})`);
      await expect(doorbell.ready()).rejects.toMatchObject({ code: 'QueueUnusable', message });
    }
    await server.close();
  });

  test('connections are kept', async () => {
    const server = await storage((response) => answer(response, 201));
    const doorbell = doorbellAt(server.connectionString, {});
    for (let i = 0; i < 5; i++) await doorbell.ring(key, 0);
    expect([server.requests(), server.connections()]).toEqual([5, 1]);
    await server.close();
  });
});

test('a ring over a connection string loads no SDK, and rings in a row share a connection', async () => {
  const server = await storage((response) => answer(response, 201));
  const output = await runInPlainNode(
    `
    const { QueueDoorbell } = require('./src/azure/queue-doorbell.ts');
    const { systemClock: clock } = require('./src/runtime/system.ts');
    const { Secret } = require('./src/schema/secret.ts');
    const connection = { kind: 'connectionString', connectionString: new Secret(process.env.STORAGE) };
    const doorbell = new QueueDoorbell({ connection, queueName: 'q', createQueue: false, clock });
    const rings = async () => { for (let i = 0; i < 20; i++) await doorbell.ring('a/b', 0); };
    rings().then(() => {
      const packages = Object.keys(require.cache).map((file) => /node_modules.((@[^/]+.)?[^/]+)/.exec(file)?.[1]);
      const others = packages.filter((name) => name !== undefined && !name.startsWith('@swc')); // The compiler is this script's.
      console.log(JSON.stringify([...new Set(others)]));
    });`,
    { STORAGE: server.connectionString },
  );
  expect(JSON.parse(output)).toEqual([]);
  expect([server.requests(), server.connections()]).toEqual([20, 1]);
  await server.close();
});

describe('parseRing', () => {
  test.each([
    conversationKey('emulator', 'a'),
    conversationKey('MSTeams', '19:x@thread.v2'),
    conversationKey('directline', '%2F..%2F '),
    conversationKey('test', '🙂'),
  ])('reads %s', (written) => {
    expect(parseRing({ conversation: written })).toBe(written);
    expect(parseRing(JSON.stringify({ conversation: written, v: 2 }))).toBe(written);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 123],
    ['a list', [{ conversation: 'a/b' }]],
    ['text', 'hello'],
    ['text that is a key', 'a/b'],
    ['half JSON', '{"conversation":"a/b"'],
    ['base64', Buffer.from('{"conversation":"a/b"}').toString('base64')],
    ['bytes', Buffer.from('{"conversation":"a/b"}')],
    ['no conversation', {}],
    ['an inherited one', Object.create({ conversation: 'a/b' })],
    ['a number for a key', { conversation: 5 }],
    ['a list for a key', { conversation: ['a/b'] }],
    ['an empty key', { conversation: '' }],
    ['half a key', { conversation: 'a/' }],
    ['half a key', { conversation: '/b' }],
    ['three parts', { conversation: 'a/b/c' }],
    ['another spelling', { conversation: 'A/b' }],
    ['another spelling', { conversation: 'a/%62' }],
    ['another spelling', { conversation: 'a/%c3%bc' }],
    ['not encoded', { conversation: 'a/b c' }],
    ['broken encoding', { conversation: 'a/%' }],
    ['broken encoding', { conversation: 'a/%ff' }],
    ['a lone surrogate', { conversation: 'a/\ud800' }],
    ['a prototype', '{"__proto__":{"conversation":"a/b"}}'],
    ['far too long', { conversation: `a/${'b'.repeat(70_000)}` }],
    ['very deep', '['.repeat(60_000)],
  ])('does not take %s for a ring', (_what, message) => {
    expect(parseRing(message)).toBeUndefined();
  });
});

function doorbellAt(connectionString: string, options: Partial<QueueDoorbellOptions>): QueueDoorbell {
  const connection = { kind: 'connectionString', connectionString: new Secret(connectionString) } as const;
  return new QueueDoorbell({ connection, queueName: 'turns', createQueue: false, clock: systemClock, ...options });
}

function answer(response: http.ServerResponse, status: number): void {
  const ok = '<QueueMessage><MessageId>1</MessageId><PopReceipt>p</PopReceipt></QueueMessage>';
  const busy = '<Error><Code>ServerBusy</Code><Message>canary</Message></Error>';
  const body = `<?xml version="1.0" encoding="utf-8"?>${status === 201 ? `<QueueMessagesList>${ok}</QueueMessagesList>` : busy}`;
  const code = status === 201 ? {} : { 'x-ms-error-code': 'ServerBusy' };
  response.writeHead(status, { 'content-type': 'application/xml', ...code }).end(body);
}

/** A server in the place of the storage service, for what Azurite does not do. */
async function storage(onRequest: (response: http.ServerResponse, count: number) => void) {
  let requests = 0;
  let connections = 0;
  const server = http.createServer((request, response) => {
    request.resume();
    request.on('end', () => onRequest(response, ++requests));
  });
  server.on('connection', () => {
    connections += 1;
  });
  up.add(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    connectionString: connectionStringFor((server.address() as AddressInfo).port),
    requests: () => requests,
    connections: () => connections,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
