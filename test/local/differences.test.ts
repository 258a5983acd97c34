import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { HttpData } from '../../src/local/core-api';
import { readHostJson } from '../../src/local/host-json';
import { HttpTriggerServer } from '../../src/local/http-server';
import { readSettings } from '../../src/local/settings';
import {
  type AppCopy,
  base64,
  copyFixtureApp,
  printed,
  ROOT,
  type RunnerProcess,
  runToEnd,
  startRunnerProcess,
  until,
} from './support/runner-process';

/* docs/local.md lists how the runner differs from the Functions host. Each row has a check here, by its name, and each check a row. */

const page = readFileSync(path.join(ROOT, 'docs/local.md'), 'utf8');
const rows = (page.split(/<!-- \/?differences -->/)[1] ?? '')
  .trim()
  .split('\n')
  .slice(2)
  .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
  .map((cells) => cells.map((cell) => cell.trim()));

/** Functions that the fixture does not have. */
const EXTRA = `
const { app } = require('@azure/functions');
const { appendFileSync } = require('node:fs');
const record = (what) => appendFileSync(process.env.TURNWISE_DATA + '/record.jsonl', JSON.stringify({ what }) + '\\n');
app.http('keyed', { authLevel: 'function', handler: () => ({ body: 'open' }) });
app.http('trace', { handler: (_, context) => ({ jsonBody: { trace: context.traceContext ?? null } }) });
app.http('loud', { handler: () => (console.error('all is well'), {}) });
app.http('uncaught', { handler: () => new Promise(() => setTimeout(() => { throw new Error('loose'); }, 10)) });
app.serviceBusQueue('bus', { queueName: 'x', connection: 'X', handler: () => undefined });
app.timer('hourly', { schedule: '0 0 * * * *', handler: () => undefined });
app.timer('span', { schedule: '00:00:01', handler: () => record('span') });
app.timer('retried', {
  schedule: '0 0 0 1 1 *',
  runOnStartup: true,
  retry: { strategy: 'fixedDelay', maxRetryCount: 3, delayInterval: { milliseconds: 10 } },
  handler: () => { record('retried'); throw new Error('never retried'); },
});
`;

const HOST = {
  version: '2.0',
  functionTimeout: '00:00:01',
  extensions: {
    http: { customHeaders: { 'x-custom': 'yes' } },
    queues: { maxPollingInterval: '00:00:00.1', visibilityTimeout: '00:00:00' },
  },
};

let app: AppCopy;
let runner: RunnerProcess;
/** A head that never ends, begun early because its answer takes ten seconds. */
let slowHead: Promise<{ readonly text: string; readonly ms: number }>;

beforeAll(async () => {
  app = copyFixtureApp();
  app.write('functions/extra.js', EXTRA);
  app.write('host.json', HOST);
  runner = await startRunnerProcess(app);
  slowHead = raw('GET /api/echo HTTP/1.1\r\nHost: a\r\nX-Slow: ');
});
afterAll(async () => {
  await runner?.end();
  app?.remove();
});

const get = (address: string, init: RequestInit = {}): Promise<Response> => fetch(runner.url + address, init);
const seen = (what: string): unknown[] => app.record().filter((entry) => entry.what === what);

/** Sends bytes and waits until the other side closes the connection. */
async function raw(text: string, host = '127.0.0.1'): Promise<{ text: string; ms: number }> {
  const from = Date.now();
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(new URL(runner.url).port), host, () => socket.write(text));
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('close', () => resolve({ text: answer, ms: Date.now() - from })).on('error', reject);
  });
}

/** What the runner says when it does not start on a copy of the fixture. */
async function refusal(files: Readonly<Record<string, string | object>>): Promise<string> {
  const copy = copyFixtureApp();
  for (const [file, content] of Object.entries(files)) copy.write(file, content);
  const { code, err } = await runToEnd(copy);
  copy.remove();
  expect(code).toBe(1);
  return err;
}

async function onOwnRunner(check: (own: RunnerProcess) => Promise<void>): Promise<void> {
  const copy = copyFixtureApp();
  copy.write('functions/extra.js', EXTRA);
  const own = await startRunnerProcess(copy);
  try {
    await check(own);
  } finally {
    await own.end();
    copy.remove();
  }
}

const readHost = (host: object): ReturnType<typeof readHostJson> => {
  const copy = copyFixtureApp();
  copy.write('host.json', host);
  try {
    return readHostJson(copy.folder);
  } finally {
    copy.remove();
  }
};

