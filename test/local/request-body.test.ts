import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deferred } from '../../src/local/deferred';
import { HttpTriggerServer } from '../../src/local/http-server';

/* How much of a body the server reads, counted at its sockets. */

const LIMIT = 1_100_000;
const MB = 1_048_576;
/** Most that one connection may make the server read beyond what it keeps: some that it drops, and what was on its way. */
const SLACK = 1.5 * MB;

let server: HttpTriggerServer;
let sockets: Set<Socket>;
let clients: Client[];

const onRequest = (message: unknown): void => {
  sockets.add((message as { readonly socket: Socket }).socket);
};

beforeEach(async () => {
  sockets = new Set();
  clients = [];
  subscribe('http.server.request.start', onRequest);
  server = await HttpTriggerServer.listen(0, LIMIT);
  const invoke = async (): Promise<{ statusCode: string }> => ({ statusCode: '200' });
  server.serve([{ name: 'echo', route: 'echo', methods: ['POST'], keyed: false, invoke }], 'api');
});

afterEach(() => {
  unsubscribe('http.server.request.start', onRequest);
  for (const { socket } of clients) socket.destroy();
  server.close();
});

const bytesRead = (): number => [...sockets].reduce((sum, socket) => sum + socket.bytesRead, 0);

interface Client {
  readonly socket: Socket;
  /** Status and body of the answer. */
  readonly answer: Promise<string>;
  readonly closed: Promise<void>;
  /** Sends this many bytes as fast as they are taken, until there is an answer. */
  send(bytes: number, inChunks?: boolean): void;
}

function client(head: readonly string[]): Client {
  const socket = connect(server.port, '127.0.0.1');
  const answered = deferred<string>();
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk) => {
    text += String(chunk);
    // An interim answer has a head and no body.
    const final = text.replace(/^HTTP\/1\.1 100 .*?\r\n\r\n/s, '');
    if (/\r\n\r\n/.test(final)) answered.resolve(text);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => answered.resolve(text));
  socket.write([...head, 'Host: 127.0.0.1', '', ''].join('\r\n'));
  const made: Client = {
    socket,
    answer: answered.promise,
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    send(bytes, inChunks = false) {
      const piece = Buffer.alloc(65_536, 'x');
      const wire = inChunks ? Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')]) : piece;
      let left = bytes;
      const more = (): void => {
        while (left > 0 && !socket.destroyed) {
          const next = left < piece.length ? wire.subarray(0, left) : wire;
          left -= piece.length;
          if (!socket.write(next)) {
            socket.once('drain', more);
            return;
          }
        }
      };
      more();
    },
  };
  clients.push(made);
  return made;
}

const post = (...fields: readonly string[]): Client => client(['POST /api/echo HTTP/1.1', ...fields]);

