import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { AppAuth } from '../../src/ports/app-auth';
import { cancelNotification, notificationStatus, notify } from '../../src/runtime/notify';
import { postKey } from '../../src/runtime/post';
import { immediately, proactiveOver } from '../../src/runtime/proactive';
import { attend } from '../../src/runtime/processor';
import { ReferenceKeeper } from '../../src/runtime/reference-keeper';
import { ERRORS, failure } from '../../src/schema/errors';
import { StoreFault } from '../../src/turn/fault';
import { conversationKey } from '../../src/turn/keys';
import { createPipeline } from './pipeline';

const A = conversationKey('test', 'a');

const appOf = (appId: string): AppAuth => ({
  mode: 'app-role',
  authenticate: async () => ({ ok: true, appId, tenantId: 't', roles: new Set(['Notify.Send']) }),
});

const nobody: AppAuth = { mode: 'app-role', authenticate: async () => failure(403, 'CallerNotAllowed') };

async function api(options = {}) {
  const pipeline = createPipeline(options);
  const { references } = pipeline.store;
  const reference = {
    channelId: 'test',
    serviceUrl: 'https://channel.example/',
    bot: { id: 'bot-1' },
    conversation: { id: 'a' },
    user: { id: 'user-a', aadObjectId: 'entra-a' },
  };
  await references.keep({ id: A, reference, scope: 'personal', vouched: true, state: 'active' }, 1e12);
  const keeper = new ReferenceKeeper({
    references,
    clock: pipeline.clock,
    log: { event: () => undefined },
    ttlMs: 1e12,
  });
  const runtime = { ...pipeline.worker(async (c) => void (await c.sendActivity(`event ${c.activity.name}`))), keeper };
  const post = async (body: unknown, headers: Record<string, string> = {}, auth = appOf('app-1')) => {
    const bytes =
      typeof body === 'string'
        ? Buffer.from(body)
        : body instanceof Uint8Array
          ? body
          : Buffer.from(JSON.stringify(body));
    const all = { 'content-type': 'application/json', 'idempotency-key': 'key-1', ...headers };
    const answer = await notify(runtime, auth, {
      headers: all,
      body: async (limit) => (bytes.length > limit ? 'tooLarge' : bytes),
    });
    return { ...answer, id: (answer.body as { id?: string }).id ?? '', code: codeOf(answer.body) };
  };
  const status = async (id: string, auth = appOf('app-1')) =>
    (await notificationStatus(runtime, auth, { headers: {}, body: async () => new Uint8Array() }, id)).body;
  const cancel = async (id: string, auth = appOf('app-1')) => {
    const answer = await cancelNotification(runtime, auth, { headers: {}, body: async () => new Uint8Array() }, id);
    const { status: what } = answer.body as { status?: string };
    return [answer.status, what ?? codeOf(answer.body)];
  };
  /** Asks for as many notifications at a time as one application gets. */
  const fill = async (appId: string, at: string): Promise<number> => {
    for (let index = 0; ; index += 1) {
      const asked = await post({ ...good, at }, { 'idempotency-key': `fill-${index}` }, appOf(appId));
      if (asked.status !== 202) {
        expect(asked).toMatchObject({ status: 429, code: 'ScheduleFull', headers: { 'retry-after': '3600' } });
        return index;
      }
    }
  };
  return { pipeline, runtime, post, status, cancel, fill };
}

const codeOf = (body: unknown): string | undefined => (body as { error?: { code: string } }).error?.code;

const good = { to: { user: 'entra-a' }, text: 'built' };

test('a message is queued, sent, and told of', async () => {
  const { pipeline, runtime, post, status } = await api();
  const answer = await post(good);
  expect(answer).toMatchObject({ status: 202, headers: { location: `/api/notify/${answer.id}` } });
  expect(await status(answer.id)).toEqual({ id: answer.id, status: 'queued' });
  await attend(runtime, A);
  expect(await status(answer.id)).toEqual({ id: answer.id, status: 'sent' });
  expect(pipeline.sent).toEqual(['built']);
});

