import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { checkChannels } from '../../src/cli/checks/channels';
import { clockFindings } from '../../src/cli/checks/clock';
import { checkConfiguration } from '../../src/cli/checks/configuration';
import { cosmosFindings } from '../../src/cli/checks/cosmos';
import type { Finding } from '../../src/cli/checks/finding';
import { checkHostJson } from '../../src/cli/checks/host-json';
import { queueFindings } from '../../src/cli/checks/queue';
import { sqliteFindings } from '../../src/cli/checks/sqlite';
import { sweepFindings } from '../../src/cli/checks/sweep';
import type { CosmosFacts, QueueFacts } from '../../src/diagnosis';
import { TurnwiseError } from '../../src/schema/errors';
import { ROOT } from '../support/sources';

const folder = mkdtempSync(path.join(tmpdir(), 'turnwise-doctor-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What was found wrong, by level and message; every one of them says what to do. */
function wrong(found: readonly Finding[]): string[] {
  const all = found.filter(({ level }) => level !== 'ok');
  expect(all.filter(({ fix = '' }) => fix.length < 10)).toEqual([]);
  return all.map(({ level, message }) => `${level}: ${message}`);
}

test('configuration: a setting that is wrong or missing, and telemetry that goes nowhere', () => {
  const appId = '11111111-2222-4333-8444-555555555555';
  const production = { MicrosoftAppId: appId, MicrosoftAppType: 'UserAssignedMSI', AzureWebJobsStorage: 'a=b' };
  const insights = { APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=1' };
  expect(wrong(checkConfiguration({ ...production, ...insights }).found)).toEqual([]);
  expect(wrong(checkConfiguration(production).found)).toEqual(['warning: Traces, metrics and logs go nowhere.']);
  const { found, settings } = checkConfiguration({ ...production, TURNWISE_STORE: 'secret thing' });
  expect(settings).toBeUndefined();
  expect(wrong(found)).toEqual([expect.stringContaining('problem: ')]);
  expect(JSON.stringify(found)).toContain('TURNWISE_STORE has to be');
  expect(JSON.stringify(found)).not.toContain('secret thing');
});

test.each(['', 'UseDevelopmentStorage=true'])(
  'configuration: AzureWebJobsStorage=%j beside an identity for the same account',
  (AzureWebJobsStorage) => {
    const insights = { APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=1' };
    const bot = { MicrosoftAppId: '11111111-2222-4333-8444-555555555555', MicrosoftAppType: 'UserAssignedMSI' };
    for (const name of ['accountName', 'queueServiceUri', 'blobServiceUri']) {
      const value = name === 'accountName' ? 'account' : 'https://account.queue.core.windows.net';
      const both = { ...bot, ...insights, AzureWebJobsStorage, [`AzureWebJobsStorage__${name}`]: value };
      const { found } = checkConfiguration({ AzureWebJobsStorage__accountName: 'account', ...both });
      expect(wrong(found)).toEqual([expect.stringMatching(/^problem: AzureWebJobsStorage is set beside/)]);
    }
    const { found } = checkConfiguration({ ...bot, ...insights, AzureWebJobsStorage__accountName: 'account' });
    expect(wrong(found)).toEqual([]);
  },
);

test('sweep: the timer runs, has stopped, or never ran', () => {
  const ago = (minutes: number, by: 'timer' | 'invocation' = 'timer') => {
    return {
      at: Date.UTC(2030, 0, 1),
      agoMs: minutes * 60_000,
      by,
      timerAgoMs: by === 'timer' ? minutes * 60_000 : 900_000,
    };
  };
  expect(wrong(sweepFindings(ago(1), false))).toEqual([]);
  expect(sweepFindings(ago(1), false)).toMatchObject([
    { message: 'The last sweep ended 1 min ago (2030-01-01T00:00:00.000Z).' },
  ]);
  expect(wrong(sweepFindings(ago(11), false))).toEqual([
    expect.stringMatching(/^warning: .*11 min ago .*its timer function "sweep" did not for 11 min/),
  ]);
  expect(wrong(sweepFindings(ago(2, 'invocation'), false))).toEqual([
    expect.stringMatching(/another function made it: its timer function "sweep" did not for 15 min/),
  ]);
  expect(wrong(sweepFindings(undefined, false))).toEqual([expect.stringMatching(/^warning: No sweep has ever ended/)]);
  // On a development machine the app may simply not be running.
  for (const last of [ago(60 * 24), ago(2, 'invocation'), undefined])
    expect(wrong(sweepFindings(last, true))).toEqual([]);
});

describe('host.json', () => {
  const check = (host: object): string[] => {
    writeFileSync(path.join(folder, 'host.json'), JSON.stringify({ ...quiet, ...host }));
    return wrong(checkHostJson(folder));
  };
  const quiet = { logging: { logLevel: { default: 'Information', 'Azure.Core': 'Error' } } };
  const queues = { maxPollingInterval: '00:00:00.1', maxDequeueCount: 5, visibilityTimeout: '00:00:05' };

  test('the one of this repository is right', () => {
    expect(wrong(checkHostJson(ROOT))).toEqual([]);
  });

  test.each([
    [
      'an encoding that no ring has',
      { queues: { ...queues, messageEncoding: 'none' } },
      {},
      /^problem: .*messageEncoding/,
    ],
    ['a time limit shorter than a turn', { queues }, { functionTimeout: '00:05:00' }, /^problem: functionTimeout/],
    ['slow polling', { queues: { ...queues, maxPollingInterval: '00:01:00' } }, {}, /^warning: .*maxPollingInterval/],
    [
      'the default polling',
      { queues: { maxDequeueCount: 5, visibilityTimeout: '00:00:05' } },
      {},
      /^warning: .*maxPolling/,
    ],
    ['no pause', { queues: { ...queues, visibilityTimeout: '00:00:00' } }, {}, /^warning: .*gives a ring up/],
    ['another route', { queues, http: { routePrefix: 'bot' } }, {}, /^warning: The route prefix is "bot"/],
  ])('%s', (_what, extensions, more, message) => {
    expect(check({ version: '2.0', extensions, ...more })).toEqual([expect.stringMatching(message)]);
  });

  test.each<[string, object, boolean]>([
    ['nothing', {}, true],
    ['only a default', { default: 'Information' }, true],
    ['a level that lets through what an absent queue answers', { 'Azure.Core': 'Warning' }, true],
    ['a level for another category', { default: 'Information', 'Azure.Storage': 'Error' }, true],
    ['another case', { DEFAULT: 'information', 'azure.core': 'ERROR' }, false],
    ['the level of the template', { default: 'Information', 'Azure.Core': 'Error' }, false],
    ['a level for all of the SDK', { default: 'Information', Azure: 'none' }, false],
    ['the longer of two categories', { Azure: 'Error', 'Azure.Core': 'Information' }, true],
    ['a default that is quiet', { default: 'Error' }, false],
  ])('log levels with %s', (_what, logLevel, warned) => {
    const extensions = { queues };
    expect(check({ version: '2.0', extensions, logging: { logLevel } })).toEqual(
      warned ? [expect.stringMatching(/^warning: logging\.logLevel lets "Azure\.Core" through/)] : [],
    );
  });

  test('one that cannot be read', () => {
    writeFileSync(path.join(folder, 'host.json'), '{');
    expect(wrong(checkHostJson(folder))).toEqual([expect.stringMatching(/^problem: host\.json is not valid JSON/)]);
    expect(wrong(checkHostJson(path.join(folder, 'nowhere')))).toEqual([
      expect.stringMatching(/^problem: There is no/),
    ]);
  });
});

describe('Cosmos DB', () => {
  const container = {
    id: 'users',
    read: 'ok',
    write: 'ok',
    partitionKey: '/user',
    wantedPartitionKey: '/user',
    expires: true,
  } as const;
  const right: CosmosFacts = {
    consistency: 'Session',
    writeRegions: 1,
    multipleWriteRegions: false,
    containers: [container],
    serviceTime: undefined,
  };

  test('an account as it has to be', () => {
    expect(wrong(cosmosFindings(right))).toEqual([]);
  });

  test.each<[string, Partial<CosmosFacts>, RegExp]>([
    ['consistency', { consistency: 'Eventual' }, /consistency is Eventual/],
    ['write regions', { writeRegions: 2 }, /several regions/],
    ['multi-region writes', { multipleWriteRegions: true }, /several regions/],
    [
      'a container that is not there',
      { containers: [{ ...container, read: 'absent', write: 'notTried' }] },
      /"users" is not there/,
    ],
    ['no right to read', { containers: [{ ...container, read: 'forbidden', write: 'notTried' }] }, /may not be read/],
    ['no answer', { containers: [{ ...container, read: 'failed', write: 'notTried' }] }, /cannot be read/],
    ['no right to write', { containers: [{ ...container, write: 'forbidden' }] }, /may not be written/],
    ['writes that fail', { containers: [{ ...container, write: 'failed' }] }, /cannot be written/],
    [
      'another partition key',
      { containers: [{ ...container, partitionKey: '/id' }] },
      /partition key \/id, not \/user/,
    ],
    ['nothing that expires', { containers: [{ ...container, expires: false }] }, /no time to live/],
  ])('%s', (_what, different, message) => {
    expect(wrong(cosmosFindings({ ...right, ...different }))).toEqual([expect.stringMatching(message)]);
  });
});

test('SQLite: a file that is not there, or may not be written', () => {
  const file = path.join(folder, 'turnwise.db');
  const isDatabase = () => true;
  expect(wrong(sqliteFindings(file, isDatabase))).toEqual([expect.stringMatching(/^warning: There is no file/)]);
  writeFileSync(file, '');
  expect(wrong(sqliteFindings(file, isDatabase))).toEqual([]);
  expect(wrong(sqliteFindings(file, () => false))).toEqual([expect.stringMatching(/is not an SQLite database/)]);
  chmodSync(file, 0o400);
  // Whoever is root may write whatever the mode says.
  const refused = process.getuid?.() === 0 ? [] : [expect.stringMatching(/may not be written/)];
  expect(wrong(sqliteFindings(file, isDatabase))).toEqual(refused);
});

test.each<[string, Partial<QueueFacts>, RegExp | undefined]>([
  ['as it has to be', {}, undefined],
  ['not there', { read: 'absent', write: 'notTried' }, /^problem: The queue "turns" is not there/],
  ['no right to look', { read: 'forbidden', write: 'notTried' }, /^problem: The queue may not be looked at/],
  ['no answer', { read: 'failed', write: 'notTried' }, /^problem: The storage account does not answer/],
  ['no right to ring', { write: 'forbidden' }, /^problem: The queue takes no message/],
  ['rings that were given up', { poisoned: 3 }, /^warning: 3 messages were given up.*not from this app/],
])('the queue: %s', (_what, different, message) => {
  const facts: QueueFacts = { read: 'ok', write: 'ok', poisoned: 0, serviceTime: undefined, ...different };
  expect(wrong(queueFindings(facts, false))).toEqual(message === undefined ? [] : [expect.stringMatching(message)]);
});

test('a queue that the app makes itself need not be there', () => {
  const facts: QueueFacts = { read: 'absent', write: 'notTried', poisoned: undefined, serviceTime: undefined };
  expect(wrong(queueFindings(facts, true))).toEqual([]);
  expect(wrong(queueFindings('ofTheRunner', true))).toEqual([]);
});

test.each([
  [0, undefined],
  [20_000, undefined],
  [-60_000, 'warning: The clock is 60 s behind.'],
  [400_000, 'problem: The clock is 400 s ahead: tokens are refused.'],
])('a clock that differs by %d ms', (skew, message) => {
  const answers = [
    { service: 1_000_000, here: 1_000_000 + skew },
    { service: 5, here: 5 },
  ];
  expect(wrong(clockFindings(answers))).toEqual(message === undefined ? [] : [message]);
});

describe('credentials and keys', () => {
  const fails = async (): Promise<never> => {
    throw new TurnwiseError('TokenUnavailable', '(AADSTS7000215)');
  };

  test('nothing to complain of', async () => {
    expect(wrong(await checkChannels({ token: async () => 'x', keys: async () => true }, false))).toEqual([]);
    expect(wrong(await checkChannels({ token: undefined, keys: undefined }, false))).toEqual([]);
  });

  test('no token, and no keys', async () => {
    expect(wrong(await checkChannels({ token: fails, keys: async () => false }, false))).toEqual([
      expect.stringMatching(/^problem: The bot gets no token.*AADSTS7000215/),
      expect.stringMatching(/^problem: The keys of the channels cannot be had/),
    ]);
  });

  test('an identity of Azure has no token elsewhere', async () => {
    expect(wrong(await checkChannels({ token: fails, keys: async () => true }, true))).toEqual([
      expect.stringMatching(/^warning: A managed identity has tokens only where the app runs/),
    ]);
  });
});
