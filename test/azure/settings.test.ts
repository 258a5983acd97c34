import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { createOutboundTokens } from '../../src/azure/credentials';
import { createInboundAuth } from '../../src/azure/inbound-auth';
import { QueueDoorbell } from '../../src/azure/queue-doorbell';
import { type Environment, readSettings } from '../../src/settings';
import { SETTINGS } from '../../src/settings-list';
import { createManualClock } from '../support/manual-clock';
import { settingsTables } from '../support/settings-table';

const APP = '11111111-2222-3333-4444-555555555555';
const TENANT = '99999999-8888-7777-6666-555555555555';
const CANARY = 'canary-secret-value';
const DEVELOPMENT = { AZURE_FUNCTIONS_ENVIRONMENT: 'Development', AzureWebJobsStorage: 'UseDevelopmentStorage=true' };
const PRODUCTION = {
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  MicrosoftAppId: APP,
  MicrosoftAppType: 'SingleTenant',
  MicrosoftAppTenantId: TENANT,
  MicrosoftAppPassword: CANARY,
};
const IN_AZURE = { ...PRODUCTION, WEBSITE_SITE_NAME: 'bot', COSMOS_ENDPOINT: 'https://a.documents.azure.com:443/' };
const PEM = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

function refusal(env: Environment): { code?: string; message: string } {
  try {
    readSettings(env);
  } catch (error) {
    return error as Error;
  }
  throw new Error('The settings were accepted.');
}

test('the least that local development needs', () => {
  expect(readSettings(DEVELOPMENT)).toEqual({
    environment: 'development',
    inAzure: false,
    store: { kind: 'sqlite', folder: '.local' },
    lifetimes: {},
    queue: { kind: 'connectionString', connectionString: expect.anything() },
    inbound: { skills: [], allowEmulator: false, serviceHosts: new Set(), vouchingChannels: new Set() },
    notify: { kind: 'ownMachine' },
    outbound: undefined,
    oauthUrl: 'https://api.botframework.com',
    audience: 'https://api.botframework.com',
  });
});

test('the least that Azure needs', () => {
  const settings = readSettings({
    WEBSITE_SITE_NAME: 'bot',
    MicrosoftAppId: APP,
    MicrosoftAppType: 'UserAssignedMSI',
    COSMOS_ENDPOINT: 'https://a.documents.azure.com:443/',
    AzureWebJobsStorage__accountName: 'storage1',
    AzureWebJobsStorage__credential: 'managedidentity',
    AZURE_CLIENT_ID: TENANT,
  });
  expect(settings).toEqual({
    environment: 'production',
    inAzure: true,
    store: {
      kind: 'cosmos',
      transport: 'rest',
      endpoint: 'https://a.documents.azure.com:443/',
      database: 'turnwise',
      managed: true,
      clientId: TENANT,
    },
    lifetimes: {},
    queue: {
      kind: 'identity',
      queueServiceUri: 'https://storage1.queue.core.windows.net',
      managed: true,
      clientId: TENANT,
    },
    inbound: { appId: APP, skills: [], allowEmulator: false, serviceHosts: new Set(), vouchingChannels: new Set() },
    notify: { kind: 'off' },
    outbound: {
      appId: APP,
      tenant: 'botframework.com',
      authorityHost: 'https://login.microsoftonline.com',
      scope: 'https://api.botframework.com/.default',
      credential: { kind: 'managedIdentity' },
    },
    oauthUrl: 'https://api.botframework.com',
    audience: 'https://api.botframework.com',
  });
});