test.each([
  [{ reference: A }],
  [{ user: 'entra-a' }],
  [{ user: 'user-a', channelId: 'test' }],
  [{ conversation: 'a', channelId: 'test' }],
])('a recipient is known as %p', async (to) => {
  const { pipeline, runtime, post } = await api();
  expect((await post({ ...good, to })).status).toBe(202);
  await attend(runtime, A);
  expect(pipeline.calls.map(({ conversationId, serviceUrl }) => [conversationId, serviceUrl])).toEqual([
    ['a', 'https://channel.example/'],
  ]);
});

test('activities, events and later times', async () => {
  const { pipeline, runtime, post, status } = await api();
  await post({ to: good.to, activity: { text: 'card', attachments: [] } }, { 'idempotency-key': '1' });
  await post({ to: good.to, event: { name: 'built', value: { n: 1 } } }, { 'idempotency-key': '2' });
  const at = new Date(pipeline.clock.now() + 60_000).toISOString();
  const { id } = await post({ ...good, at }, { 'idempotency-key': '3' });
  await attend(runtime, A);
  expect(pipeline.sent).toEqual(['card', 'event built']);
  expect(await status(id)).toEqual({ id, status: 'scheduled' });
  await pipeline.pass(60_000);
  await attend(runtime, A);
  expect(pipeline.sent).toEqual(['card', 'event built', 'built']);
  await pipeline.pass(20 * 60_000);
  expect(await status(id)).toEqual({ id, status: 'sent' });
});

test('a repetition is answered in the same way and sends nothing, however late', async () => {
  const { pipeline, runtime, post } = await api();
  const [first, second] = [await post(good), await post(good)];
  expect(second).toEqual(first);
  await attend(runtime, A);
  await pipeline.pass(60 * 60_000);
  expect(await post(good)).toEqual(first);
  expect(await post({ ...good, text: 'other' })).toMatchObject({ status: 409, code: 'IdempotencyKeyReused' });
  await attend(runtime, A);
  expect(pipeline.sent).toEqual(['built']);
});

test('the same key of another application is another message, and nobody learns of those of others', async () => {
  const { post, status } = await api();
  const [mine, other] = [await post(good), await post(good, {}, appOf('app-2'))];
  expect(other.status).toBe(202);
  expect(other.id).not.toBe(mine.id);
  expect(codeOf(await status(mine.id, appOf('app-2')))).toBe('NotificationUnknown');
  expect(codeOf(await status('f'.repeat(32)))).toBe('NotificationUnknown');
  expect(codeOf(await status('../../x'))).toBe('NotificationUnknown');
  expect(codeOf(await status(mine.id, nobody))).toBe('CallerNotAllowed');
});

test('a request that was cut off before it was noted is brought to its end by its repetition', async () => {
  const { pipeline, runtime, post } = await api();
  const { notifications } = pipeline.store;
  const { accepted } = notifications;
  Object.assign(notifications, { accepted: async () => Promise.reject(new StoreFault('no', 'away')) });
  const cut = post(good);
  await pipeline.pass(10_000);
  expect(await cut).toMatchObject({ status: 503, code: 'TryAgain' });
  Object.assign(notifications, { accepted });
  expect((await post(good)).status).toBe(202);
  await attend(runtime, A);
  expect(pipeline.sent).toEqual(['built']);
});

test('what the channel refuses for good has failed, and is told why', async () => {
  const { pipeline, runtime, post, status } = await api();
  const { id } = await post(good);
  pipeline.answers.push({ outcome: 'rejected', status: 403, reason: 'blocked' });
  await attend(runtime, A);
  expect(await status(id)).toEqual({
    id,
    status: 'failed',
    code: 'RecipientBlocked',
    message: ERRORS.RecipientBlocked,
  });
  expect(await post(good, { 'idempotency-key': '2' })).toMatchObject({ status: 409, code: 'RecipientBlocked' });
});

test('a full mailbox asks to come again', async () => {
  const { post } = await api({ backlogLimit: 1 });
  await post(good);
  expect(await post(good, { 'idempotency-key': '2' })).toMatchObject({ status: 429, headers: { 'retry-after': '10' } });
});

