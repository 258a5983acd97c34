import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectionStringFor } from '../support/azurite';
import { base64, ROOT, until } from './support/runner-process';

/* The compiled app of this repository with a setting that is wrong, run as the Functions host runs it: it is not asked whether it can work. */

const HOST = `
  const { startRunner } = require('${path.join(ROOT, 'dist/src/local/runner.js')}');
  startRunner({ appRoot: process.cwd(), chat: false, runsFailedApp: true }).then(
    (runner) => {
      console.log('UP ' + runner.url + ' ' + runner.queueAddress);
      process.on('SIGTERM', () => runner.stop({ drainMs: 0 }).then(() => process.exit(0)));
    },
    (error) => { console.log(error.message); process.exit(1); },
  );
`;

const data = mkdtempSync(path.join(tmpdir(), 'turnwise-failed-app-'));
let host: ChildProcess;
let output = '';
let url: string;

beforeAll(async () => {
  host = spawn(process.execPath, ['-e', HOST], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH ?? '',
      NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
      TURNWISE_PORT: '0',
      TURNWISE_DATA: data,
      TURNWISE_FOO: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [host.stdout, host.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  await until(() => output.includes('UP ') || host.exitCode !== null, 30_000);
  url = /UP (\S+)/.exec(output)?.[1] ?? output;
}, 40_000);

afterAll(async () => {
  if (host.exitCode === null) {
    const timer = setTimeout(() => host.kill('SIGKILL'), 5_000);
    host.kill('SIGTERM');
    await once(host, 'exit');
    clearTimeout(timer);
  }
  rmSync(data, { recursive: true, force: true });
});

const UNKNOWN = {
  code: 'SettingUnknown',
  message: expect.stringMatching(/^There is no such setting; .*TURNWISE_FOO\.$/),
};

test.each([
  ['POST', 'messages'],
  ['POST', 'notify'],
  ['GET', 'notify/1'],
])('%s /api/%s is there, and answers 503 with the setting', async (method, route) => {
  const answer = await fetch(`${url}/api/${route}`, { method, ...(method === 'POST' ? { body: '{}' } : {}) });
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('2');
  expect(await answer.json()).toEqual({ error: UNKNOWN });
});

test('health says what is wrong, and that the process lives', async () => {
  const answer = await fetch(`${url}/api/health`);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toEqual({
    status: 'unavailable',
    checks: { settings: 'SettingUnknown' },
    error: UNKNOWN,
  });
  expect((await fetch(`${url}/api/health?live`)).status).toBe(200);
});

test('a ring is not lost on it: it goes back to the queue', async () => {
  const port = Number(/UP \S+ \S*?:(\d+)/.exec(output)?.[1]);
  const queue = QueueServiceClient.fromConnectionString(connectionStringFor(port)).getQueueClient('turns');
  await queue.sendMessage(base64(JSON.stringify({ conversation: 'test/c' })));
  await until(
    () => /turns .*SettingUnknown|There is no such setting.*\n.*turns|turns .*There is no such setting/.test(output),
    15_000,
  );
  expect((await queue.getProperties()).approximateMessagesCount).toBe(1);
});

test('the log has said so at the start, before anything is served', () => {
  // The timer says it again at each of its times, of which one may have come.
  const started = output.slice(0, output.indexOf('UP '));
  const lines = started.split('\n').filter((line) => line.includes('turnwise: the app cannot work'));
  expect(lines).toEqual([
    expect.stringMatching(/error app .* SettingUnknown\. There is no such setting; .*TURNWISE_FOO\.$/),
  ]);
});
