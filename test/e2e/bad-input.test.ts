import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { Channel, post } from './support/channel';
import { type RawAnswer, raw } from './support/raw';
import { endAllRunners, type RunnerProcess, startRunner, until } from './support/runner';
import { Workspace } from './support/workspace';

/* What the endpoint does not take: it says so with a code and a sentence, and nothing of it goes any further. */

const workspace = new Workspace();
let connector: FakeConnector;
let channel: Channel;
let runner: RunnerProcess;

beforeAll(async () => {
  connector = await startFakeConnector();
  channel = new Channel(connector, 'bad');
  runner = await startRunner('scripted', workspace.env);
  // The queue exists, and the store has one conversation: what comes next is to leave both as they are.
  await channel.script(runner.url, 'good', [['count']]);
  await channel.texted('good', 1);
  await until(async () => (await traces()).messages === 0, 5_000);
});

afterAll(async () => {
  await runner?.stop();
  await endAllRunners();
  await connector?.close();
  await workspace.remove();
});

/** Everything that an accepted activity would leave behind. */
async function traces() {
  const database = new DatabaseSync(path.join(workspace.data, 'turnwise.db'), { readOnly: true });
  const count = (table: string): unknown => database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count;
  const store = { conversations: count('heads'), records: count('records'), users: count('users') };
  const heads = database.prepare('SELECT head FROM heads').all();
  database.close();
  const queue = QueueServiceClient.fromConnectionString(runner.queue).getQueueClient('turns');
  const { approximateMessagesCount: messages } = await queue.getProperties();
  return { ...store, heads, messages, rings: workspace.journal('ring').length, sent: connector.calls.length };
}

/** Runs something that must leave no trace, and then sees that the next good message is taken and answered. */
async function unimpressed<T>(attack: () => Promise<T>): Promise<T> {
  const before = await traces();
  const result = await attack();
  expect(await traces()).toEqual(before);
  const answers = channel.texts('good').length;
  await channel.script(runner.url, 'good', [['count']]);
  expect(await channel.texted('good', answers + 1)).toHaveLength(answers + 1);
  expect(channel.texts('good').at(-1)).toBe(String(answers + 1));
  await until(async () => (await traces()).messages === 0, 5_000);
  return result;
}

function expectRefusal({ status, body }: RawAnswer, expected: number, code: string): void {
  const { error } = JSON.parse(body) as { error: { code: string; message: string } };
  expect({ status, code: error.code }).toEqual({ status: expected, code });
  // A sentence, for people.
  expect(error.message).toMatch(/^[A-Z].{15,400}\.$/);
}

const good = (): Record<string, unknown> => channel.message('never', { value: [['reply', 'never']] });
const text = (different: Record<string, unknown>): string => JSON.stringify({ ...good(), ...different });
const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const withId = (id: unknown): string => text({ conversation: { id } });
const utf16 = (json: string): Buffer => Buffer.from(`\ufeff${json}`, 'utf16le');
const tenMegabytes = (): string => text({ text: 'x'.repeat(10_485_760) });