describe('the address of the token service', () => {
  test.each([
    ['an https address', 'https://t.example', DEVELOPMENT],
    ['a loopback address in development', 'http://127.0.0.1:3000', DEVELOPMENT],
  ])('may be %s', (_what, OAuthUrl, env) => {
    expect(readSettings({ ...env, OAuthUrl }).oauthUrl).toBe(OAuthUrl);
  });

  test.each([
    ['one that a network sees in plain text', 'http://t.example', DEVELOPMENT],
    ['a loopback address in production', 'http://127.0.0.1:3000', { ...DEVELOPMENT, ...IN_AZURE }],
  ])('is not %s', (_what, OAuthUrl, env) => {
    expect(() => readSettings({ ...env, OAuthUrl })).toThrow('OAuthUrl has to be an https address.');
  });
});

describe('development', () => {
  test.each([
    [
      'Core Tools',
      { WEBSITE_HOSTNAME: 'localhost:7071', FUNCTIONS_CORETOOLS_ENVIRONMENT: 'true', FUNCTIONS_WORKER_RUNTIME: 'node' },
    ],
    ['Core Tools on an address', { WEBSITE_HOSTNAME: '127.0.0.1:7071' }],
    ['settings copied from Azure', { FUNCTIONS_EXTENSION_VERSION: '~4', WEBSITE_RUN_FROM_PACKAGE: '1' }],
    ['a container', { CONTAINER_NAME: 'dev' }],
    ['empty markers', { WEBSITE_SITE_NAME: '', IDENTITY_ENDPOINT: ' ' }],
    ['another spelling', { AZURE_FUNCTIONS_ENVIRONMENT: 'development' }],
  ])('is believed under %s', (_what, env) => {
    expect(readSettings({ ...DEVELOPMENT, ...env }).environment).toBe('development');
  });

  test.each([
    ['WEBSITE_SITE_NAME', 'bot'],
    ['WEBSITE_INSTANCE_ID', '1'],
    ['WEBSITE_OWNER_NAME', 'x'],
    ['WEBSITE_POD_NAME', 'x'],
    ['WEBSITE_SKU', 'FlexConsumption'],
    ['LEGION_SERVICE_HOST', 'x'],
    ['CONTAINER_APP_NAME', 'x'],
    ['IDENTITY_ENDPOINT', 'http://169.254.1.1/'],
    ['MSI_ENDPOINT', 'http://169.254.1.1/'],
    ['WEBSITE_HOSTNAME', 'bot.azurewebsites.net'],
    ['WEBSITE_HOSTNAME', 'localhost.evil.com'],
    ['WEBSITE_HOSTNAME', '127.0.0.1.evil.com:7071'],
  ])('is not believed where %s=%s', (name, value) => {
    expect(refusal({ ...DEVELOPMENT, [name]: value })).toMatchObject({
      code: 'AppIdMissing',
      message: expect.stringContaining(name),
    });
    const store = { COSMOS_ENDPOINT: 'https://a.documents.azure.com/' };
    expect(readSettings({ ...DEVELOPMENT, ...PRODUCTION, ...store, [name]: value })).toMatchObject({
      environment: 'production',
      inAzure: true,
    });
  });

  test.each<Environment>([
    {},
    { AZURE_FUNCTIONS_ENVIRONMENT: 'Production' },
    { AZURE_FUNCTIONS_ENVIRONMENT: 'Developmental' },
    { NODE_ENV: 'development' },
    { MicrosoftAppId: '  ', AZURE_FUNCTIONS_ENVIRONMENT: 'Staging' },
  ])('no app id and %j: refused, with what to set', (env) => {
    const error = refusal({ AzureWebJobsStorage: 'UseDevelopmentStorage=true', ...env });
    expect(error.code).toBe('AppIdMissing');
    expect(error.message).toMatch(/MicrosoftAppId.*AZURE_FUNCTIONS_ENVIRONMENT=Development/);
  });

  test('an app id counts there too', () => {
    const settings = readSettings({ ...DEVELOPMENT, ...PRODUCTION });
    expect(settings).toMatchObject({
      environment: 'development',
      inbound: { appId: APP, skills: [], allowEmulator: false, serviceHosts: new Set(), vouchingChannels: new Set() },
      outbound: { appId: APP },
    });
  });
});