describe('a body over the limit', () => {
  test('that says so is refused at once, and not read', async () => {
    const senders = [1, 2, 3, 4].map(() => post(`Content-Length: ${60 * MB}`));
    for (const sender of senders) sender.send(60 * MB);
    for (const sender of senders) {
      const answer = await sender.answer;
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer).toMatch(/\r\nconnection: close\r\n/i);
      expect(answer).toContain('"code":"BodyTooLarge"');
      // Until the connection has ended nothing more may be read.
      await sender.closed;
    }
    expect(sockets.size).toBe(4);
    expect(bytesRead()).toBeLessThan(4 * SLACK);
  });

  test('that comes in chunks is refused as soon as it passes the limit', async () => {
    const sender = post('Transfer-Encoding: chunked');
    sender.send(60 * MB, true);
    expect(await sender.answer).toMatch(/^HTTP\/1\.1 413 /);
    await sender.closed;
    expect(bytesRead()).toBeLessThan(LIMIT + SLACK);
  });

  test('is not asked for', async () => {
    const sender = post(`Content-Length: ${60 * MB}`, 'Expect: 100-continue');
    expect(await sender.answer).toMatch(/^HTTP\/1\.1 413 /);
    const small = post('Content-Length: 5', 'Expect: 100-continue');
    small.socket.once('data', () => small.send(5));
    expect(await small.answer).toMatch(/^HTTP\/1\.1 100 .*\r\n\r\nHTTP\/1\.1 200 /s);
  });

  test('is not read for another refusal either', async () => {
    const senders = [
      client(['POST /api/nothing HTTP/1.1', `Content-Length: ${60 * MB}`]),
      client(['POST /api/nothing HTTP/1.1', 'Transfer-Encoding: chunked']),
      client(['POST /api/messages% HTTP/1.1', `Content-Length: ${60 * MB}`]),
      client([`POST /api/echo?q=${'x'.repeat(9_000)} HTTP/1.1`, `Content-Length: ${60 * MB}`]),
      client(['POST /api/echo HTTP/1.1', ...Array(101).fill('X-Many: x'), `Content-Length: ${60 * MB}`]),
    ];
    for (const [index, sender] of senders.entries()) sender.send(60 * MB, index === 1);
    const answers = await Promise.all(senders.map((sender) => sender.answer));
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(['404', '404', '400', '414', '431']);
    await Promise.all(senders.map(({ closed }) => closed));
    expect(bytesRead()).toBeLessThan(senders.length * SLACK);
  });
});

test('a short request that is refused does not cost its connection', async () => {
  const sender = client(['POST /api/nothing HTTP/1.1', 'Content-Length: 5']);
  sender.send(5);
  expect(await sender.answer).toMatch(/^HTTP\/1\.1 404 .*\r\nconnection: keep-alive\r\n/is);
});

/** Resolves once a condition holds. */
async function holds(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

describe('bodies that do not end', () => {
  /** Connections, each of which sends all of its body but the last byte. */
  async function halfSent(count: number): Promise<Client[]> {
    const senders = Array.from({ length: count }, () => post(`Content-Length: ${LIMIT}`));
    for (const sender of senders) sender.send(LIMIT - 1);
    return senders;
  }

  test('are held within one limit for all of them, and the next are refused', async () => {
    const senders = await halfSent(60);
    const answers: string[] = [];
    for (const sender of senders) void sender.answer.then((answer) => answers.push(answer));
    // 32 MB have place for 30 of them.
    await holds(() => answers.length >= 30);
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 503 .*"code":"TooBusy"/s);
    expect(answers.length).toBeLessThan(60);
  });

  test('do not keep a short one that is refused in its connection, before the next request there', async () => {
    for (const sender of [...Array(30)].map(() => post(`Content-Length: ${LIMIT}`))) sender.send(LIMIT - 10_000);
    // What is left is less than one body of the size below.
    const rest = 33_554_432 - 30 * (LIMIT - 10_000) - 10_000;
    post(`Content-Length: ${LIMIT}`).send(rest);
    await holds(() => bytesRead() >= 30 * (LIMIT - 10_000) + rest);
    const short = post('Content-Length: 250000');
    short.send(250_000);
    expect(await short.answer).toMatch(/^HTTP\/1\.1 503 .*\r\nconnection: keep-alive\r\n/is);
    const next = new Promise((resolve) => short.socket.once('data', (chunk) => resolve(String(chunk))));
    short.socket.write('POST /api/echo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n');
    expect(await next).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('give their place back when their senders go away, and when they are answered', async () => {
    for (let round = 0; round < 3; round += 1) {
      const senders = await halfSent(25);
      await holds(() => bytesRead() >= 25 * (LIMIT - 1));
      for (const sender of senders) sender.socket.destroy();
      await holds(() => [...sockets].every((socket) => socket.destroyed));
      sockets.clear();
    }
    for (let index = 0; index < 40; index += 1) {
      const sender = post(`Content-Length: ${LIMIT}`);
      sender.send(LIMIT);
      expect(await sender.answer).toMatch(/^HTTP\/1\.1 200 /);
    }
  });
});
