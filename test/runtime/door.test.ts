import { HttpRequest } from '@azure/functions';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createBotApp } from '../../src/app';
import { createInboundAuth } from '../../src/azure/inbound-auth';
import { createMemoryStore } from '../../src/memory/memory-store';
import type { InboundAuth } from '../../src/ports/inbound-auth';
import type { Store } from '../../src/ports/store';
import { assertShut } from '../../src/runtime/door';
import { systemClock } from '../../src/runtime/system';
import { failure, TurnwiseError } from '../../src/schema/errors';
import { OPEN } from '../support/open-auth';

const APP_ID = '11111111-2222-3333-4444-555555555555';
const appId = { MicrosoftAppId: APP_ID, MicrosoftAppPassword: 'secret' };

const post = (headers: Record<string, string> = {}) =>
  new HttpRequest({
    method: 'POST',
    url: 'https://bot.example/api/messages',
    headers: { 'content-type': 'application/json', ...headers },
    body: {
      string: JSON.stringify({
        type: 'message',
        channelId: 'test',
        serviceUrl: 'https://channel.example/',
        from: { id: 'u' },
        conversation: { id: 'c' },
      }),
    },
  });

function appWith(auth: InboundAuth | undefined, environment: Record<string, string>, store?: Partial<Store>) {
  const logged: string[] = [];
  const app = createBotApp({
    bot: async () => undefined,
    ...(auth === undefined ? {} : { auth }),
    store: { ...createMemoryStore(systemClock), ...store },
    doorbell: { ring: async () => undefined },
    log: { event: (_level, name, fields) => void logged.push(`${name} ${fields.error ?? ''}`.trim()) },
    environment: { ...environment, AzureWebJobsStorage: 'UseDevelopmentStorage=true' },
  });
  return { app, logged };
}

/** Lets in whoever has a header, whatever it says. */
const careless = (header: string): InboundAuth => ({
  mode: 'careless',
  authenticate: async ({ headers }) =>
    headers[header] === undefined
      ? failure(401, 'TokenMissing')
      : { ok: true, admit: ({ serviceUrl }) => ({ ok: true, pinned: { serviceUrl } }) },
});

describe('an app whose gate lets strangers in', () => {
  test.each([
    ['everybody', OPEN],
    ['whoever names a host', careless('host')],
    ['whoever sends a token, not looking at it', careless('authorization')],
  ])('%s: serves nothing, and says so', async (_whom, auth) => {
    const { app, logged } = appWith(auth, appId);
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const answer = await app.messages(post({ authorization: 'Bearer x' }));
      expect(answer).toMatchObject({ status: 503, jsonBody: { error: { code: 'GateOpen' } } });
    }
    expect(await app.health()).toMatchObject({ status: 503, jsonBody: { error: { code: 'GateOpen' } } });
    expect(logged).toEqual(Array(2).fill('notServing GateOpen'));
  });

  test('serves on a development machine, where the tests of its author are', async () => {
    const { app } = appWith(OPEN, { AZURE_FUNCTIONS_ENVIRONMENT: 'Development' });
    expect(await app.messages(post())).toMatchObject({ status: 200 });
  });

  test('the gate for applications counts too', async () => {
    const app = createBotApp({
      bot: async () => undefined,
      notifyAuth: {
        mode: 'custom',
        authenticate: async () => ({ ok: true, appId: 'a', tenantId: 't', roles: new Set<string>() }),
      },
      store: createMemoryStore(systemClock),
      log: { event: () => undefined },
      environment: { ...appId, AzureWebJobsStorage: 'UseDevelopmentStorage=true' },
    });
    expect(await app.messages(post())).toMatchObject({ status: 503, jsonBody: { error: { code: 'GateOpen' } } });
  });
});

describe('an app whose gate is shut', () => {
  test('says in which mode it is, and refuses strangers', async () => {
    const { app, logged } = appWith(undefined, appId);
    expect(await app.health()).toMatchObject({ jsonBody: { auth: 'bot-service', checks: { store: 'ok' } } });
    expect(await app.messages(post())).toMatchObject({ status: 401, jsonBody: { error: { code: 'TokenMissing' } } });
    expect(logged).toEqual(['refused']);
  });

  test('is one that refuses, or throws', async () => {
    const auth = createInboundAuth({ appId: APP_ID, development: false, clock: systemClock });
    await expect(assertShut([auth])).resolves.toBeUndefined();
    const broken = { authenticate: () => Promise.reject(new Error('broken')) };
    await expect(assertShut([auth, broken])).resolves.toBeUndefined();
    await expect(assertShut([auth, OPEN])).rejects.toMatchObject({ code: 'GateOpen' });
  });
});

describe('while the store cannot be used', () => {
  let told: string[];
  beforeEach(() => {
    told = [];
    jest.spyOn(console, 'error').mockImplementation((line) => void told.push(String(line)));
  });
  afterEach(() => void jest.restoreAllMocks());

  const DEVELOPMENT = { AZURE_FUNCTIONS_ENVIRONMENT: 'Development' };

  test('requests are answered with why, and asked to come again, and then served', async () => {
    let away = true;
    const open = async (): Promise<void> => {
      if (away) throw new TurnwiseError('StoreUnusable', 'The account is away.');
    };
    const { app, logged } = appWith(OPEN, DEVELOPMENT, { open });
    const answer = await app.messages(post());
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2' },
      jsonBody: { error: { code: 'StoreUnusable' } },
    });
    expect(JSON.stringify(answer)).not.toContain('account');
    expect(logged).toEqual(['notServing StoreUnusable']);
    away = false;
    expect(await app.messages(post())).toMatchObject({ status: 200 });
  });

  test('the console has the reason once, whoever comes; again when it is another, or came back', async () => {
    const reasons = ['The account is away.', 'The account is away.', 'The account is away.', 'It answers 403.'];
    const open = async (): Promise<void> => {
      const reason = reasons.shift();
      if (reason !== undefined) throw new TurnwiseError('StoreUnusable', reason);
    };
    const { app } = appWith(OPEN, DEVELOPMENT, { open });
    await app.messages(post());
    await expect(app.turns({ conversation: 'test/c' })).rejects.toMatchObject({ code: 'StoreUnusable' });
    await expect(app.sweep()).rejects.toMatchObject({ code: 'StoreUnusable' });
    await app.health();
    await app.messages(post());
    expect(told).toEqual([
      'turnwise: the app cannot work: StoreUnusable. The store cannot be used. The account is away.',
      'turnwise: the app cannot work: StoreUnusable. The store cannot be used. It answers 403.',
    ]);
  });

  test('what is not coded is told by its name, and answered as something that passes', async () => {
    const open = (): Promise<void> => Promise.reject(new RangeError('Secret1'));
    const { app } = appWith(OPEN, DEVELOPMENT, { open });
    expect(await app.messages(post())).toMatchObject({ status: 503, jsonBody: { error: { code: 'TryAgain' } } });
    expect(told).toEqual(['turnwise: the app cannot work: RangeError.']);
  });
});