describe('the identity of the bot', () => {
  const base = { ...DEVELOPMENT, MicrosoftAppId: APP };

  test.each<[string, Environment, object]>([
    [
      'multi-tenant by default',
      { MicrosoftAppPassword: CANARY },
      { tenant: 'botframework.com', credential: { kind: 'password' } },
    ],
    [
      'multi-tenant ignores a tenant',
      { MicrosoftAppPassword: CANARY, MicrosoftAppTenantId: TENANT },
      { tenant: 'botframework.com' },
    ],
    [
      'single-tenant',
      { MicrosoftAppType: 'singletenant', MicrosoftAppTenantId: TENANT, MicrosoftAppPassword: CANARY },
      { tenant: TENANT },
    ],
    [
      'managed identity ignores a left-over secret',
      { MicrosoftAppType: 'UserAssignedMsi', MicrosoftAppPassword: CANARY },
      { credential: { kind: 'managedIdentity' } },
    ],
    [
      'federated',
      { MicrosoftAppType: 'SingleTenant', MicrosoftAppTenantId: TENANT, MicrosoftAppClientId: TENANT },
      { credential: { kind: 'federated', clientId: TENANT } },
    ],
    [
      'certificate',
      { CertificateThumbprint: `${'ab:'.repeat(19)}AB`, CertificatePrivateKey: PEM.replaceAll('\n', '\\n') },
      { credential: { kind: 'certificate', thumbprint: `${'ab'.repeat(19)}AB` } },
    ],
    [
      'US Government',
      { ChannelService: 'https://botframework.azure.us/', MicrosoftAppPassword: CANARY },
      {
        authorityHost: 'https://login.microsoftonline.us',
        tenant: 'MicrosoftServices.onmicrosoft.us',
        scope: 'https://api.botframework.us/.default',
      },
    ],
    [
      'China',
      { ChannelService: 'https://botframework.azure.cn', MicrosoftAppPassword: CANARY },
      {
        authorityHost: 'https://login.partner.microsoftonline.cn',
        scope: 'https://api.botframework.azure.cn/.default',
      },
    ],
    [
      'China, as its documentation has it',
      {
        MicrosoftAppType: 'SingleTenant',
        MicrosoftAppTenantId: TENANT,
        MicrosoftAppPassword: CANARY,
        OAuthUrl: 'https://token.botframework.azure.cn/',
        ToChannelFromBotLoginUrl: `https://login.partner.microsoftonline.cn/${TENANT}`,
        ToChannelFromBotOAuthScope: 'https://api.botframework.azure.cn',
      },
      {
        authorityHost: 'https://login.partner.microsoftonline.cn',
        tenant: TENANT,
        scope: 'https://api.botframework.azure.cn/.default',
      },
    ],
    [
      'another cloud',
      {
        ChannelService: 'https://bots.example',
        MicrosoftAppPassword: CANARY,
        OAuthUrl: 'https://t.example',
        ToChannelFromBotLoginUrl: 'https://login.example/common',
        ToChannelFromBotOAuthScope: 'https://api.example/.default',
      },
      { authorityHost: 'https://login.example', tenant: 'common', scope: 'https://api.example/.default' },
    ],
  ])('%s', (_what, env, expected) => {
    expect(readSettings({ ...base, ...env }).outbound).toMatchObject({ appId: APP, ...expected });
  });

  test.each<[string, Environment, string, string]>([
    ['no credential', {}, 'SettingMissing', 'MicrosoftAppPassword'],
    [
      'no tenant',
      { MicrosoftAppType: 'SingleTenant', MicrosoftAppPassword: CANARY },
      'SettingMissing',
      'MicrosoftAppTenantId',
    ],
    ['half a certificate', { CertificateThumbprint: 'ab'.repeat(20) }, 'SettingMissing', 'CertificatePrivateKey'],
    [
      'two credentials',
      { MicrosoftAppPassword: CANARY, MicrosoftAppClientId: TENANT },
      'SettingInvalid',
      'MicrosoftAppClientId',
    ],
    [
      'a secret without an app id',
      { MicrosoftAppId: '', MicrosoftAppPassword: CANARY },
      'SettingMissing',
      'MicrosoftAppPassword',
    ],
    [
      'a cloud that is not known',
      { MicrosoftAppPassword: CANARY, ChannelService: 'https://bots.example' },
      'SettingInvalid',
      'ChannelService',
    ],
  ])('%s is refused', (_what, env, code, name) => {
    expect(refusal({ ...base, ...env })).toMatchObject({ code, message: expect.stringContaining(name) });
  });
});