describe('what one application takes of a conversation', () => {
  const inMinutes = (pipeline: { readonly clock: { now(): number } }, minutes: number): string =>
    new Date(pipeline.clock.now() + minutes * 60_000).toISOString();

  test('leaves room in its schedule for others and for the bot', async () => {
    const { pipeline, runtime, fill } = await api();
    const at = inMinutes(pipeline, 60);
    expect([await fill('app-1', at), await fill('app-2', at), await fill('app-3', at)]).toEqual([25, 25, 0]);
    const own = proactiveOver(
      runtime,
      immediately(runtime, async () => undefined),
    );
    for (let index = 0; index < 50; index += 1) await own.schedule({ reference: A }, 'reminder', Date.parse(at));
    await expect(own.schedule({ reference: A }, 'reminder', Date.parse(at))).rejects.toMatchObject({
      code: 'BacklogFull',
    });
  });

  test('leaves half of its mailbox to what people write', async () => {
    const { pipeline, post } = await api({ backlogLimit: 10 });
    const asked = await Promise.all(
      Array.from({ length: 12 }, (_, index) => post(good, { 'idempotency-key': String(index) })),
    );
    expect(asked.filter(({ status }) => status === 202)).toHaveLength(5);
    expect(asked.find(({ status }) => status !== 202)).toMatchObject({ status: 429, code: 'BacklogFull' });
    const written = { key: postKey('written'), body: { ref: 'written', bytes: 1 } };
    expect(await pipeline.store.mailbox.accept(A, written, [], 10)).toBe('accepted');
  });

  test('lies at most a year ahead', async () => {
    const { pipeline, post } = await api();
    const day = 24 * 60;
    const far = await post({ ...good, at: inMinutes(pipeline, 366 * day + 1) });
    expect(far).toMatchObject({ status: 400, code: 'TimeTooFar' });
    expect((await post({ ...good, at: inMinutes(pipeline, 366 * day) })).status).toBe(202);
  });
});

