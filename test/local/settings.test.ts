import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readHostJson } from '../../src/local/host-json';
import { applyLocalSettings, readLocalSettings } from '../../src/local/local-settings';
import { readSettings } from '../../src/local/settings';
import { StartupError } from '../../src/local/startup-error';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'turnwise-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(file: string, content: unknown): void {
  writeFileSync(join(folder, file), typeof content === 'string' ? content : JSON.stringify(content));
}

/** The one line with which something is refused. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof StartupError && !error.message.includes('\n')) return error.message;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('host.json', () => {
  const host = (queues: object, more: object = {}) => ({ version: '2.0', extensions: { queues }, ...more });

  test.each<[string, unknown, RegExp]>([
    ['another version', { version: '1.0' }, /^host\.json: "version": expected "2\.0"\.$/],
    ['a list', [], /^host\.json: /],
    ['a batch size as text', host({ batchSize: '4' }), /"extensions\.queues\.batchSize": expected a whole number/],
    ['too large a batch', host({ batchSize: 33 }), /"extensions\.queues\.batchSize": expected .* from 1 to 32\.$/],
    ['a half batch', host({ batchSize: 1.5 }), /"extensions\.queues\.batchSize": expected a whole number/],
    ['an interval that is none', host({ maxPollingInterval: '2s' }), /maxPollingInterval": "2s" is not a time/],
    ['an unknown encoding', host({ messageEncoding: 'hex' }), /messageEncoding": expected "base64" or "none"/],
    ['a misspelled name', host({ batchsize: 4 }), /"extensions\.queues": no such setting: batchsize\.$/],
    ['a timeout that is none', host({}, { functionTimeout: 10 }), /"functionTimeout": /],
    ['a level that is none', host({}, { logging: { logLevel: { default: 'loud' } } }), /default": expected one of/],
  ])('with %s is refused', (_, content, expected) => {
    write('host.json', content);
    expect(refusal(() => readHostJson(folder))).toMatch(expected);
  });

  test('without settings means what the host means by it in development', () => {
    write('host.json', { version: '2.0', customHandler: {}, extensions: { blobs: {} } });
    expect(readHostJson(folder)).toEqual({
      queues: {
        batchSize: 16,
        newBatchThreshold: 8 * availableParallelism(),
        maxPollingIntervalMs: 2_000,
        maxDequeueCount: 5,
        visibilityTimeoutMs: 0,
        messageEncoding: 'base64',
      },
      routePrefix: 'api',
      functionTimeoutMs: undefined,
      logLevels: {},
    });
  });

  test('is read in the host’s spelling, with the host’s floor under the polling interval', () => {
    write(
      'host.json',
      host(
        {
          maxPollingInterval: '00:00:00.01',
          messageEncoding: 'None',
          visibilityTimeout: '00:00:30',
          newBatchThreshold: 0,
        },
        { functionTimeout: '00:05:00', logging: { logLevel: { default: 'Warning' } } },
      ),
    );
    expect(readHostJson(folder)).toMatchObject({
      queues: { maxPollingIntervalMs: 100, messageEncoding: 'none', visibilityTimeoutMs: 30_000, newBatchThreshold: 0 },
      functionTimeoutMs: 300_000,
      logLevels: { default: 'Warning' },
    });
    write('host.json', `\uFEFF${JSON.stringify({ version: '2.0', functionTimeout: '-1' })}`);
    expect(readHostJson(folder).functionTimeoutMs).toBeUndefined();
  });

  test('the project’s own is one the runner can read', () => {
    const { queues, routePrefix } = readHostJson(resolve(__dirname, '../..'));
    expect(routePrefix).toBe('api');
    expect(queues).toMatchObject({ maxPollingIntervalMs: 100, messageEncoding: 'base64' });
  });
});

describe('local.settings.json', () => {
  test.each<[string, unknown, RegExp]>([
    ['values that are objects', { Values: { A: {} } }, /^local\.settings\.json: "Values\.A": /],
    ['encrypted values', { IsEncrypted: true, Values: {} }, /is encrypted/],
    ['a list', [], /^local\.settings\.json: /],
  ])('with %s is refused', (_, content, expected) => {
    write('local.settings.json', content);
    expect(refusal(() => readLocalSettings(folder))).toMatch(expected);
  });

  test('may be absent, and its values do not override the environment', () => {
    expect(readLocalSettings(join(folder, 'elsewhere'))).toEqual({});
    write('local.settings.json', { Values: { A: 'file', B: true, N: 5 }, Host: { LocalHttpPort: 7071 } });
    const env: NodeJS.ProcessEnv = { A: 'environment' };
    applyLocalSettings(readLocalSettings(folder), env);
    expect(env).toEqual({ A: 'environment', B: 'true', N: '5' });
  });

  test('the example is one the runner can read', () => {
    const { Values } = require('../../local.settings.example.json') as { Values: Record<string, string> };
    expect(readSettings(Values, '/app').hasStorage).toBe(false);
  });
});

describe('settings', () => {
  test('have defaults', () => {
    expect(readSettings({}, '/app')).toEqual({
      port: 7071,
      chatPort: 56150,
      dataDir: '/app/.local',
      ownsDataDir: true,
      hasStorage: false,
      bodyLimit: 1_100_000,
    });
  });

  test('are read', () => {
    const env = { TURNWISE_PORT: '0', TURNWISE_CHAT_PORT: '65535', TURNWISE_DATA: '/data', AzureWebJobsStorage: 'x=y' };
    expect(readSettings(env, '/app')).toMatchObject({ port: 0, chatPort: 65_535, dataDir: '/data', hasStorage: true });
    expect(readSettings({ AzureWebJobsStorage: 'UseDevelopmentStorage=true;' }, '/').hasStorage).toBe(false);
    expect(readSettings({ AzureWebJobsStorage__accountName: 'account' }, '/').hasStorage).toBe(true);
  });

  test.each(['x', '65536', '-1', '70.5', ' ', '0x10'])('"%s" is not a port', (port) => {
    expect(refusal(() => readSettings({ TURNWISE_PORT: port }, '/app'))).toMatch(/^TURNWISE_PORT is ".*"/);
  });
});
