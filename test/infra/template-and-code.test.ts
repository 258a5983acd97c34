import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { CONTAINERS, containerDefinition } from '../../src/azure/cosmos-containers';
import { TURNS_QUEUE } from '../../src/configured';
import { ATTRIBUTES, durationOf, METRICS, STAGES, type Stage } from '../../src/runtime/telemetry';
import { readSettings } from '../../src/settings';
import { SETTINGS, type SettingName } from '../../src/settings-list';
import { ROOT } from '../support/sources';
import { at, type BicepFile, type Block, Expression, isBlock, readTemplate, type Value } from './bicep';

/* What the template says twice, because the code says it too: settings, queues, containers, functions, events. */

let files: readonly BicepFile[];

beforeAll(async () => {
  files = await readTemplate();
});

function bodies(type: string): Block[] {
  return files.flatMap(({ resources }) =>
    resources.filter(({ kind }) => kind.startsWith(`${type}@`)).map(({ body }) => body),
  );
}

/** Settings of the app that the template leaves to `additionalSettings`, and why. A new setting has to be here or there. */
const NOT_IN_AZURE: Readonly<Partial<Record<SettingName, string>>> = {
  MicrosoftAppPassword: 'the bot is an identity',
  CertificateThumbprint: 'the bot is an identity',
  CertificatePrivateKey: 'the bot is an identity',
  MicrosoftAppClientId: 'the bot is an identity',
  ToChannelFromBotLoginUrl: 'the cloud has one',
  ToChannelFromBotOAuthScope: 'the cloud has one',
  ToBotFromChannelTokenIssuer: 'the cloud has one',
  ToBotFromChannelOpenIdMetadataUrl: 'the cloud has one',
  ToBotFromEmulatorOpenIdMetadataUrl: 'the cloud has one',
  OAuthUrl: 'the cloud has one',
  AZURE_FUNCTIONS_ENVIRONMENT: 'production is the default',
  TURNWISE_DATA: 'for the embedded store',
  COSMOS_KEY: 'for emulators',
  AzureWebJobsStorage: 'the queue is reached with an identity',
  AzureWebJobsStorage__accountName: 'the addresses are said instead, which is right in every cloud',
  TURNWISE_PARENT_BOTS: 'the bot is no skill',
  TURNWISE_SERVICE_HOSTS: 'the known services of channels are enough, unless a channel is not on the list',
  TURNWISE_EMULATOR: 'for development',
  TURNWISE_NOTIFY_ROLE: 'has a default',
  TURNWISE_NOTIFY_AUDIENCE: 'the registration of the bot',
  TURNWISE_EARLIER_CONTAINER: 'for a bot that moves here, while it does',
  TURNWISE_EARLIER_DATABASE: 'for a bot that moves here, while it does',
  TURNWISE_EARLIER_ENDPOINT: 'for a bot that moves here, while it does',
  TURNWISE_KEEP_DEAD_LETTERS: 'how long things are kept is for the owner of the bot to say',
  TURNWISE_KEEP_CONVERSATIONS: 'how long things are kept is for the owner of the bot to say',
  TURNWISE_KEEP_USERS: 'how long things are kept is for the owner of the bot to say',
  TURNWISE_PORT: 'for the local runner',
  TURNWISE_CHAT_PORT: 'for the local runner',
};

/** What the template sets for the Functions host alone. */
const OF_THE_HOST = ['AzureWebJobsStorage__blobServiceUri'];