describe('the store', () => {
  test.each<[Environment, object]>([
    [{ ...DEVELOPMENT, TURNWISE_STORE: 'memory' }, { kind: 'memory' }],
    [
      { ...DEVELOPMENT, TURNWISE_DATA: '/var/data' },
      { kind: 'sqlite', folder: '/var/data' },
    ],
    [PRODUCTION, { kind: 'sqlite', folder: '.local' }],
    [
      {
        ...DEVELOPMENT,
        TURNWISE_STORE: 'cosmos',
        COSMOS_ENDPOINT: 'http://localhost:8081/',
        COSMOS_KEY: 'a2V5',
        COSMOS_DATABASE: 'd',
      },
      { kind: 'cosmos', database: 'd', key: expect.anything(), managed: false },
    ],
    [IN_AZURE, { kind: 'cosmos', managed: true }],
  ])('%#', (env, store) => {
    expect(readSettings(env).store).toMatchObject(store);
  });

  test.each<[string, Environment, string, string]>([
    ['nothing durable in Azure', { ...IN_AZURE, TURNWISE_STORE: 'sqlite' }, 'SettingInvalid', 'TURNWISE_STORE'],
    ['nothing durable in Azure', { ...IN_AZURE, TURNWISE_STORE: 'memory' }, 'SettingInvalid', 'TURNWISE_STORE'],
    ['no endpoint', { ...IN_AZURE, COSMOS_ENDPOINT: '' }, 'SettingMissing', 'COSMOS_ENDPOINT'],
    [
      'plain http',
      { ...IN_AZURE, COSMOS_ENDPOINT: 'http://a.documents.azure.com' },
      'SettingInvalid',
      'COSMOS_ENDPOINT',
    ],
    ['a key in Azure', { ...IN_AZURE, COSMOS_KEY: 'a2V5' }, 'SettingInvalid', 'COSMOS_KEY'],
    [
      'a key of an account',
      {
        ...DEVELOPMENT,
        TURNWISE_STORE: 'cosmos',
        COSMOS_ENDPOINT: 'https://a.documents.azure.com/',
        COSMOS_KEY: 'a2V5',
      },
      'SettingInvalid',
      'COSMOS_KEY',
    ],
  ])('%s: refused', (_what, env, code, name) => {
    expect(refusal(env)).toMatchObject({ code, message: expect.stringContaining(name) });
  });
});

describe('the queue', () => {
  const none = { ...DEVELOPMENT, AzureWebJobsStorage: undefined };

  test('a connection string comes first', () => {
    const env = { ...DEVELOPMENT, AzureWebJobsStorage__accountName: 'storage1' };
    expect(readSettings(env).queue.kind).toBe('connectionString');
  });

  test.each<[Environment, object]>([
    [
      { AzureWebJobsStorage__accountName: 'storage1' },
      { queueServiceUri: 'https://storage1.queue.core.windows.net', managed: false },
    ],
    [
      { AzureWebJobsStorage__queueServiceUri: 'https://s.queue.core.usgovcloudapi.net/' },
      { queueServiceUri: 'https://s.queue.core.usgovcloudapi.net/' },
    ],
    [
      {
        AzureWebJobsStorage__accountName: 'storage1',
        AzureWebJobsStorage__clientId: APP,
        AZURE_CLIENT_ID: TENANT,
        AzureWebJobsStorage__credential: 'managedidentity',
      },
      { clientId: APP, managed: true },
    ],
  ])('with an identity (%#)', (env, queue) => {
    expect(readSettings({ ...none, ...env }).queue).toMatchObject({ kind: 'identity', ...queue });
  });

  test('none is refused', () => {
    expect(refusal(none)).toMatchObject({
      code: 'SettingMissing',
      message: expect.stringContaining('AzureWebJobsStorage'),
    });
  });
});

