import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CONTAINERS, containerDefinition } from '../../src/azure/cosmos-containers';
import { TURNS_QUEUE } from '../../src/configured';
import { readSettings as readRunnerSettings } from '../../src/local/settings';
import type { Telemetry } from '../../src/ports/telemetry';
import { logEvent } from '../../src/runtime/events';
import { meteredLog } from '../../src/runtime/metered-log';
import { ATTRIBUTES, durationOf, METRICS, STAGES, type Stage } from '../../src/runtime/telemetry';
import { MAX_BODY_BYTES } from '../../src/schema/parse-activity';
import { readSettings } from '../../src/settings';
import { SETTINGS, type SettingName } from '../../src/settings-list';
import { ROOT } from '../support/sources';
import { at, ofType, only, readSnapshot, readSnapshots, readSources, readTemplate, type Snapshot } from './evaluated';

/* What the template says twice, because the code says it too: settings, queues, containers, functions, events. */

const snapshots = readSnapshots();
const ordinary = readSnapshot('default');
const sources = [...readSources().values()].join('\n');

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
  TURNWISE_COSMOS_TRANSPORT: 'the default is the one that is meant; the other is chosen by itself where it is needed',
  AzureWebJobsStorage: 'the queue is reached with an identity',
  TURNWISE_PARENT_BOTS: 'the bot is no skill',
  TURNWISE_SERVICE_HOSTS: 'the known services of channels are enough, unless a channel is not on the list',
  TURNWISE_EMULATOR: 'for development',
  TURNWISE_VOUCHING_CHANNELS: 'Teams vouches without it, and no other channel does by default',
  TURNWISE_NOTIFY_ROLE: 'has a default',
  TURNWISE_NOTIFY_AUDIENCE: 'the registration of the bot',
  TURNWISE_EARLIER_CONTAINER: 'for a bot that moves here, while it does',
  TURNWISE_EARLIER_DATABASE: 'for a bot that moves here, while it does',
  TURNWISE_EARLIER_NAMESPACES: 'for a bot that moves here, while it does',
  TURNWISE_EARLIER_ENDPOINT: 'for a bot that moves here, while it does',
  TURNWISE_KEEP_DEAD_LETTERS: 'how long things are kept is for the owner of the bot to say',
  TURNWISE_KEEP_CONVERSATIONS: 'how long things are kept is for the owner of the bot to say',
  TURNWISE_KEEP_USERS: 'how long things are kept is for the owner of the bot to say',
  TURNWISE_PORT: 'for the local runner',
  TURNWISE_CHAT_PORT: 'for the local runner',
};