const CHECKS: Readonly<Record<string, () => Promise<void> | void>> = {
  'A chunked body': async () => {
    let answered = false;
    const request = httpRequest(`${runner.url}/api/echo`, { method: 'POST' });
    const body = new Promise<string>((resolve, reject) => {
      request.on('error', reject).on('response', (response) => {
        answered = true;
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve(text));
      });
    });
    request.write('one');
    await sleep(200);
    expect(answered).toBe(false);
    request.end('two');
    expect(JSON.parse(await body)).toMatchObject({ method: 'POST', body: '' });
  },
  'Bodies, where no setting limits them': async () => {
    const send = (size: number): Promise<Response> => get('/api/echo', { method: 'POST', body: 'x'.repeat(size) });
    expect([(await send(1_100_000)).status, (await send(1_100_001)).status]).toEqual([200, 413]);
  },
  'Its own answers (404, 413, 500, …)': async () => {
    const nothing = await get('/api/nowhere');
    expect([nothing.status, await nothing.json()]).toEqual([
      404,
      { error: expect.objectContaining({ code: 'NotFound' }) },
    ]);
    const thrown = await get('/api/throws');
    expect([thrown.status, await thrown.text()]).toEqual([500, '']);
  },
  '`GET /`': async () => expect((await get('/')).status).toBe(404),
  '`/admin`, `/runtime/webhooks`': async () => {
    for (const address of ['/admin/host/status', '/admin/functions/work', '/runtime/webhooks/x']) {
      expect((await get(address)).status).toBe(404);
    }
  },
  'Function keys': async () => {
    expect(await (await get('/api/keyed')).text()).toBe('open');
    const port = new URL(runner.url).port;
    for (const header of ['Host: evil.example', `Host: 127.0.0.1:${port}\r\nOrigin: https://evil.example`]) {
      const { text } = await raw(`GET /api/keyed HTTP/1.1\r\n${header}\r\nConnection: close\r\n\r\n`);
      expect(text).toMatch(/^HTTP\/1\.1 403 /);
    }
  },
  'Who can connect': async () => {
    await expect(raw('GET / HTTP/1.1\r\n\r\n', '127.0.0.2')).rejects.toThrow();
    expect(runner.url).toMatch(/^http:/);
    const preflight = await get('/api/echo', { method: 'OPTIONS', headers: { origin: 'https://a.example' } });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([404, null]);
  },
  'Headers of the platform': async () => {
    const body = await (await get('/api/echo')).json();
    expect(body).toMatchObject({ forwarded: null, url: expect.stringMatching(/^http:/) });
  },
  'A slow request': async () => {
    const { text, ms } = await slowHead;
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(ms).toBeGreaterThanOrEqual(9_900);
    expect(ms).toBeLessThan(15_000);
  },
  'An answer after 230 s': async () => {
    // Only the runner's own timers are moved: it must have none that ends a request.
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'performance'] });
    const server = await HttpTriggerServer.listen(0, 1_000);
    try {
      let answer: (data: HttpData) => void = () => undefined;
      const called = new Promise<void>((begun) => {
        const invoke = (): Promise<HttpData> => {
          begun();
          return new Promise((resolve) => {
            answer = resolve;
          });
        };
        server.serve([{ name: 'late', route: 'late', methods: [], keyed: false, invoke }], 'api');
      });
      const response = fetch(`http://127.0.0.1:${server.port}/api/late`);
      await called;
      jest.advanceTimersByTime(231_000);
      answer({ statusCode: '200', body: { string: 'late' } });
      expect(await (await response).text()).toBe('late');
    } finally {
      jest.useRealTimers();
      server.close();
    }
  },
  'Many requests at once': async () => {
    const answers = await Promise.all(Array.from({ length: 150 }, async () => (await get('/api/slow?ms=300')).status));
    expect(new Set(answers)).toEqual(new Set([200]));
  },
  'Streamed bodies (`enableHttpStream`)': async () =>
    expect(
      await refusal({ 'functions/bad.js': "require('@azure/functions').app.setup({ enableHttpStream: true });" }),
    ).toMatch(/enableHttpStream, which is not run here/),
  'Trace of an invocation': async () => {
    const headers = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` };
    expect(await (await get('/api/trace', { headers })).json()).toEqual({ trace: null });
  },
  'A queue that is not there': async () => expect(await runner.queues.getQueueClient('work').exists()).toBe(true),
  '`maxPollingInterval`, left out': () => expect(readHost({ version: '2.0' }).queues.maxPollingIntervalMs).toBe(2_000),
  'Properties of a JSON message': async () => {
    await runner.queues.getQueueClient('work').sendMessage(base64('{"only":"in the message"}'));
    await until(() => seen('work').length === 1);
    const [{ entry, metadata } = {}] = app.record().filter(({ what }) => what === 'work');
    expect(entry).toEqual({ only: 'in the message' });
    expect(metadata).toHaveProperty('dequeueCount');
    expect(metadata).not.toHaveProperty('only');
  },
  'A misspelled queue setting in `host.json`': () =>
    expect(() => readHost({ version: '2.0', extensions: { queues: { batchsize: 4 } } })).toThrow(/no such setting/),
  'Other settings of `host.json`': async () => expect((await get('/api/echo')).headers.get('x-custom')).toBeNull(),
  'When a timer is next due': () =>
    expect(JSON.parse(readFileSync(path.join(app.data, 'timers.json'), 'utf8'))).toHaveProperty('hourly.next'),
  'A time span as a schedule': () => until(() => seen('span').length > 0),
  'Other bindings and triggers': () =>
    printed(runner, /bus is left out: a servicebus trigger is not run here; "func start" can run it/),
  'Retry policies': async () => {
    await until(() => seen('retried').length > 0);
    await sleep(300);
    expect(seen('retried')).toHaveLength(1);
  },
  'Functions by `function.json`': async () =>
    expect(
      await refusal({
        'package.json': { main: 'old.js' },
        'old.js': 'module.exports = async () => undefined;',
        'functions/function.json': { bindings: [{ type: 'timerTrigger', name: 't', schedule: '* * * * * *' }] },
      }),
    ).toMatch(/The app registers no function/),
  '`functionTimeout`': async () => {
    expect(await (await get('/api/slow?ms=1300')).text()).toBe('done');
    await printed(runner, /warn {2}slow {6}runs for more than 1 s \(functionTimeout\)/);
  },
  'An app that throws while it loads': async () =>
    expect(await refusal({ 'functions/bad.js': "throw new Error('broken');" })).toMatch(
      /^turnwise: functions\/bad\.js cannot be loaded: broken[^\n]*\n$/,
    ),
  'A wrong setting': async () => {
    const tell = "globalThis[Symbol.for('turnwise.failureListener')]('There is no such setting.');";
    const said = await refusal({ 'functions/bad.js': tell });
    expect(said).toMatch(/^turnwise: The app does not start: There is no such setting\.\n$/);
  },
  'An error that nobody catches': () =>
    onOwnRunner(async (own) => {
      await expect(fetch(`${own.url}/api/uncaught`)).rejects.toThrow();
      await until(() => own.process.exitCode !== null);
      expect(own.process.exitCode).toBe(1);
    }),
  Stopping: () =>
    onOwnRunner(async (own) => {
      const slow = fetch(`${own.url}/api/slow?ms=1500`);
      await until(() => / slow +begun/.test(own.output()));
      const ended = own.end('SIGTERM');
      expect(await (await slow).text()).toBe('done');
      expect(await ended).toBe(0);
    }),
  Instances: async () => {
    const second = await runToEnd(app);
    expect([second.code, second.err]).toEqual([1, expect.stringContaining('is in use by another runner')]);
  },
  Environment: async () => {
    const value = async (name: string) => (await (await get(`/api/environment?name=${name}`)).json()) as unknown;
    expect(await value('AZURE_FUNCTIONS_ENVIRONMENT')).toEqual({ value: 'Development' });
    expect(await value('WEBSITE_INSTANCE_ID')).toEqual({ value: null });
  },
  '`UseDevelopmentStorage=true`': () =>
    expect(readSettings({ AzureWebJobsStorage: 'UseDevelopmentStorage=true' }, '/').hasStorage).toBe(false),
  'Its own log': async () => {
    await get('/api/nothing');
    expect(runner.output()).not.toMatch(/Executing|Executed|Azure\.Core/);
    await get('/api/throws');
    await until(() => /error throws +failed: thrown by the function/.test(runner.output()));
  },
  'Levels of `console` lines': async () => {
    await get('/api/loud');
    await until(() => /error app +all is well/.test(runner.output()));
  },
};

test('every row says what the host does, what the runner does, and why', () => {
  expect(rows.length).toBeGreaterThan(25);
  for (const row of rows) {
    expect(row).toHaveLength(4);
    expect(row.filter((cell) => cell.length < 3)).toEqual([]);
    expect(row[1]).toMatch(/ \([MSD]\)/);
  }
});

test('every row has a check, and every check a row', () => {
  expect(rows.map(([what]) => what)).toEqual(Object.keys(CHECKS));
});

describe('the runner', () => {
  test.each(rows.map(([what = '', host = '', here = '']) => [what, here, host] as const))('%s: %s', async (what) => {
    await CHECKS[what]?.();
  });
});