describe('cancelling', () => {
  async function scheduled() {
    const bench = await api();
    const at = new Date(bench.pipeline.clock.now() + 60_000).toISOString();
    const asked = { ...good, at };
    const { id } = await bench.post(asked);
    return { ...bench, asked, id };
  }

  test('takes back what waits for its time, and is repeated with the same answer, also weeks later', async () => {
    const { pipeline, runtime, asked, id, cancel, post, status } = await scheduled();
    expect(await cancel(id)).toEqual([200, 'cancelled']);
    expect(await cancel(id)).toEqual([200, 'cancelled']);
    expect(await status(id)).toEqual({ id, status: 'cancelled' });
    // The application repeats its request: it was accepted, and nothing comes of it.
    expect(await post(asked)).toMatchObject({ status: 202, id });
    pipeline.clock.jump(3 * 24 * 3_600_000);
    await pipeline.pass(1);
    await attend(runtime, A);
    expect(await cancel(id)).toEqual([200, 'cancelled']);
    expect(await status(id)).toEqual({ id, status: 'cancelled' });
    expect(pipeline.sent).toEqual([]);
  });

  test('comes too late for what is on its way, and for what was said', async () => {
    const { pipeline, runtime, id, cancel, post, status } = await scheduled();
    const now = await post(good, { 'idempotency-key': '2' });
    expect(await cancel(now.id)).toEqual([409, 'NotificationGone']);
    await pipeline.pass(60_000);
    await attend(runtime, A);
    expect(await cancel(id)).toEqual([409, 'NotificationGone']);
    pipeline.clock.jump(2 * 24 * 3_600_000);
    await pipeline.pass(1);
    expect(await cancel(id)).toEqual([409, 'NotificationGone']);
    expect(await status(id)).toEqual({ id, status: 'sent' });
    expect(pipeline.sent).toEqual(['built', 'built']);
  });

  test('is for the application that asked: others, and what the bot itself has scheduled, are unknown', async () => {
    const { pipeline, runtime, id, cancel } = await scheduled();
    const own = proactiveOver(
      runtime,
      immediately(runtime, async () => undefined),
    );
    const reminder = await own.schedule({ reference: A }, 'reminder', pipeline.clock.now() + 60_000);
    expect(await cancel(id, appOf('app-2'))).toEqual([404, 'NotificationUnknown']);
    expect(await cancel(reminder.id)).toEqual([404, 'NotificationUnknown']);
    expect(await cancel(reminder.id.split('/').at(-1) ?? '')).toEqual([404, 'NotificationUnknown']);
    expect(await cancel(id, nobody)).toEqual([403, 'CallerNotAllowed']);
    await pipeline.pass(60_000);
    await attend(runtime, A);
    expect(pipeline.sent.sort()).toEqual(['built', 'reminder']);
  });

  test('holds against a request whose outcome was not heard', async () => {
    const bench = await scheduled();
    const { pipeline, runtime, post, cancel } = bench;
    const { mailbox } = pipeline.store;
    const { schedule } = mailbox;
    const asked = { ...bench.asked, text: 'lost' };
    const headers = { 'idempotency-key': 'lost' };
    Object.assign(mailbox, { schedule: async () => Promise.reject(new StoreFault('unknown', 'away')) });
    const lost = post(asked, headers);
    await pipeline.pass(10_000);
    expect((await lost).status).toBe(503);
    Object.assign(mailbox, { schedule });
    const id = postKey('notify', 't/app-1', 'lost');
    expect(await cancel(id)).toEqual([200, 'cancelled']);
    expect(await post(asked, headers)).toMatchObject({ status: 202, id });
    // What was still on its way, and arrives only now.
    const late = { key: id, body: { ref: 'late', bytes: 1 }, proactive: 'send' as const, due: 0 };
    expect(await mailbox.schedule(A, late, [], 9)).toBe('duplicate');
    await pipeline.pass(60_000);
    await attend(runtime, A);
    expect(pipeline.sent).toEqual(['built']);
  });

  test('that was cut off before it was noted is brought to its end by its repetition', async () => {
    const { pipeline, id, cancel, status } = await scheduled();
    const { notifications } = pipeline.store;
    const { cancelled } = notifications;
    Object.assign(notifications, { cancelled: async () => Promise.reject(new StoreFault('no', 'away')) });
    const cut = cancel(id);
    await pipeline.pass(10_000);
    expect(await cut).toEqual([503, 'TryAgain']);
    expect(await status(id)).toEqual({ id, status: 'cancelled' });
    Object.assign(notifications, { cancelled });
    expect(await cancel(id)).toEqual([200, 'cancelled']);
  });
});