/** What the template sets for the Functions host alone. */
const OF_THE_HOST = ['AzureWebJobsStorage__blobServiceUri', 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT'];

/** Settings of an app, each as it is known before the deployment. */
const settingsOf = (snapshot: Snapshot): Readonly<Record<string, string>> =>
  only(snapshot, 'Microsoft.Web/sites/config').properties as Readonly<Record<string, string>>;

describe('app settings', () => {
  const settings = settingsOf(ordinary);

  test('are set in one place', () => {
    expect(ofType(ordinary, 'Microsoft.Web/sites/config').map(({ name }) => name.split('/')[1])).toEqual([
      'appsettings',
    ]);
    expect(only(ordinary, 'Microsoft.Web/sites').properties?.siteConfig).toEqual({ minTlsVersion: '1.2' });
  });

  test('every setting of the code is set, or left alone for a reason', () => {
    const placed = [...Object.keys(settings), ...Object.keys(NOT_IN_AZURE)];
    expect(SETTINGS.map(({ name }) => name).filter((name) => !placed.includes(name))).toEqual([]);
    expect(Object.keys(settings).filter((name) => name in NOT_IN_AZURE)).toEqual([]);
  });

  test('nothing is set that nobody reads', () => {
    const read = new Set<string>([...SETTINGS.map(({ name }) => name), ...OF_THE_HOST]);
    expect(Object.keys(settings).filter((name) => !read.has(name))).toEqual([]);
    expect(OF_THE_HOST.filter((name) => !(name in settings))).toEqual([]);
  });

  test('limit bodies to a little more than an activity may have, as the example for development and the runner do', () => {
    const { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: limit = '' } = settings;
    expect(Number(limit)).toBeGreaterThan(MAX_BODY_BYTES);
    expect(Number(limit)).toBeLessThan(MAX_BODY_BYTES * 1.1);
    const example = JSON.parse(readFileSync(path.join(ROOT, 'local.settings.example.json'), 'utf8')) as {
      readonly Values: Readonly<Record<string, string>>;
    };
    expect(example.Values.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT).toBe(limit);
    expect(readRunnerSettings({}, '/').bodyLimit).toBe(Number(limit));
    // The deployment may raise it, for functions of the app's own.
    expect(settingsOf(readSnapshot('everything')).FUNCTIONS_REQUEST_BODY_SIZE_LIMIT).toBe('4000000');
  });

  test('are named once more where the template compares letters: a name in other letters is refused', () => {
    const listed = /var ownSettings = \[\n([^\]]*)\]/.exec(readSources().get('modules/function-app.bicep') ?? '')?.[1];
    expect(listed?.match(/\w+/g)).toEqual(Object.keys(settings).sort());
  });

  test('are no secrets: every secret of the code is refused', () => {
    const [refused, secret] = ['refusedSettings', 'secretSettings'].map((name) => readTemplate().variables?.[name]);
    // The template sets one of them itself: the logs, whose key opens nothing, because local authentication is off.
    const secrets = SETTINGS.filter((setting) => 'secret' in setting && !(setting.name in settings));
    expect(secrets.length).toBeGreaterThan(3);
    expect([refused, secret].flat()).toEqual(expect.arrayContaining(secrets.map(({ name }) => name.toLowerCase())));
  });

  test('have what the deployment adds', () => {
    expect(settingsOf(readSnapshot('everything'))).toMatchObject({
      TURNWISE_KEEP_CONVERSATIONS: '365',
      TURNWISE_NOTIFY: 'app-role',
      TURNWISE_NOTIFY_ROLE: 'Notify',
      TURNWISE_TRACE_SAMPLING: '0.25',
    });
  });

  test('never have AzureWebJobsStorage, and the name of the account only in the public cloud', () => {
    for (const snapshot of snapshots) {
      const { AzureWebJobsStorage, AzureWebJobsStorage__accountName } = settingsOf(snapshot);
      expect(AzureWebJobsStorage).toBeUndefined();
      const { name } = only(snapshot, 'Microsoft.Storage/storageAccounts');
      const isPublic = snapshot.parameters.cloudName === 'AzureCloud';
      expect(AzureWebJobsStorage__accountName).toBe(isPublic ? name : undefined);
    }
  });

  const CLIENT_ID = '11111111-2222-3333-4444-555555555555';
  const ENDPOINTS = {
    AzureCloud: { cosmos: 'documents.azure.com', storage: 'core.windows.net' },
    AzureUSGovernment: { cosmos: 'documents.azure.us', storage: 'core.usgovcloudapi.net' },
    AzureChinaCloud: { cosmos: 'documents.azure.cn', storage: 'core.chinacloudapi.cn' },
  };

  /** Puts what Azure would say in place of the expressions of a snapshot. */
  function deployed(snapshot: Snapshot): Record<string, string> {
    const { cosmos, storage } = ENDPOINTS[snapshot.parameters.cloudName as keyof typeof ENDPOINTS];
    const account = only(snapshot, 'Microsoft.Storage/storageAccounts').name;
    const answers: Readonly<Record<string, string>> = {
      clientId: CLIENT_ID,
      documentEndpoint: `https://${only(snapshot, 'Microsoft.DocumentDB/databaseAccounts').name}.${cosmos}:443/`,
      'primaryEndpoints.blob': `https://${account}.blob.${storage}/`,
      'primaryEndpoints.queue': `https://${account}.queue.${storage}/`,
      ConnectionString: 'InstrumentationKey=0;IngestionEndpoint=https://region.in.ai.azure.com/',
    };
    const looked = (text: string) =>
      text.replace(
        /^\[?reference\('[^']+', '[\d-]+'\)\.([\w.]+)\]?$/,
        (_all, property) => answers[property] ?? `? ${property}`,
      );
    return Object.fromEntries(
      Object.entries(settingsOf(snapshot)).map(([name, value]) => {
        const [, pattern, argument] = /^\[format\('([^']+)', (.+)\)\]$/.exec(value) ?? [];
        return [name, pattern === undefined ? looked(value) : pattern.replace('{0}', looked(argument ?? ''))];
      }),
    );
  }

  test.each(snapshots.map((snapshot) => [snapshot.name, snapshot] as const))(
    'of %s are what the code starts with in Azure: Cosmos DB and the queue by identity, the bot as one',
    (_name, snapshot) => {
      const env = deployed(snapshot);
      expect(Object.values(env).filter((value) => /[[?]/.test(value))).toEqual([]);
      expect(readSettings({ ...env, WEBSITE_SITE_NAME: 'func-dev' })).toMatchObject({
        environment: 'production',
        inAzure: true,
        store: {
          kind: 'cosmos',
          endpoint: env.COSMOS_ENDPOINT,
          database: 'turnwise',
          clientId: CLIENT_ID,
          managed: true,
        },
        queue: {
          kind: 'identity',
          queueServiceUri: env.AzureWebJobsStorage__queueServiceUri,
          clientId: CLIENT_ID,
          managed: true,
        },
        inbound: { appId: CLIENT_ID },
        outbound: { appId: CLIENT_ID, credential: { kind: 'managedIdentity' } },
        telemetry: { identity: { clientId: CLIENT_ID, managed: true }, role: { name: 'func-dev' } },
      });
    },
  );

  test('name the channel service of the cloud', () => {
    const named = ['default', 'government', 'china'].map((name) => settingsOf(readSnapshot(name)).ChannelService);
    expect(named).toEqual(['', 'https://botframework.azure.us', 'https://botframework.azure.cn']);
  });
});

test('the app runs as the parameters say', () => {
  const config = (name: string) => only(readSnapshot(name), 'Microsoft.Web/sites').properties?.functionAppConfig;
  expect(config('default')).toMatchObject({
    runtime: { name: 'node', version: '24' },
    scaleAndConcurrency: {
      instanceMemoryMB: 2048,
      maximumInstanceCount: 40,
      alwaysReady: [],
      triggers: { http: { perInstanceConcurrency: 32 } },
    },
  });
  expect(config('everything')).toMatchObject({
    runtime: { name: 'node', version: '22' },
    scaleAndConcurrency: {
      instanceMemoryMB: 4096,
      maximumInstanceCount: 1000,
      alwaysReady: [
        { name: 'http', instanceCount: 2 },
        { name: 'function:turns', instanceCount: 3 },
      ],
    },
  });
  expect(config('least')).toMatchObject({ scaleAndConcurrency: { instanceMemoryMB: 512, maximumInstanceCount: 1 } });
});

test('Cosmos DB is serverless, or scales as the parameters say', () => {
  const paid = (name: string) => {
    const account = only(readSnapshot(name), 'Microsoft.DocumentDB/databaseAccounts').properties;
    const database = only(readSnapshot(name), 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases').properties;
    return [account?.capabilities, database?.options];
  };
  expect(paid('default')).toEqual([[{ name: 'EnableServerless' }], {}]);
  expect(paid('least')).toEqual([[], { autoscaleSettings: { maxThroughput: 1000 } }]);
});

test('the bot has the channels that the parameters say, and alerts are mailed to whom they say', () => {
  const channels = (name: string) =>
    ofType(readSnapshot(name), 'Microsoft.BotService/botServices/channels').map(({ name: each }) => each.split('/')[1]);
  expect(channels('default')).toEqual(['MsTeamsChannel', 'WebChatChannel']);
  expect(channels('everything')).toEqual(['MsTeamsChannel', 'WebChatChannel', 'DirectLineChannel']);
  expect(channels('least')).toEqual([]);
  expect(ofType(ordinary, 'Microsoft.Insights/actionGroups')).toEqual([]);
  const everything = readSnapshot('everything');
  const group = only(everything, 'Microsoft.Insights/actionGroups');
  expect(group.properties).toMatchObject({ emailReceivers: [{ emailAddress: 'operator@example.org' }] });
  // The service takes up to twelve characters.
  expect(String(group.properties?.groupShortName).length).toBeLessThanOrEqual(12);
  const actions = ofType(everything, 'Microsoft.Insights/scheduledQueryRules').map(
    ({ properties }) => properties?.actions,
  );
  expect(actions).toEqual(actions.map(() => ({ actionGroups: [group.id] })));
});

test('the queues are those of the code, each with its poison queue', () => {
  const triggers = readdirSync(path.join(ROOT, 'functions')).flatMap((file) => {
    const text = readFileSync(path.join(ROOT, 'functions', file), 'utf8');
    return [...text.matchAll(/queueName: ([^,\n]+)/g)].map(([, name]) => name);
  });
  expect(triggers).toEqual(['TURNS_QUEUE']);
  const names = ofType(ordinary, 'Microsoft.Storage/storageAccounts/queueServices/queues').map(
    ({ name }) => name.split('/')[2],
  );
  expect(names).toEqual([TURNS_QUEUE, `${TURNS_QUEUE}-poison`]);
});

test('the containers are those of the code: keys, expiry and indexes', () => {
  const made = ofType(ordinary, 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers').map((container) => {
    const resource = at(container.properties, 'resource');
    expect(container.name.split('/')[2]).toBe(at(resource, 'id'));
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
    const named = [...sources.matchAll(/name: 'function:([^']+)'/g)].map(([, name]) => name);
    expect(named).toEqual(['turns']);
    expect(functions().map(({ name }) => name)).toEqual(expect.arrayContaining(named));
  });

  test('have the addresses that the template gives away', () => {
    const host = JSON.parse(readFileSync(path.join(ROOT, 'host.json'), 'utf8')) as {
      extensions: { http: { routePrefix: string } };
    };
    const { messagingEndpoint, healthUrl } = ordinary.outputs;
    const address = (route: string) => `[format('https://{0}/${host.extensions.http.routePrefix}/${route}', reference(`;
    expect(messagingEndpoint).toContain(address('messages'));
    expect(healthUrl).toContain(address('health'));
    expect(only(ordinary, 'Microsoft.BotService/botServices').properties?.endpoint).toBe(messagingEndpoint);
    expect(functions().map(({ route }) => route)).toEqual(expect.arrayContaining(['messages', 'health']));
  });
});

const METRIC_NAMES: ReadonlySet<string> = new Set([
  ...Object.values(METRICS).map(({ name }) => name),
  ...Object.keys(STAGES).map((stage) => durationOf(stage as Stage).name),
]);

interface Criterion {
  readonly query: string;
  readonly metricMeasureColumn?: string;
  readonly timeAggregation: string;
  readonly operator: string;
  readonly threshold: number;
}

describe('alerts', () => {
  const rules = ofType(ordinary, 'Microsoft.Insights/scheduledQueryRules').map(({ name, properties }) => ({
    name: name.replace(/^turnwise-dev-[a-z\d]{13}-/, ''),
    description: String(properties?.description),
    criterion: (at(properties, 'criteria', 'allOf') as readonly Criterion[])[0] as Criterion,
  }));
  const rule = (name: string) => rules.find((each) => each.name === name)?.criterion;

  test('are about dead letters, what waits, failed turns, errors and refusals of the endpoint, and an app that does not run', () => {
    expect(rules.map(({ name }) => name)).toEqual([
      'dead-letters',
      'oldest-waiting-turn',
      'failed-turns',
      'messages-5xx',
      'refusals',
      'no-sweep',
    ]);
  });

  test('look at metrics that there are, and at functions that there are', () => {
    const queries = rules.map(({ criterion }) => criterion.query);
    const metrics = queries.flatMap((query) => /^\| where Name == "(turnwise\.[\w.]+)"/m.exec(query)?.[1] ?? []);
    expect(metrics).toHaveLength(5);
    expect(metrics.filter((name) => !METRIC_NAMES.has(name))).toEqual([]);
    const operations = queries.flatMap((query) => /OperationName == "(\w+)"/.exec(query)?.[1] ?? []);
    expect(operations).toEqual(['messages']);
    expect(functions().map(({ name }) => name)).toEqual(expect.arrayContaining(operations));
  });

  test('of refusals: counts what the app counts as refused', () => {
    const measured: [string, number, object][] = [];
    const telemetry: Pick<Telemetry, 'measure'> = {
      measure: (metric, value, attributes = {}) => measured.push([metric.name, value, attributes]),
    };
    const log = meteredLog({ event: () => undefined }, telemetry as Telemetry);
    logEvent(log, 'refused', { status: 401, code: 'TokenMissing' });
    const [name, value, attributes] = measured[0] ?? [];
    expect([name, value]).toEqual([METRICS.activities.name, 1]);
    const { query, threshold } = rule('refusals') as Criterion;
    const outcome = (attributes as Record<string, string>)['turnwise.outcome'];
    expect(query).toBe(
      `AppMetrics\n| where Name == "${name}" and tostring(Properties["turnwise.outcome"]) == "${outcome}"\n`,
    );
    // Anybody may send a few.
    expect(threshold).toBeGreaterThanOrEqual(100);
  });

  test('of an app that does not run: the service counts the rows, and so gets 0 where nothing was logged', () => {
    const { query, ...missing } = rule('no-sweep') as Criterion;
    expect(query).toBe(`AppMetrics\n| where Name == "${METRICS.overdue.name}"\n`);
    expect(missing).toMatchObject({ timeAggregation: 'Count', operator: 'LessThan', threshold: 1 });
    expect(missing).not.toHaveProperty('metricMeasureColumn');
    const others = rules.filter(({ name }) => name !== 'no-sweep').map(({ criterion }) => criterion);
    expect(new Set(others.map(({ operator }) => operator))).toEqual(new Set(['GreaterThan']));
    expect(others.filter(({ metricMeasureColumn }) => !metricMeasureColumn)).toEqual([]);
  });

  test('are all on, but for the one that an app with its telemetry elsewhere switches off', () => {
    const off = (name: string) =>
      ofType(readSnapshot(name), 'Microsoft.Insights/scheduledQueryRules')
        .filter(({ properties }) => properties?.enabled !== true)
        .map((each) => [each.name.replace(/^turnwise-\w+-[a-z\d]{13}-/, ''), each.properties?.enabled]);
    expect(off('default')).toEqual([]);
    expect(off('least')).toEqual([['no-sweep', false]]);
  });

  test('say where it stands what to do', () => {
    const page = readFileSync(path.join(ROOT, 'docs/operate.md'), 'utf8');
    const titles = [...page.matchAll(/^### (.+)$/gm)].map(([, title]) => title?.toLowerCase());
    const named = rules.map(({ description }) => /docs\/operate\.md: (.+)\.$/.exec(description)?.[1]?.toLowerCase());
    expect(named.filter((title) => !titles.includes(title))).toEqual([]);
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
    const module = readSources().get('modules/workbook.bicep') ?? '';
    const filled = [...module.matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)].map(([, name]) => name);
    const places = [...text.matchAll(/"([A-Z]+(?:_[A-Z]+)+)"/g)].map(([, name]) => name);
    expect(new Set(filled)).toEqual(new Set(places));
    const made = String(only(ordinary, 'Microsoft.Insights/workbooks').properties?.serializedData);
    expect(made).toContain(only(ordinary, 'Microsoft.DocumentDB/databaseAccounts').id);
    expect(made).not.toMatch(/"[A-Z]+(?:_[A-Z]+)+"/);
  });
});
