import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type AppCopy,
  copyFixtureApp,
  printed,
  type RunnerProcess,
  startRunnerProcess,
} from './support/runner-process';

describe('HTTP triggers', () => {
  let app: AppCopy;
  let runner: RunnerProcess;

  beforeAll(async () => {
    app = copyFixtureApp();
    runner = await startRunnerProcess(app, { env: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000000' } });
  });
  afterAll(async () => {
    await runner.end();
    app.remove();
  });

  const get = (path: string, init: RequestInit = {}): Promise<Response> => fetch(runner.url + path, init);

  /** Sends bytes as they are, for what no client library would send. */
  async function raw(text: string): Promise<string> {
    const { hostname, port } = new URL(runner.url);
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(Number(port), hostname, () => socket.write(text));
      socket.setEncoding('latin1');
      socket.on('data', (chunk: string) => {
        answer += chunk;
      });
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });
  }

  /** Sends a body as a client does that does not know its length. */
  async function inChunks(address: string, chunks: readonly string[]): Promise<{ status: number; text: string }> {
    const request = httpRequest(runner.url + address, { method: 'POST' });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.on('response', resolve).on('error', reject);
    });
    for (const chunk of chunks) request.write(chunk);
    request.end();
    const response = await answered;
    let answer = '';
    for await (const chunk of response.setEncoding('utf8')) answer += chunk;
    return { status: response.statusCode ?? 0, text: answer };
  }

  test('a body without a Content-Length is dropped, as under the host', async () => {
    const { status, text } = await inChunks('/api/echo', ['one', 'two']);
    expect([status, JSON.parse(text)]).toEqual([200, expect.objectContaining({ method: 'POST', body: '' })]);
    expect(await (await get('/api/echo', { method: 'POST', body: 'onetwo' })).json()).toMatchObject({ body: 'onetwo' });
  });

  test('hand the request over as the host does', async () => {
    const response = await get('/api/echo/a%20b?q=1%262', {
      method: 'POST',
      body: 'héllo',
      headers: { 'X-Test': 'yes' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      method: 'POST',
      url: `${runner.url}/api/echo/a%20b?q=1%262`,
      name: 'a b',
      query: '1&2',
      header: 'yes',
      forwarded: null,
      body: 'héllo',
    });
  });

  test.each([
    ['/api/echo', 200, /"method":"GET"/],
    ['/API/Echo/', 200, /"method":"GET"/],
    ['/api/echo/literal', 200, /^literal$/],
    ['/api/files/a/b.txt', 200, /^a\/b\.txt$/],
    ['/api/number/12', 200, /^12$/],
    ['/api/number/x', 404, /NotFound/],
    ['/api/echo/a/b', 404, /NotFound/],
    ['/api', 404, /NotFound/],
    ['/', 404, /NotFound/],
    ['//evil.example/api/echo', 404, /NotFound/],
    ['/api/echo/%E0%A4%A', 400, /BadRequest/],
    ['/api/echo/a%2Fb', 200, /"name":"a%2Fb"/],
    ['/api/echo/__proto__', 200, /"name":"__proto__"/],
  ])('GET %s is %i', async (path, status, body) => {
    const response = await get(path);
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(body);
  });

  test('a method that no function takes is 404, as under the host, with a word on what is taken', async () => {
    const response = await get('/api/messages');
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: { code: 'NotFound', message: 'This address takes POST.' } });
    expect((await get('/api/echo', { method: 'DELETE' })).status).toBe(404);
    expect((await get('/api/echo', { method: 'HEAD' })).status).toBe(404);
  });

  test('a function answers with status, headers, cookies and bytes', async () => {
    const response = await get('/api/created', { method: 'PUT', body: 'x' });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-answer')).toBe('yes');
    expect(response.headers.getSetCookie()).toEqual(['a=b%20c; Max-Age=60; Path=/; HttpOnly; SameSite=Lax']);
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 1, 255]);
  });

  test('nothing returned is 204; a thrown error is 500 without its text, and one line in the log', async () => {
    expect((await get('/api/nothing')).status).toBe(204);
    const response = await get('/api/throws');
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('');
    await printed(runner, /error throws {4}failed: thrown by the function \(functions\/http\.js:\d+:\d+\)\n/);
  });

  test('a body over the limit is 413, whether it says so or not', async () => {
    const announced = await get('/api/echo', { method: 'POST', body: 'x'.repeat(1_000_001) });
    expect(announced.status).toBe(413);
    expect(await announced.json()).toMatchObject({ error: { code: 'BodyTooLarge' } });

    expect((await inChunks('/api/echo', Array(11).fill('x'.repeat(100_000)))).status).toBe(413);
    expect((await get('/api/echo', { method: 'POST', body: 'x'.repeat(1_000_000) })).status).toBe(200);
  });

  test('more header fields or a longer address than the host takes are refused', async () => {
    const fields = (count: number): RequestInit => ({
      headers: Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, 'y'])),
    });
    // The client adds some of its own.
    expect((await get('/api/echo', fields(90))).status).toBe(200);
    expect((await get('/api/echo', fields(101))).status).toBe(431);
    expect((await get(`/api/echo?q=${'x'.repeat(8_000)}`)).status).toBe(200);
    expect((await get(`/api/echo?q=${'x'.repeat(8_192)}`)).status).toBe(414);
  });

  test('malformed requests do not reach a function or end the runner', async () => {
    expect(await raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw('GET /api/echo HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw('GET /api/echo HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw('GET /api/echo HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw('OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(await raw('GET http://other.example/api/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toMatch(
      /"url":"http:\/\/other\.example\/api\/echo"/,
    );
    expect((await get('/api/echo')).status).toBe(200);
  });

  test('only the loopback address is listened on', () => {
    expect(runner.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });
});

test('local.settings.json may set the largest body, as it does for the host', async () => {
  const app = copyFixtureApp();
  app.write('local.settings.json', { Values: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: 2_000_000 } });
  const runner = await startRunnerProcess(app);
  const send = (size: number): Promise<Response> =>
    fetch(`${runner.url}/api/echo`, { method: 'POST', body: 'x'.repeat(size) });
  expect([(await send(2_000_000)).status, (await send(2_000_001)).status]).toEqual([200, 413]);
  await runner.end();
  app.remove();
});