describe('wrong values', () => {
  test.each<[string, string]>([
    ['MicrosoftAppId', 'my-bot'],
    ['MicrosoftAppType', 'Tenant'],
    ['MicrosoftAppTenantId', 'a/b'],
    ['CertificateThumbprint', 'xyz'],
    ['CertificatePrivateKey', CANARY],
    ['MicrosoftAppClientId', 'x'],
    ['ChannelService', 'botframework.azure.us'],
    ['ToChannelFromBotLoginUrl', 'http://login.example/'],
    ['ToChannelFromBotLoginUrl', 'https://user:canary@login.example/'],
    ['ToChannelFromBotOAuthScope', 'api'],
    ['ToBotFromChannelTokenIssuer', 'api.botframework.com'],
    ['ToBotFromChannelOpenIdMetadataUrl', 'file:///etc/passwd'],
    ['OAuthUrl', 'https://t.example/?a=b'],
    ['TURNWISE_STORE', 'mongo'],
    ['COSMOS_ENDPOINT', 'localhost'],
    ['COSMOS_DATABASE', 'a/b'],
    ['COSMOS_KEY', `${CANARY}!`],
    ['AzureWebJobsStorage', CANARY],
    ['AzureWebJobsStorage__accountName', 'Storage_1'],
    ['AzureWebJobsStorage__queueServiceUri', 'http://s.example'],
    ['AzureWebJobsStorage__credential', 'password'],
    ['TURNWISE_PORT', '70710'],
    ['TURNWISE_CHAT_PORT', 'http'],
  ])('%s=%s: the error names it and what it may be, and no value', (name, value) => {
    const error = refusal({ ...DEVELOPMENT, [name]: value });
    const { allowed } = SETTINGS.find((setting) => setting.name === name)!;
    expect(error).toMatchObject({
      code: 'SettingInvalid',
      message: expect.stringContaining(`${name} has to be ${allowed}.`),
    });
    expect(error.message.replace(allowed, '')).not.toContain(value);
  });

  test('several at once are all named', () => {
    const { message } = refusal({ ...DEVELOPMENT, TURNWISE_STORE: 'x', COSMOS_ENDPOINT: 'y' });
    expect(message).toMatch(/TURNWISE_STORE.*COSMOS_ENDPOINT/);
  });

  test('a name of ours that is none is refused', () => {
    expect(refusal({ ...DEVELOPMENT, TURNWISE_STROE: CANARY })).toMatchObject({
      code: 'SettingUnknown',
      message: expect.stringMatching(/TURNWISE_STROE\.$/),
    });
  });
});

test('how long things are kept is said in days', () => {
  const { lifetimes } = readSettings({
    ...DEVELOPMENT,
    TURNWISE_KEEP_DEAD_LETTERS: '30',
    TURNWISE_KEEP_CONVERSATIONS: '365',
    TURNWISE_KEEP_USERS: '1',
  });
  const day = 86_400_000;
  expect(lifetimes).toEqual({ deadLettersMs: 30 * day, conversationsMs: 365 * day, usersMs: day });
  for (const wrong of ['0', '-1', '1.5', '10000', 'long']) {
    expect(refusal({ ...DEVELOPMENT, TURNWISE_KEEP_USERS: wrong })).toMatchObject({ code: 'SettingInvalid' });
  }
});