describe('app settings', () => {
  const settings = (): Block => {
    const found = files.find(({ variables }) => variables.appSettings !== undefined)?.variables.appSettings;
    return isBlock(found) ? found : {};
  };

  test('are set in one place, with what the deployment adds', () => {
    const config = bodies('Microsoft.Web/sites/config');
    expect(config.map(({ name }) => name)).toEqual(['appsettings']);
    expect(config.map(({ properties }) => properties)).toEqual([
      new Expression('union(appSettings, additionalSettings)'),
    ]);
  });

  test('every setting of the code is set, or left alone for a reason', () => {
    const placed = [...Object.keys(settings()), ...Object.keys(NOT_IN_AZURE)];
    expect(SETTINGS.map(({ name }) => name).filter((name) => !placed.includes(name))).toEqual([]);
    expect(Object.keys(settings()).filter((name) => name in NOT_IN_AZURE)).toEqual([]);
  });

  test('nothing is set that nobody reads', () => {
    const read = new Set<string>([...SETTINGS.map(({ name }) => name), ...OF_THE_HOST]);
    expect(Object.keys(settings()).filter((name) => !read.has(name))).toEqual([]);
    expect(OF_THE_HOST.filter((name) => !(name in settings()))).toEqual([]);
  });

  /** What the expressions of the template come to, for an app somewhere. */
  const DEPLOYED: Readonly<Record<string, string>> = {
    identityClientId: '11111111-2222-3333-4444-555555555555',
    'tenant().tenantId': '99999999-8888-7777-6666-555555555555',
    "channelServices[?environment().name] ?? ''": '',
    cosmosEndpoint: 'https://cosmos-dev.documents.azure.com:443/',
    cosmosDatabase: 'turnwise',
    notify: 'off',
    traceSampling: '1',
    blobEndpoint: 'https://stdev.blob.core.windows.net/',
    queueEndpoint: 'https://stdev.queue.core.windows.net/',
    applicationInsightsConnectionString: 'InstrumentationKey=0;IngestionEndpoint=https://region.in.ai.azure.com/',
    "'ClientId=${identityClientId};Authorization=AAD'": 'ClientId=11111111;Authorization=AAD',
  };

  const evaluated = (value: Value): string => {
    if (typeof value === 'string') return value;
    const text = value instanceof Expression ? DEPLOYED[value.text] : undefined;
    if (text === undefined) throw new Error(`The test does not know ${JSON.stringify(value)}.`);
    return text;
  };

  test('are what the code starts with in Azure: Cosmos DB and the queue by identity, the bot as one', () => {
    const env = Object.fromEntries(Object.entries(settings()).map(([name, value]) => [name, evaluated(value)]));
    const clientId = DEPLOYED.identityClientId;
    expect(readSettings({ ...env, WEBSITE_SITE_NAME: 'func-dev' })).toMatchObject({
      environment: 'production',
      inAzure: true,
      store: { kind: 'cosmos', endpoint: DEPLOYED.cosmosEndpoint, database: 'turnwise', clientId, managed: true },
      queue: { kind: 'identity', queueServiceUri: DEPLOYED.queueEndpoint, clientId, managed: true },
      inbound: { appId: clientId },
      outbound: { appId: clientId, credential: { kind: 'managedIdentity' } },
      telemetry: { identity: { clientId: '11111111', managed: true }, sampling: 1, role: { name: 'func-dev' } },
    });
  });

  test('name the clouds that the code knows', () => {
    const [clouds] = files.flatMap(({ variables }) => variables.channelServices ?? []);
    const env = { AzureWebJobsStorage: 'a=b', TURNWISE_STORE: 'memory', AZURE_FUNCTIONS_ENVIRONMENT: 'Development' };
    expect(Object.keys(isBlock(clouds) ? clouds : {})).toEqual(['AzureUSGovernment', 'AzureChinaCloud']);
    for (const ChannelService of Object.values(isBlock(clouds) ? clouds : {})) {
      expect(() => readSettings({ ...env, ChannelService: String(ChannelService) })).not.toThrow();
    }
  });
});

test('the queues are those of the code, each with its poison queue', () => {
  const triggers = readdirSync(path.join(ROOT, 'functions')).flatMap((file) => {
    const text = readFileSync(path.join(ROOT, 'functions', file), 'utf8');
    return [...text.matchAll(/queueName: ([^,\n]+)/g)].map(([, name]) => name);
  });
  expect(triggers).toEqual(['TURNS_QUEUE']);
  const names = bodies('Microsoft.Storage/storageAccounts/queueServices/queues').map(({ name }) => name);
  expect(names).toEqual([TURNS_QUEUE, `${TURNS_QUEUE}-poison`]);
});

test('the containers are those of the code: keys, expiry and indexes', () => {
  const made = bodies('Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers').map((body) => {
    const resource = at(body, 'properties', 'resource');
    expect(body.name).toBe(at(resource, 'id'));
    return resource;
  });
  const wanted = Object.values(CONTAINERS).map((container) => {
    const { partitionKey, ...rest } = containerDefinition(container);
    return { ...rest, partitionKey: { ...partitionKey, kind: 'Hash' } };
  });
  expect(made).toEqual(wanted);
});