describe('what is refused leaves nothing behind', () => {
  const lone = '\ud800';
  test.each<[string, unknown, Record<string, string>, number, string]>([
    ['no key', good, { 'idempotency-key': '' }, 400, 'IdempotencyKeyMissing'],
    ['a key with a blank', good, { 'idempotency-key': 'a b' }, 400, 'IdempotencyKeyMissing'],
    ['a key without end', good, { 'idempotency-key': 'x'.repeat(201) }, 400, 'IdempotencyKeyMissing'],
    ['no JSON', 'hello', {}, 400, 'BodyNotJson'],
    ['no body, as of a chunked one', '', {}, 411, 'LengthRequired'],
    ['a body of length zero', '', { 'content-length': '0' }, 400, 'BodyNotJson'],
    ['a form', good, { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'ContentTypeRefused'],
    ['a list', [good], {}, 400, 'BodyNotObject'],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0x7d]), {}, 400, 'BodyNotUtf8'],
    ['too much', { ...good, text: 'x'.repeat(140_000) }, {}, 413, 'BodyTooLarge'],
    ['too much, by its own account', good, { 'content-length': '999999999' }, 413, 'BodyTooLarge'],
    ['a prototype', `{"to":{"user":"entra-a"},"text":"x","__proto__":{"a":1}}`, {}, 400, 'PropertyNameRefused'],
    [
      'too deep',
      `{"to":{"user":"a"},"event":{"name":"n","value":${'['.repeat(200)}${']'.repeat(200)}}}`,
      {},
      400,
      'BodyTooDeep',
    ],
    ['half of a surrogate pair', { ...good, text: 'x\ud83d' }, {}, 400, 'BodyNotUnicode'],
    ['nobody', { text: 'x' }, {}, 400, 'NotifyRequestRefused'],
    ['a service URL', { ...good, serviceUrl: 'https://evil.example/' }, {}, 400, 'NotifyRequestRefused'],
    [
      'a recipient with a service URL',
      { ...good, to: { user: 'entra-a', serviceUrl: 'https://evil.example/' } },
      {},
      400,
      'NotifyRequestRefused',
    ],
    [
      'a whole conversation reference',
      {
        ...good,
        to: { channelId: 'test', serviceUrl: 'https://evil.example/', conversation: { id: 'a' }, bot: { id: 'b' } },
      },
      {},
      400,
      'NotifyRequestRefused',
    ],
    ['a list of recipients', { ...good, to: [{ user: 'entra-a' }] }, {}, 400, 'NotifyRequestRefused'],
    ['a recipient that is no text', { ...good, to: { user: { id: 'entra-a' } } }, {}, 400, 'NotifyRequestRefused'],
    [
      'a recipient that is half a character',
      JSON.stringify({ ...good, to: { conversation: lone, channelId: 'test' } }),
      {},
      400,
      'BodyNotUnicode',
    ],
    ['two things to say', { ...good, event: { name: 'x' } }, {}, 400, 'NotifyRequestRefused'],
    ['nothing to say', { to: good.to }, {}, 400, 'NotifyRequestRefused'],
    [
      'an activity that says where it goes',
      { to: good.to, activity: { text: 'x', conversation: { id: 'b' } } },
      {},
      400,
      'NotifyRequestRefused',
    ],
    [
      'an activity that says who it is from',
      { to: good.to, activity: { text: 'x', from: { id: 'boss' } } },
      {},
      400,
      'NotifyRequestRefused',
    ],
    [
      'an activity that is no message',
      { to: good.to, activity: { type: 'invokeResponse', value: 1 } },
      {},
      400,
      'NotifyRequestRefused',
    ],
    ['an activity with a field of the wrong kind', { to: good.to, activity: { text: 7 } }, {}, 400, 'FieldRefused'],
    ['an event without a name', { to: good.to, event: { value: 1 } }, {}, 400, 'NotifyRequestRefused'],
    ['a time that is none', { ...good, at: 'tomorrow' }, {}, 400, 'NotifyRequestRefused'],
    ['a time without a zone', { ...good, at: '2030-01-01T00:00:00' }, {}, 400, 'NotifyRequestRefused'],
    ['a day that is none', { ...good, at: '2030-02-31T99:00:00Z' }, {}, 400, 'NotifyRequestRefused'],
    ['a stranger', { ...good, to: { user: 'stranger' } }, {}, 404, 'RecipientUnknown'],
    ['a reference that is none', { ...good, to: { reference: '../../etc' } }, {}, 404, 'RecipientUnknown'],
    ['work of the runtime itself', { ...good, to: { reference: 'turnwise/broadcast-1' } }, {}, 404, 'RecipientUnknown'],
  ])('%s', async (_, body, headers, status, code) => {
    const { pipeline, post } = await api();
    const answer = await post(body, headers);
    expect(answer).toMatchObject({ status, code });
    expect(JSON.stringify(answer.body)).not.toMatch(/evil|boss|stranger|\.\./);
    expect(await pipeline.store.inspection.busy(9)).toEqual([]);
    expect(pipeline.rings).toEqual([]);
  });

  test('whoever has no role, before anything of the request is read', async () => {
    const { post } = await api();
    expect(await post('nonsense', { 'idempotency-key': '' }, nobody)).toMatchObject({
      status: 403,
      code: 'CallerNotAllowed',
    });
  });
});

test('the OpenAPI document has every status that is answered', () => {
  const document = readFileSync(path.join(__dirname, '../../docs/notify-api.yaml'), 'utf8');
  const [, posting = '', asking = ''] = document.split(/operationId: /);
  const statuses = (text: string) => [...text.matchAll(/^ {8}"(\d{3})":/gm)].map(([, status]) => status);
  expect(statuses(posting)).toEqual([...['202', '400', '401', '403', '404', '409', '411', '413', '415', '429', '503']]);
  expect(statuses(asking)).toEqual(['200', '401', '403', '404', '503']);
});