test('no secret shows in the settings', () => {
  const secrets = SETTINGS.filter((setting) => 'secret' in setting).map(({ name }) => name);
  expect(secrets).toEqual([
    'MicrosoftAppPassword',
    'CertificatePrivateKey',
    'COSMOS_KEY',
    'AzureWebJobsStorage',
    'APPLICATIONINSIGHTS_CONNECTION_STRING',
  ]);
  const env = {
    ...DEVELOPMENT,
    MicrosoftAppId: APP,
    TURNWISE_STORE: 'cosmos',
    COSMOS_ENDPOINT: 'http://localhost:8081',
    COSMOS_KEY: CANARY,
  };
  const storage = `AccountKey=${CANARY}`;
  const variants = [
    readSettings({ ...env, AzureWebJobsStorage: storage, MicrosoftAppPassword: CANARY }),
    readSettings({ ...env, CertificateThumbprint: 'ab'.repeat(20), CertificatePrivateKey: PEM }),
  ];
  const shown = `${inspect(variants, { depth: 9, showHidden: true })}${JSON.stringify(variants)}`;
  expect(shown).not.toContain(CANARY);
  expect(shown).not.toContain('PRIVATE KEY');
});

test('the parts take the settings as they are', () => {
  const clock = createManualClock();
  for (const env of [
    DEVELOPMENT,
    PRODUCTION,
    { ...IN_AZURE, AzureWebJobsStorage: '', AzureWebJobsStorage__accountName: 'storage1' },
  ]) {
    const { environment, inbound, outbound, queue } = readSettings(env);
    const development = environment === 'development';
    expect(createInboundAuth({ ...inbound, development, clock }).mode).toEqual(expect.any(String));
    if (outbound !== undefined) createOutboundTokens(outbound, { clock });
    new QueueDoorbell({ connection: queue, queueName: 'turns', createQueue: development, clock });
  }
});

test('docs/configuration.md lists what the list lists', () => {
  const file = join(__dirname, '..', '..', 'docs', 'configuration.md');
  const [begin, end] = ['<!-- settings -->\n', '\n<!-- /settings -->'];
  const text = readFileSync(file, 'utf8');
  const wanted = text.slice(0, text.indexOf(begin) + begin.length) + settingsTables() + text.slice(text.indexOf(end));
  if (process.env.UPDATE_DOCS === '1') writeFileSync(file, wanted);
  // Out of date? UPDATE_DOCS=1 npm test -- test/azure/settings, then npm run format
  expect(unpadded(readFileSync(file, 'utf8'))).toBe(unpadded(wanted));
});

/** A table without the padding that the formatter gives it. */
function unpadded(text: string): string {
  return text.replace(/ {2,}/g, ' ').replace(/-{3,}/g, '---');
}

describe('callers that are no channels', () => {
  const PARENT = '66666666-7777-8888-9999-00000000000A';
  const TENANT = 'AAAAAAAA-bbbb-cccc-dddd-eeeeeeeeeeee';
  const BOT = { ...DEVELOPMENT, MicrosoftAppId: APP, MicrosoftAppPassword: 'secret' };

  test('are none, unless they are named', () => {
    expect(readSettings(BOT).inbound).toMatchObject({ skills: [], allowEmulator: false });
  });

  test('are named with tenant and address', () => {
    const TURNWISE_PARENT_BOTS = ` ${PARENT}  ${TENANT} https://parent.example/api/skills ; ${APP} ${TENANT} https://other.example`;
    expect(readSettings({ ...BOT, TURNWISE_PARENT_BOTS, TURNWISE_EMULATOR: 'On' }).inbound).toMatchObject({
      skills: [
        {
          appId: PARENT.toLowerCase(),
          tenantId: TENANT.toLowerCase(),
          serviceUrl: 'https://parent.example/api/skills',
        },
        { appId: APP, tenantId: TENANT.toLowerCase(), serviceUrl: 'https://other.example' },
      ],
      allowEmulator: true,
    });
  });

  test.each([
    'everybody',
    PARENT,
    `${PARENT} ${TENANT}`,
    `${PARENT} common https://parent.example`,
    `${PARENT} ${TENANT} parent.example`,
    `${PARENT} ${TENANT} https://parent.example more`,
    `${PARENT} ${TENANT} https://parent.example;`,
  ])('cannot be named as %s', (TURNWISE_PARENT_BOTS) => {
    expect(() => readSettings({ ...BOT, TURNWISE_PARENT_BOTS })).toThrow('TURNWISE_PARENT_BOTS');
  });
});