const BODIES: readonly (readonly [what: string, body: () => string | Uint8Array, status: number, code: string])[] = [
  ['nothing', () => '', 400, 'BodyNotJson'],
  ['blanks', () => ' \r\n\t ', 400, 'BodyNotJson'],
  ['no JSON', () => 'type=message&text=hello', 400, 'BodyNotJson'],
  ['JSON that ends too early', () => text({}).slice(0, -5), 400, 'BodyNotJson'],
  ['two activities', () => `${text({})}\n${text({})}`, 400, 'BodyNotJson'],
  ['a list', () => `[${text({})}]`, 400, 'BodyNotObject'],
  ['null', () => 'null', 400, 'BodyNotObject'],
  ['a number', () => '1e400', 400, 'BodyNotObject'],
  ['a string', () => '"message"', 400, 'BodyNotObject'],
  ['an empty object', () => '{}', 400, 'ActivityTypeMissing'],
  ['no type', () => text({ type: undefined }), 400, 'ActivityTypeMissing'],
  ['an empty type', () => text({ type: '' }), 400, 'ActivityTypeMissing'],
  ['a type that is no text', () => text({ type: 1 }), 400, 'FieldRefused'],
  ['no channel', () => text({ channelId: undefined }), 400, 'ChannelMissing'],
  ['no conversation', () => text({ conversation: undefined }), 400, 'ConversationMissing'],
  ['a conversation that is null', () => text({ conversation: null }), 400, 'ConversationMissing'],
  ['a conversation that is text', () => text({ conversation: 'c' }), 400, 'FieldRefused'],
  ['a conversation without an id', () => text({ conversation: {} }), 400, 'ConversationMissing'],
  ['a conversation id that is a number', () => withId(7), 400, 'FieldRefused'],
  ['a conversation id that is an object', () => withId({ $ne: null }), 400, 'FieldRefused'],
  ['no sender', () => text({ from: undefined }), 400, 'SenderMissing'],
  ['attachments that are none', () => text({ attachments: ['x'] }), 400, 'FieldRefused'],
  ['10 MB', tenMegabytes, 413, 'BodyTooLarge'],
  ['10,000 levels of lists', () => text({}).replace('"hello"', nested(10_000)), 400, 'BodyTooDeep'],
  ['10,000 levels of objects', () => `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, 400, 'BodyTooDeep'],
  ['a million open brackets', () => '['.repeat(1_000_000), 400, 'BodyTooDeep'],
  ['a slash in an id', () => withId('a/b'), 400, 'IdRefused'],
  ['a backslash in an id', () => withId('a\\b'), 400, 'IdRefused'],
  ['.. as an id', () => withId('..'), 400, 'IdRefused'],
  ['. as an id', () => withId('.'), 400, 'IdRefused'],
  ['__proto__ as an id', () => withId('__proto__'), 400, 'IdRefused'],
  ['a slash in the channel', () => text({ channelId: 'a/b' }), 400, 'IdRefused'],
  ['.. as the id of the activity', () => text({ id: '..' }), 400, 'IdRefused'],
  ['a slash in what it replies to', () => text({ replyToId: '../1' }), 400, 'IdRefused'],
  ['half a character in an id', () => withId('a\ud800b'), 400, 'IdRefused'],
  ['half a character in the sender', () => text({ from: { id: '\udfff' } }), 400, 'IdRefused'],
  ['a line feed in an id', () => withId('a\nb'), 400, 'IdRefused'],
  ['a zero byte in an id', () => withId('a\u0000'), 400, 'IdRefused'],
  ['an id of 2,000 characters', () => withId('x'.repeat(2_000)), 400, 'IdRefused'],
  ['a property __proto__', () => text({}).replace('{', '{"__proto__":{"isAdmin":true},'), 400, 'PropertyNameRefused'],
  [
    'a property __proto__ in disguise',
    () => text({}).replace('"hello"', '{"\\u005f_proto__":{"isAdmin":true}}'),
    400,
    'PropertyNameRefused',
  ],
  ['a service URL that is none', () => text({ serviceUrl: 'nonsense' }), 400, 'ServiceUrlRefused'],
  ['a service URL of another kind', () => text({ serviceUrl: 'file:///etc/passwd' }), 400, 'ServiceUrlRefused'],
  ['a service URL of somebody', () => text({ serviceUrl: 'https://evil.example/' }), 403, 'ServiceUrlNotTrusted'],
  ['no service URL', () => text({ serviceUrl: undefined }), 403, 'ServiceUrlNotTrusted'],
  ['UTF-16', () => utf16(text({})), 400, 'BodyNotUtf8'],
  ['UTF-16 without a mark', () => Buffer.from(text({}), 'utf16le'), 400, 'BodyNotJson'],
  ['Latin-1', () => Buffer.from(text({ text: 'gr\u00fc\u00df Gott' }), 'latin1'), 400, 'BodyNotUtf8'],
  ['UTF-8 that is cut short', () => Buffer.from('{"type":"\xe2\x82"}', 'latin1'), 400, 'BodyNotUtf8'],
  ['zipped', () => gzipSync(text({})), 400, 'BodyNotUtf8'],
];

test.each(BODIES)('a body of %s', async (_, body, status, code) => {
  const answer = await unimpressed(() => post(runner.url, body()));
  expectRefusal({ status: answer.status, body: answer.text }, status, code);
});

describe('a request', () => {
  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])('by %s', async (method) => {
    const answer = await unimpressed(() => post(runner.url, text({}), { method }));
    expectRefusal({ status: answer.status, body: answer.text }, 404, 'NotFound');
  });

  test.each([
    undefined,
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'text/plain; application/json',
  ])('with the content type %s', async (type) => {
    const headers = type === undefined ? {} : { 'content-type': type };
    const head = ['POST /api/messages HTTP/1.1', `Host: 127.0.0.1:${runner.port}`, 'Connection: close'];
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const body = text({});
    const request = [...head, ...fields, `content-length: ${body.length}`, '', body].join('\r\n');
    expectRefusal(await unimpressed(() => raw(runner.port, request)), 415, 'ContentTypeRefused');
  });

  test('with zipped JSON and a header that says so', async () => {
    const options = { headers: { 'content-encoding': 'gzip' } };
    const answer = await unimpressed(() => post(runner.url, gzipSync(text({})), options));
    expectRefusal({ status: answer.status, body: answer.text }, 400, 'BodyNotUtf8');
  });

  test('with another character set', async () => {
    const options = { headers: { 'content-type': 'application/json; charset=utf-16' } };
    const answer = await unimpressed(() => post(runner.url, utf16(text({})), options));
    expectRefusal({ status: answer.status, body: answer.text }, 400, 'BodyNotUtf8');
  });
});

describe('over a connection', () => {
  const request = (fields: readonly string[], body = ''): string =>
    [
      'POST /api/messages HTTP/1.1',
      `Host: 127.0.0.1:${runner.port}`,
      'Content-Type: application/json',
      ...fields,
      '',
      body,
    ].join('\r\n');

  test.each([
    ['a negative length', ['Content-Length: -1'], 400, 'BadRequest'],
    ['a length that is no number', ['Content-Length: many'], 400, 'BadRequest'],
    ['two lengths', ['Content-Length: 5', 'Content-Length: 6'], 400, 'BadRequest'],
    ['a length and chunks', ['Content-Length: 5', 'Transfer-Encoding: chunked'], 400, 'BadRequest'],
    ['100 KB of headers', [`X-Large: ${'x'.repeat(100_000)}`, 'Content-Length: 0'], 431, 'HeadersTooLarge'],
    ['a header that is none', ['nonsense', 'Content-Length: 0'], 400, 'BadRequest'],
  ] as const)('%s', async (_, fields, status, code) => {
    expectRefusal(await unimpressed(() => raw(runner.port, request(fields, text({})))), status, code);
  });

  test('chunks that are none', async () => {
    const answer = await unimpressed(() => raw(runner.port, request(['Transfer-Encoding: chunked'], 'zz\r\n{}\r\n')));
    expectRefusal(answer, 400, 'BadRequest');
  });

  test('what is not HTTP', async () => {
    expectRefusal(
      await unimpressed(() => raw(runner.port, '\u0016\u0003\u0001\u0002\u0000\r\n\r\n')),
      400,
      'BadRequest',
    );
  });

  test('that ends before the body does', async () => {
    const body = text({});
    const half = request([`Content-Length: ${body.length}`], body.slice(0, body.length / 2));
    await unimpressed(async () => {
      const answer = await raw(runner.port, half, true);
      // Whoever has gone needs no answer; whoever still listens gets one.
      if (answer.status !== 0) expectRefusal(answer, 400, 'BadRequest');
    });
  });
});

test('ids that look dangerous and are not are taken as they are', async () => {
  const ids = [
    'a:b;c=1@thread.v2',
    '%2e%2e%2f',
    'constructor',
    'toString',
    "'; DROP TABLE heads; --",
    '\u{1f600}\u00e4',
    'a b?c#d&e',
  ];
  for (const id of ids) {
    await channel.script(runner.url, id, [['count']]);
    await channel.script(runner.url, id, [['count']]);
  }
  for (const id of ids) expect(await channel.texted(id, 2)).toEqual(['1', '2']);
});