/** The functions of the app, from their trigger files: name, and route if they have one. */
function functions(): { name: string; route: string | undefined }[] {
  return readdirSync(path.join(ROOT, 'functions')).flatMap((file) => {
    const text = readFileSync(path.join(ROOT, 'functions', file), 'utf8');
    const name = /^functions\.\w+\('([\w-]+)'/m.exec(text)?.[1];
    return name === undefined ? [] : [{ name, route: /\broute: '([^']+)'/.exec(text)?.[1] }];
  });
}

describe('functions', () => {
  test('that are always ready exist', () => {
    const text = files.map((file) => file.text).join('\n');
    const named = [...text.matchAll(/name: 'function:([^']+)'/g)].map(([, name]) => name);
    expect(named).toEqual(['turns']);
    expect(functions().map(({ name }) => name)).toEqual(expect.arrayContaining(named));
  });

  test('have the addresses that the template gives away', () => {
    const host = JSON.parse(readFileSync(path.join(ROOT, 'host.json'), 'utf8')) as {
      extensions: { http: { routePrefix: string } };
    };
    const text = files.map((file) => file.text).join('\n');
    const routes = [...text.matchAll(/defaultHostName\}\/(\w+)\/([\w/]+)'/g)];
    expect(routes.map(([, prefix]) => prefix)).toEqual(routes.map(() => host.extensions.http.routePrefix));
    expect(routes.map(([, , route]) => route)).toEqual(['messages', 'health']);
    expect(functions().map(({ route }) => route)).toEqual(expect.arrayContaining(['messages', 'health']));
  });
});

const METRIC_NAMES: ReadonlySet<string> = new Set([
  ...Object.values(METRICS).map(({ name }) => name),
  ...Object.keys(STAGES).map((stage) => durationOf(stage as Stage).name),
]);

describe('alerts', () => {
  const rules = (): Block[] => {
    const found = files.find(({ variables }) => variables.rules !== undefined)?.variables.rules;
    return Array.isArray(found) ? found.filter(isBlock) : [];
  };

  test('are about dead letters, what waits, failed turns, and errors of the endpoint', () => {
    expect(rules().map(({ name }) => name)).toEqual([
      'dead-letters',
      'oldest-waiting-turn',
      'failed-turns',
      'messages-5xx',
    ]);
  });

  test('look at metrics that there are, and at functions that there are', () => {
    const queries = rules().map(({ query }) => String(query));
    const metrics = queries.flatMap((query) => /^\| where Name == "(turnwise\.[\w.]+)"/m.exec(query)?.[1] ?? []);
    expect(metrics).toHaveLength(3);
    expect(metrics.filter((name) => !METRIC_NAMES.has(name))).toEqual([]);
    const operations = queries.flatMap((query) => /OperationName == "(\w+)"/.exec(query)?.[1] ?? []);
    expect(operations).toEqual(['messages']);
    expect(functions().map(({ name }) => name)).toEqual(expect.arrayContaining(operations));
  });

  test('have an answer to every value of a rule in the resource', () => {
    const { text } = files.find(({ variables }) => variables.rules !== undefined) ?? { text: '' };
    const used = new Set([...text.matchAll(/\brule\.(\w+)/g)].map(([, name]) => name ?? ''));
    for (const rule of rules()) expect(new Set(Object.keys(rule))).toEqual(used);
  });

  test('say where it stands what to do', () => {
    const page = readFileSync(path.join(ROOT, 'docs/operate.md'), 'utf8').toLowerCase();
    for (const { description } of rules()) {
      const title = /docs\/operate\.md: (.+)\.$/.exec(String(description))?.[1] ?? '(no page)';
      expect(page).toContain(`## ${title.toLowerCase()}`);
    }
  });
});

describe('the dashboard', () => {
  const text = readFileSync(path.join(ROOT, 'infra/workbook.json'), 'utf8');
  const { items } = JSON.parse(text) as {
    readonly items: readonly {
      readonly type: number;
      readonly name: string;
      readonly content: { readonly query?: string };
    }[];
  };
  const queries = items.flatMap(({ content }) => content.query ?? []);

  test('answers three questions', () => {
    const titles = [...text.matchAll(/"json": "## ([^\\]+)\\n/g)].map(([, title]) => title);
    expect(titles).toEqual(['Is it healthy?', 'Why was that reply late?', 'What did it cost?']);
    expect(new Set(items.map(({ name }) => name)).size).toBe(items.length);
  });

  test('asks for metrics and attributes that there are, and for functions that there are', () => {
    const named = queries.flatMap((query) =>
      [...query.matchAll(/"(turnwise\.[\w.]+)"/g)].map(([, name]) => name ?? ''),
    );
    const attributes = new Set(
      queries.flatMap((query) => [...query.matchAll(/customDimensions\["([^"]+)"\]/g)].map(([, name]) => name ?? '')),
    );
    expect([...attributes].filter((name) => !Object.hasOwn(ATTRIBUTES, name))).toEqual([]);
    const metrics = named.filter((name) => !attributes.has(name));
    expect(metrics.length).toBeGreaterThan(15);
    expect(metrics.filter((name) => !METRIC_NAMES.has(name))).toEqual([]);
    const operations = queries.flatMap((query) => /operation_Name == "(\w+)"/.exec(query)?.[1] ?? []);
    expect(operations).toEqual(['messages']);
  });

  test('has its places filled by the template', () => {
    const module = files.find((file) => file.path === 'modules/workbook.bicep');
    const filled = [...(module?.text ?? '').matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)].map(([, name]) => name);
    const places = [...text.matchAll(/"([A-Z]+(?:_[A-Z]+)+)"/g)].map(([, name]) => name);
    expect(new Set(filled)).toEqual(new Set(places));
  });
});