describe('further hosts of channels', () => {
  const of = (TURNWISE_SERVICE_HOSTS: string) =>
    readSettings({ ...DEVELOPMENT, TURNWISE_SERVICE_HOSTS }).inbound.serviceHosts;

  test('are named exactly, in any letter case', () => {
    expect(of('SMBA.agents.example, other.example\tthird.example')).toEqual(
      new Set(['smba.agents.example', 'other.example', 'third.example']),
    );
  });

  test.each([
    '*.example.com',
    '.example.com',
    'example',
    'localhost',
    '10.0.0.1',
    '[::1]',
    'https://bot.example.com',
    'bot.example.com:8443',
    'bot.example.com/path',
    'user@bot.example.com',
    'bot.example.com.',
    'good.example, bad_name.example',
  ])('cannot be %s', (TURNWISE_SERVICE_HOSTS) => {
    expect(() => of(TURNWISE_SERVICE_HOSTS)).toThrow('TURNWISE_SERVICE_HOSTS');
  });
});

describe('channels that vouch', () => {
  const of = (TURNWISE_VOUCHING_CHANNELS: string) =>
    readSettings({ ...DEVELOPMENT, TURNWISE_VOUCHING_CHANNELS }).inbound.vouchingChannels;

  test('are named by their ids, in any letter case', () => {
    expect(readSettings(DEVELOPMENT).inbound.vouchingChannels).toEqual(new Set());
    expect(of('DirectLine, twilio-sms\tslack')).toEqual(new Set(['directline', 'twilio-sms', 'slack']));
  });

  test.each(['*', 'all channels!', 'emulator', 'directline, Emulator', 'turnwise', 'x'.repeat(65), '-a'])(
    'cannot be %s',
    (TURNWISE_VOUCHING_CHANNELS) => {
      expect(() => of(TURNWISE_VOUCHING_CHANNELS)).toThrow('TURNWISE_VOUCHING_CHANNELS');
    },
  );
});

describe('the notification API', () => {
  const BOT = { ...DEVELOPMENT, MicrosoftAppId: APP, MicrosoftAppPassword: 'secret' };

  test('is on for applications with a role only where it is said, in the tenant of the bot', () => {
    const env = { ...BOT, TURNWISE_NOTIFY: 'app-role', MicrosoftAppTenantId: TENANT };
    const appRole = { kind: 'appRole', tenantId: TENANT, role: 'Notify.Send', audiences: [APP, `api://${APP}`] };
    expect(readSettings(env).notify).toEqual(appRole);
    const own = { ...env, TURNWISE_NOTIFY_ROLE: 'Tell', TURNWISE_NOTIFY_AUDIENCE: 'api://notify' };
    expect(readSettings(own).notify).toEqual({ ...appRole, role: 'Tell', audiences: ['api://notify'] });
    expect(refusal({ ...BOT, TURNWISE_NOTIFY: 'app-role' }).code).toBe('SettingMissing');
  });

  test('takes function keys only where it is said, and an app id turns the own machine off', () => {
    expect(readSettings({ ...BOT, TURNWISE_NOTIFY: 'function-key' }).notify).toEqual({ kind: 'functionKey' });
    expect(readSettings(BOT).notify).toEqual({ kind: 'off' });
    expect(readSettings({ ...DEVELOPMENT, TURNWISE_NOTIFY: 'off' }).notify).toEqual({ kind: 'off' });
  });
});
