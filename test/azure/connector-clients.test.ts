import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createConnectorClients } from '../../src/azure/connector-clients';
import { ServiceRequests, type ServiceRequestsOptions } from '../../src/azure/service-request';
import { type TokenSource, TokenUnavailable } from '../../src/azure/token-source';
import type { ConnectorClient } from '../../src/ports/connector-client';
import { ChannelServiceError } from '../../src/schema/channel-service-error';

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly hang?: boolean;
  readonly reset?: boolean;
}

let server: http.Server;
let url: string;
let received: Received[];
let answers: Answer[];
const open: ServiceRequests[] = [];

beforeAll(async () => {
  server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url: path, headers } = request;
      received.push({ method, url: path, headers, body: Buffer.concat(chunks).toString() });
      const { status = 200, headers: extra = {}, body, hang, reset } = answers.shift() ?? {};
      if (hang) return;
      if (reset) return void request.socket.destroy();
      const isContent = typeof body === 'string' || body instanceof Uint8Array;
      const text = isContent ? body : body === undefined ? '' : JSON.stringify(body);
      response.writeHead(status, { 'content-type': 'application/json', ...extra }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`;
});
beforeEach(() => {
  received = [];
  answers = [];
});
afterEach(() => {
  for (const requests of open.splice(0)) requests.close();
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function tokens(...values: string[]): TokenSource & { readonly dropped: string[] } {
  const dropped: string[] = [];
  return {
    dropped,
    token: async () => values[dropped.length] ?? values.at(-1) ?? '',
    invalidate: (rejected) => dropped.push(rejected),
  };
}

function clientAt(serviceUrl: string, options: Partial<ServiceRequestsOptions> = {}, signal?: AbortSignal) {
  const requests = new ServiceRequests({
    tokens: tokens('token-1'),
    trust: { development: true },
    clock: { now: () => Date.parse('2031-05-06T07:08:09Z') },
    ...options,
  });
  open.push(requests);
  return createConnectorClients(requests).client(serviceUrl, signal);
}

const CALLS: [
  name: string,
  call: (client: ConnectorClient) => Promise<unknown>,
  expected: string,
  answer?: unknown,
  resolved?: unknown,
][] = [
  [
    'getConversationMembers',
    ({ conversations }) => conversations.getConversationMembers('19:a/b@thread'),
    'GET /base/v3/conversations/19%3Aa%2Fb%40thread/members',
    [{ id: 'u' }],
  ],
  [
    'getConversationMember',
    ({ conversations }) => conversations.getConversationMember('c', 'u?#'),
    'GET /base/v3/conversations/c/members/u%3F%23',
    { id: 'u', givenName: 'U', unheardOf: [1] },
  ],
  [
    'getConversationPagedMembers',
    ({ conversations }) => conversations.getConversationPagedMembers('c', { pageSize: 2, continuationToken: 'a&b' }),
    'GET /base/v3/conversations/c/pagedmembers?pageSize=2&continuationToken=a%26b',
    { members: [] },
  ],
  [
    'getConversationPagedMembers, the first page',
    ({ conversations }) => conversations.getConversationPagedMembers('c'),
    'GET /base/v3/conversations/c/pagedmembers',
    { members: [] },
  ],
  [
    'getActivityMembers',
    ({ conversations }) => conversations.getActivityMembers('c', 'a'),
    'GET /base/v3/conversations/c/activities/a/members',
    [],
  ],
  [
    'deleteConversationMember',
    ({ conversations }) => conversations.deleteConversationMember('c', 'u'),
    'DELETE /base/v3/conversations/c/members/u',
  ],
  [
    'createConversation',
    ({ conversations }) => conversations.createConversation({ isGroup: true, topicName: 'é' }),
    'POST /base/v3/conversations {"isGroup":true,"topicName":"é"}',
    { id: 'c-2', activityId: 'a' },
  ],
  [
    'uploadAttachment',
    ({ conversations }) =>
      conversations.uploadAttachment('c/1', { type: 'image/png', name: 'a.png', originalBase64: Uint8Array.from([0]) }),
    'POST /base/v3/conversations/c%2F1/attachments {"type":"image/png","name":"a.png","originalBase64":"AA=="}',
    { id: 'f' },
  ],
  [
    'getAttachmentInfo',
    ({ attachments }) => attachments.getAttachmentInfo('f/1'),
    'GET /base/v3/attachments/f%2F1',
    { name: 'a.png', views: [{ viewId: 'original', size: 2 }] },
  ],
  [
    'getAttachment, byte by byte',
    async ({ attachments }) => [...(await attachments.getAttachment('f', 'original'))],
    'GET /base/v3/attachments/f/views/original',
    Uint8Array.from([0, 255, 128, 10]),
    [0, 255, 128, 10],
  ],
  [
    'fetchChannelList',
    ({ teams }) => teams.fetchChannelList('t'),
    'GET /base/v3/teams/t/conversations',
    { conversations: [] },
  ],
  ['fetchTeamDetails', ({ teams }) => teams.fetchTeamDetails('t'), 'GET /base/v3/teams/t', { id: 't' }],
  [
    'fetchMeetingInfo',
    ({ teams }) => teams.fetchMeetingInfo('m'),
    'GET /base/v1/meetings/m',
    { details: { id: 'm', scheduledStartTime: '2031-05-06T07:08:09Z', scheduledEndTime: 'soon' } },
    { details: { id: 'm', scheduledStartTime: new Date('2031-05-06T07:08:09Z'), scheduledEndTime: 'soon' } },
  ],
  [
    'fetchMeetingParticipant',
    ({ teams }) => teams.fetchMeetingParticipant('m', 'p', { tenantId: 't' }),
    'GET /base/v1/meetings/m/participants/p?tenantId=t',
    { user: { id: 'u' } },
  ],
  [
    'sendMeetingNotification',
    ({ teams }) =>
      teams.sendMeetingNotification('m', {
        type: 'targetedMeetingNotification',
        value: { recipients: ['u'], surfaces: [] },
      }),
    'POST /base/v1/meetings/m/notification ' +
      '{"type":"targetedMeetingNotification","value":{"recipients":["u"],"surfaces":[]}}',
    undefined,
    {},
  ],
  [
    'sendToConversation',
    ({ conversations }) => conversations.sendToConversation('c/1', { text: 'x' }),
    'POST /base/v3/conversations/c%2F1/activities {"text":"x"}',
    { id: 'a' },
  ],
  [
    'replyToActivity',
    ({ conversations }) => conversations.replyToActivity('c', 'r', { text: 'x' }),
    'POST /base/v3/conversations/c/activities/r {"text":"x"}',
    { id: 'a' },
  ],
  [
    'updateActivity',
    ({ conversations }) => conversations.updateActivity('c', 'u', { text: 'x' }),
    'PUT /base/v3/conversations/c/activities/u {"text":"x"}',
    { id: 'u' },
  ],
  [
    'deleteActivity',
    ({ conversations }) => conversations.deleteActivity('c', 'd'),
    'DELETE /base/v3/conversations/c/activities/d',
  ],
  [
    'a batch',
    ({ batches }) => batches.send('users', { activity: { text: 'x' }, tenantId: 't', members: [{ id: 'u' }] }),
    'POST /base/v3/batch/conversation/users {"activity":{"text":"x"},"tenantId":"t","members":[{"id":"u"}]}',
    { operationId: 'o' },
  ],
  [
    'state of a batch',
    ({ batches }) => batches.state('o'),
    'GET /base/v3/batch/conversation/o',
    { state: 'Running', retryAfter: '2031-05-06T07:08:09Z' },
    { state: 'Running', retryAfter: new Date('2031-05-06T07:08:09Z') },
  ],
  [
    'failedEntries of a batch',
    ({ batches }) => batches.failedEntries('o', 'n'),
    'GET /base/v3/batch/conversation/failedentries/o?continuationToken=n',
    { failedEntryResponses: [] },
  ],
  ['cancelling a batch', ({ batches }) => batches.cancel('o'), 'DELETE /base/v3/batch/conversation/o'],
];

describe('calls', () => {
  const named = CALLS.map((row) => [row[0], row] as const);
  test.each(named)('%s', async (_name, [, call, expected, answer, resolved = answer]) => {
    answers = [{ body: answer }];
    expect(await call(clientAt(url))).toEqual(resolved);
    expect(received.map(({ method, url, body }) => `${method} ${url}${body === '' ? '' : ` ${body}`}`)).toEqual([
      expected,
    ]);
    expect(received[0]?.headers.authorization).toBe('Bearer token-1');
  });
});

const ask = (client: ConnectorClient) => client.conversations.getConversationMember('c', 'u');

describe('the token', () => {
  test('goes to no address but those of known services, and nothing else does either', async () => {
    for (const address of ['https://evil.example/', 'https://smba.trafficmanager.net.evil.example/', 'nonsense']) {
      await expect(ask(clientAt(address))).rejects.toMatchObject({ code: 'ServiceUrlNotTrusted' });
    }
    await expect(ask(clientAt(url, { trust: { development: false } }))).rejects.toMatchObject({
      code: 'ServiceUrlNotTrusted',
    });
    expect(received).toEqual([]);
  });

  test('is fetched anew once when it is turned down', async () => {
    const source = tokens('old', 'new');
    answers = [{ status: 401 }, { body: { id: 'u' } }];
    expect(await ask(clientAt(url, { tokens: source }))).toEqual({ id: 'u' });
    expect(source.dropped).toEqual(['old']);
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
  });

  test('that is turned down twice fails the call', async () => {
    answers = [{ status: 401 }, { status: 401 }, { status: 401 }];
    await expect(ask(clientAt(url))).rejects.toMatchObject({ statusCode: 401 });
    expect(received.length).toBe(2);
  });

  test('that cannot be had fails the call before it is made', async () => {
    const none: TokenSource = { token: () => Promise.reject(new TokenUnavailable('down', 7)), invalidate: () => {} };
    await expect(ask(clientAt(url, { tokens: none }))).rejects.toMatchObject({
      code: 'TokenUnavailable',
      retryAfterMs: 7,
    });
    expect(received).toEqual([]);
  });

  test('is left out by the anonymous bot of local development', async () => {
    answers = [{ status: 401 }];
    await expect(ask(clientAt(url, { tokens: undefined }))).rejects.toMatchObject({ statusCode: 401 });
    expect(received.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});

describe('what fails', () => {
  test('says why, as bots know it of the Bot Framework SDK', async () => {
    const body = { error: { code: 'MemberNotFoundInConversation', message: 'Not found.' } };
    answers = [{ status: 404, body }];
    const error = await ask(clientAt(url)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ChannelServiceError);
    expect(error).toMatchObject({ statusCode: 404, code: 'MemberNotFoundInConversation', body });
    expect((error as Error).message).not.toContain('Not found.');
  });

  test('asks for the pause that the service wants', async () => {
    answers = [{ status: 429, headers: { 'retry-after': '3' }, body: 'slow down' }];
    await expect(ask(clientAt(url))).rejects.toMatchObject({ statusCode: 429, retryAfterMs: 3000, body: 'slow down' });
  });

  test('is not tried again, and no redirect is followed', async () => {
    for (const status of [302, 400, 403, 500, 503]) {
      answers = [{ status, headers: { location: `${url}elsewhere` } }];
      await expect(ask(clientAt(url))).rejects.toMatchObject({ statusCode: status });
    }
    expect(received.length).toBe(5);
  });

  test('is also an answer that is no JSON, or a cut one', async () => {
    answers = [{ body: '<html>' }, { headers: { 'content-length': '100' }, body: '{}' }];
    await expect(ask(clientAt(url))).rejects.toMatchObject({ statusCode: 200 });
    await expect(ask(clientAt(url, { timeoutMs: 200 }))).rejects.toMatchObject({ statusCode: 200 });
  });

  test('is no answer in time, a broken connection, a signal', async () => {
    answers = [{ hang: true }, { reset: true }, { hang: true }];
    await expect(ask(clientAt(url, { timeoutMs: 100 }))).rejects.toMatchObject({ code: 'timeout' });
    await expect(ask(clientAt(url))).rejects.toMatchObject({ code: 'ECONNRESET' });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    await expect(ask(clientAt(url, {}, abort.signal))).rejects.toMatchObject({ code: 'aborted' });
    expect(received.length).toBe(3);
  });

  test('is a file that is not there, or larger than what is taken', async () => {
    const file = (options: Partial<ServiceRequestsOptions> = {}) =>
      clientAt(url, options).attachments.getAttachment('f', 'original');
    answers = [{ status: 404, body: { error: { code: 'NotFound' } } }, { body: new Uint8Array(2_000) }];
    await expect(file()).rejects.toMatchObject({ statusCode: 404, code: 'NotFound' });
    await expect(file({ maxResponseBytes: 1_000 })).rejects.toMatchObject({ statusCode: 200 });
  });

  test('is an id that would leave its segment of the address', async () => {
    for (const id of ['', '.', '..', '\ud800']) {
      await expect(clientAt(url).teams.fetchTeamDetails(id)).rejects.toMatchObject({ code: 'BadId' });
    }
    expect(received).toEqual([]);
  });
});
