import { HttpRequest } from '@azure/functions';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createBotApp } from '../../src/app';
import { AppStorage } from '../../src/bot/app-storage';
import { CloudAdapter } from '../../src/bot/cloud-adapter';
import type { BotAppOptions } from '../../src/bot-app';
import { createMemoryStore } from '../../src/memory/memory-store';
import { systemClock } from '../../src/runtime/system';
import { TurnwiseError } from '../../src/schema/errors';
import { SETTINGS } from '../../src/settings-list';

const GUID = '11111111-2222-4333-8444-555555555555';
const FINE = {
  MicrosoftAppId: GUID,
  MicrosoftAppType: 'UserAssignedMSI',
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  TURNWISE_STORE: 'memory',
};

let told: string[];
beforeEach(() => {
  told = [];
  jest.spyOn(console, 'error').mockImplementation((line) => void told.push(String(line)));
  // The library says that there is no host.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => void jest.restoreAllMocks());

function appWith(environment: Record<string, string>, more: Partial<BotAppOptions> = {}) {
  return createBotApp({ bot: async () => undefined, log: { event: () => undefined }, environment, ...more });
}

const request = (path: string, method = 'GET') => new HttpRequest({ method, url: `https://bot.example/api/${path}` });

describe.each([
  ['an unknown setting', { ...FINE, TURNWISE_FOO: '1' }, 'SettingUnknown', 'TURNWISE_FOO'],
  ['no app id', { AzureWebJobsStorage: 'UseDevelopmentStorage=true' }, 'AppIdMissing', 'MicrosoftAppId'],
  [
    'no app id, in Azure',
    { WEBSITE_SITE_NAME: 'bot', AZURE_FUNCTIONS_ENVIRONMENT: 'Development' },
    'AppIdMissing',
    'WEBSITE_SITE_NAME',
  ],
  ['a store that there is not', { ...FINE, TURNWISE_STORE: 'shelf-Secret1' }, 'SettingInvalid', 'TURNWISE_STORE'],
  ['another store than Azure allows', { ...FINE, WEBSITE_SITE_NAME: 'bot' }, 'SettingInvalid', 'TURNWISE_STORE'],
  ['a store without its address', { ...FINE, TURNWISE_STORE: 'cosmos' }, 'SettingMissing', 'COSMOS_ENDPOINT'],
  ['no secret', { ...FINE, MicrosoftAppType: 'MultiTenant' }, 'SettingMissing', 'MicrosoftAppPassword'],
  ['a cloud that there is not', { ...FINE, ChannelService: 'https://no.example' }, 'SettingInvalid', 'ChannelService'],
  [
    'keys that are not protected',
    { ...FINE, ToBotFromChannelOpenIdMetadataUrl: 'http://login.example/keys' },
    'SettingInvalid',
    'ToBotFromChannelOpenIdMetadataUrl',
  ],
])('with %s the app loads, and', (_what, environment, code, named) => {
  test('every endpoint answers 503 with what is wrong; health too; the process lives', async () => {
    const app = appWith(environment);
    expect(app.failure).toMatchObject({ code });
    const wrong = {
      status: 503,
      headers: { 'retry-after': '2' },
      jsonBody: { error: { code, message: expect.stringContaining(named) } },
    };
    expect(await app.messages(request('messages', 'POST'))).toMatchObject(wrong);
    expect(await app.notify(request('notify', 'POST'))).toMatchObject(wrong);
    expect(await app.notification(request('notify/1'))).toMatchObject(wrong);
    const health = await app.health();
    expect(health).toMatchObject({
      status: 503,
      jsonBody: { status: 'unavailable', checks: { settings: code }, error: { code } },
    });
    expect(JSON.stringify(health)).toContain(named);
    expect(JSON.stringify(health)).not.toContain('Secret1');
    expect(await app.health(request('health?live'))).toMatchObject({ status: 200 });
  });

  test('the console has it once, with what to do, and again at every sweep', async () => {
    const app = appWith(environment);
    await app.messages(request('messages', 'POST'));
    await app.health();
    expect(told).toEqual([expect.stringMatching(`^turnwise: the app cannot work: ${code}\\. .*${named}`)]);
    await app.sweep();
    expect(told).toHaveLength(2);
    expect(told.join()).not.toContain('Secret1');
  });
});

describe('an app that cannot work', () => {
  const wrong = { ...FINE, TURNWISE_FOO: '1' };

  test('fails every ring, so that the queue keeps it for a while', async () => {
    await expect(appWith(wrong).turns('ring')).rejects.toMatchObject({ code: 'SettingUnknown' });
  });

  test('lets nobody in without a key', () => {
    expect(appWith({ ...wrong, TURNWISE_NOTIFY: 'app-role' }).notifyAuthLevel).toBe('function');
  });

  test('rejects what is said through it, and can be closed', async () => {
    const storage = new AppStorage();
    const adapter = new CloudAdapter();
    let closed = false;
    const close = async (): Promise<void> => {
      closed = true;
    };
    const store = { ...createMemoryStore(systemClock), close };
    const app = appWith(wrong, { storage, adapter, store });
    const code = { code: 'SettingUnknown' };
    for (const call of Object.values(app.proactive) as (() => Promise<unknown>)[]) {
      await expect(call()).rejects.toMatchObject(code);
    }
    expect(Object.keys(app.proactive).sort()).toEqual(Object.keys(appWith(FINE).proactive).sort());
    await expect(storage.read(['a'])).rejects.toMatchObject(code);
    const reference = { channelId: 'test', conversation: { id: 'c' } } as never;
    await expect(adapter.continueConversationAsync('', reference, async () => undefined)).rejects.toMatchObject(code);
    await app.close();
    expect(closed).toBe(true);
  });

  test('tells its own log that it does not serve', async () => {
    const logged: unknown[] = [];
    const app = appWith(wrong, { log: { event: (...event) => void logged.push(event) } });
    await app.messages(request('messages', 'POST'));
    expect(logged).toEqual([['error', 'notServing', { error: 'SettingUnknown' }]]);
  });
});

test('what an author does wrong is thrown', () => {
  expect(() => appWith(FINE, { middleware: [7 as never] })).toThrow(new TurnwiseError('NotMiddleware'));
  expect(told).toEqual([]);
});

const ODD = [
  'x',
  '1',
  '-1',
  '=',
  ';',
  'a=b',
  'https://',
  'https://a',
  'http://a',
  'null',
  '{}',
  GUID,
  `${GUID} ${GUID}`,
];

test.each(SETTINGS.map(({ name }) => name))('no value of %s keeps the app from loading', async (name) => {
  for (const value of [
    ...ODD,
    'InstrumentationKey=',
    'InstrumentationKey=x;IngestionEndpoint=y',
    `${'x'.repeat(40_000)}`,
  ]) {
    for (const bot of [
      FINE,
      { ...FINE, MicrosoftAppType: 'SingleTenant', MicrosoftAppTenantId: 't', TURNWISE_NOTIFY: 'app-role' },
    ]) {
      const app = appWith({ ...bot, [name]: value });
      expect(app.failure === undefined || app.failure instanceof TurnwiseError).toBe(true);
      await app.close();
    }
  }
});
