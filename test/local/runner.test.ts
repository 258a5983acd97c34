import { execFileSync, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  type AppCopy,
  base64,
  copyFixtureApp,
  printed,
  ROOT,
  startRunnerProcess,
  until,
} from './support/runner-process';

let app: AppCopy;
afterEach(() => app.remove());

describe('functions run as under the host', () => {
  test('queue messages arrive as text, parsed if they are JSON, with the host’s metadata', async () => {
    app = copyFixtureApp();
    const runner = await startRunnerProcess(app);
    const queue = runner.queues.getQueueClient('work');
    const texts = ['plain text', '{"a":[1]}', '[1,2]', '123', 'true', '"quoted"', ''];
    for (const text of texts) await queue.sendMessage(base64(text));
    const worked = () => app.record().filter(({ what }) => what === 'worked');
    await until(() => worked().length === texts.length);
    const sorted = (values: unknown[]): string[] => values.map((value) => JSON.stringify(value)).sort();
    expect(sorted(worked().map(({ entry }) => entry))).toEqual(
      sorted(['plain text', { a: [1] }, [1, 2], 123, true, 'quoted', '']),
    );
    const { metadata } = app.record().find(({ what, entry }) => what === 'work' && entry === 123) ?? {};
    expect(metadata).toEqual({
      queueTrigger: 123,
      dequeueCount: 1,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      popReceipt: expect.any(String),
      insertionTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      expirationTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      nextVisibleTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    await printed(runner, /^\d\d:\d\d:\d\d\.\d{3} info {2}work {6}working on "plain text"$/m);
    await printed(runner, /^\d\d:\d\d:\d\d\.\d{3} warn {2}app {7}worked \{ a: \[ 1 ] \}$/m);
    await runner.end();
  });

  test('hooks run; timers run; a failing message is tried three times, then it is poison', async () => {
    app = copyFixtureApp();
    const runner = await startRunnerProcess(app);
    const queue = runner.queues.getQueueClient('work');
    await queue.sendMessage(base64('{"fail":9}'));
    await queue.sendMessage(base64('{"replaced":"by a hook"}'));
    const poison = runner.queues.getQueueClient('work-poison');
    await until(() => poison.exists());
    await until(async () => (await poison.peekMessages()).peekedMessageItems.length === 1);
    await until(() => app.record().filter(({ what }) => what === 'tick').length >= 2);
    const record = app.record();
    expect(record.filter(({ entry }) => typeof entry === 'object' && entry !== null && 'fail' in entry)).toHaveLength(
      3,
    );
    expect(record.some(({ what, entry }) => what === 'worked' && entry === 'by a hook')).toBe(true);
    expect(record.filter(({ what }) => what === 'startup')).toHaveLength(1);
    expect(record.find(({ what }) => what === 'tick')?.timer).toEqual({
      schedule: { adjustForDST: true },
      scheduleStatus: null,
      isPastDue: false,
    });
    await printed(runner, /error work {6}failed: this message fails \(functions\/queue\.js:\d+:\d+\)$/m);
    expect(await runner.end()).toBe(0);
    expect(app.record()[0]?.what).toBe('appStart');
    expect(app.record().filter(({ what }) => what === 'appTerminate')).toHaveLength(1);
  });
});

describe('stopping', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s waits for what is running, and keeps the rest for the next start',
    async (signal) => {
      app = copyFixtureApp();
      const first = await startRunnerProcess(app);
      const queue = first.queues.getQueueClient('work');
      await queue.sendMessage(base64('{"sleep":1500}'));
      await until(() => app.record().some(({ what }) => what === 'work'));
      const slow = fetch(`${first.url}/api/slow?ms=1000`);
      await until(() => / slow +begun/.test(first.output()));
      const ended = first.end(signal);
      await until(() => first.output().includes('Stopping when done: '));
      await queue.sendMessage(base64('"for later"'));
      await expect(fetch(`${first.url}/api/echo`)).rejects.toThrow();
      expect(await (await slow).text()).toBe('done');
      expect(await ended).toBe(0);
      await printed(first, /Stopped\.\n$/);
      expect(app.record().filter(({ what }) => what === 'worked')).toHaveLength(1);

      const second = await startRunnerProcess(app);
      await until(() => app.record().some(({ what, entry }) => what === 'worked' && entry === 'for later'));
      await sleep(300);
      expect(app.record().filter(({ what }) => what === 'worked')).toHaveLength(2);
      await second.end();
    },
  );

  test('a second Ctrl-C ends at once; one that npm doubles does not', async () => {
    app = copyFixtureApp();
    const runner = await startRunnerProcess(app);
    await runner.queues.getQueueClient('work').sendMessage(base64('{"sleep":60000}'));
    await until(() => app.record().some(({ what }) => what === 'work'));
    runner.process.kill('SIGINT');
    runner.process.kill('SIGINT');
    await until(() => runner.output().includes('Stopping when done: '));
    await sleep(700);
    expect(runner.process.exitCode).toBeNull();
    const from = Date.now();
    expect(await runner.end('SIGINT')).toBe(130);
    expect(Date.now() - from).toBeLessThan(2_000);
  });

  test('a signal to npm, which does not pass it on, stops the runner as well', async () => {
    app = copyFixtureApp();
    app.write('package.json', {
      main: 'functions/*.js',
      scripts: { start: `node ${ROOT}/dist/src/local/main.js --no-chat` },
    });
    const npm = spawn('npm', ['start', '--silent'], {
      cwd: app.folder,
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', TURNWISE_PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    npm.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    await until(() => output.includes('Ctrl-C stops'), 20_000);
    npm.kill('SIGTERM');
    await until(() => output.endsWith('Stopped.\n'));
    // The next one can start.
    expect(await (await startRunnerProcess(app)).end()).toBe(0);
  });

  test('a killed runner takes its queue server along and leaves its message hidden; the next one has the rest', async () => {
    app = copyFixtureApp();
    const first = await startRunnerProcess(app);
    const address = /Azurite on (\S+)/.exec(first.output())?.[1];
    const queue = first.queues.getQueueClient('work');
    await queue.sendMessage(base64('{"sleep":60000}'));
    await until(() => app.record().some(({ what }) => what === 'work'));
    await first.end('SIGKILL');
    await until(() =>
      fetch(`http://${address}/`).then(
        () => false,
        () => true,
      ),
    );

    const second = await startRunnerProcess(app);
    await second.queues.getQueueClient('work').sendMessage(base64('"next"'));
    await until(() => app.record().some(({ what, entry }) => what === 'worked' && entry === 'next'));
    const left = second.queues.getQueueClient('work');
    await until(async () => (await left.getProperties()).approximateMessagesCount === 1);
    expect(app.record().filter(({ what }) => what === 'work')).toHaveLength(2);
    await second.end();
  });

  test('an error that nobody catches ends the runner with its stack and exit code 1', async () => {
    app = copyFixtureApp();
    app.write(
      'functions/bad.js',
      "require('@azure/functions').app.http('bad', { handler: () => void setTimeout(() => { throw new Error('loose'); }, 10) });",
    );
    const runner = await startRunnerProcess(app);
    await fetch(`${runner.url}/api/bad`).catch(() => undefined);
    await until(() => runner.process.exitCode !== null);
    expect(runner.process.exitCode).toBe(1);
    await printed(runner, /Error: loose\n {4}at .*bad\.js/);
    await printed(runner, /an error was not caught by the app/);
  });

  test('the death of the queue server is reported, and ends the runner', async () => {
    app = copyFixtureApp();
    const runner = await startRunnerProcess(app);
    const { pid } = runner.process;
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)])
      .toString()
      .trim()
      .split(/\s+/);
    expect(children).toHaveLength(1);
    process.kill(Number(children[0]), 'SIGKILL');
    await until(() => runner.process.exitCode !== null);
    expect(runner.process.exitCode).toBe(1);
    await printed(runner, /turnwise: the queue server \(Azurite\) has ended: .*\. Nothing is lost; start again\.\n/);
  });
});

describe('the chat page', () => {
  test('comes up with the bot’s endpoint and goes down with the runner', async () => {
    app = copyFixtureApp();
    const runner = await startRunnerProcess(app, { args: [] });
    const address = /Chat\s+(http:\/\/localhost:\d+)/.exec(runner.output())?.[1] ?? '';
    const page = await fetch(address);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('Agents Playground');
    expect(await runner.end()).toBe(0);
    await expect(fetch(address)).rejects.toThrow();
  });
});
