import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, expect } from '@jest/globals';
import { connectionStringFor } from '../../support/azurite';

export const ROOT = resolve(__dirname, '../../..');

/** A copy of the fixture app in a folder of its own, for a test to change and to run. */
export interface AppCopy {
  readonly folder: string;
  readonly data: string;
  write(file: string, content: string | object): void;
  /** What the fixture's functions have recorded so far. */
  record(): RecordEntry[];
  remove(): void;
}

export interface RecordEntry {
  readonly at: number;
  readonly what: string;
  readonly entry?: unknown;
  readonly metadata?: Record<string, unknown>;
  readonly timer?: Record<string, unknown>;
}

export function copyFixtureApp(): AppCopy {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'turnwise-app-')));
  cpSync(resolve(__dirname, '../fixture-app'), folder, { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const data = join(folder, '.local');
  return {
    folder,
    data,
    write: (file, content) =>
      writeFileSync(join(folder, file), typeof content === 'string' ? content : JSON.stringify(content)),
    record: () => {
      const file = join(data, 'record.jsonl');
      if (!existsSync(file)) return [];
      const lines = readFileSync(file, 'utf8').trim().split('\n');
      return lines.map((line) => JSON.parse(line) as RecordEntry);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A runner in a process of its own, as `npm start` runs it. */
export interface RunnerProcess {
  readonly process: ChildProcess;
  readonly url: string;
  readonly queues: QueueServiceClient;
  output(): string;
  /** Ends it with a signal and resolves with its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

const launched: ChildProcess[] = [];
// A test that fails half way leaves its runner behind, and the test run would wait for it.
afterAll(() => {
  for (const child of launched) if (child.exitCode === null) child.kill('SIGKILL');
});

interface Launch {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

function launch(app: AppCopy, { args = ['--no-chat'], env = {} }: Launch): ChildProcess {
  const base = Object.entries(process.env).filter(
    ([name]) => !/^(TURNWISE_|AzureWebJobs|NODE_OPTIONS|JEST_)/.test(name),
  );
  const child = spawn(process.execPath, [join(ROOT, 'dist/src/local/main.js'), ...args], {
    cwd: app.folder,
    env: {
      ...Object.fromEntries(base),
      // Node 22 warns of modules that it calls experimental, and tests look at what is printed.
      NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
      TURNWISE_PORT: '0',
      TURNWISE_CHAT_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  launched.push(child);
  return child;
}

/** Starts a runner and waits until it is up. */
export async function startRunnerProcess(app: AppCopy, options: Launch = {}): Promise<RunnerProcess> {
  const child = launch(app, options);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  await until(() => output.includes('Ctrl-C stops') || child.exitCode !== null, 20_000);
  if (child.exitCode !== null) throw new Error(`The runner ended: ${output}`);
  const queuePort = Number(/Azurite on 127\.0\.0\.1:(\d+)/.exec(output)?.[1] ?? 1);
  return {
    process: child,
    url: /Endpoint\s+(http:\/\/[\d.]+:\d+)/.exec(output)?.[1] ?? '',
    queues: QueueServiceClient.fromConnectionString(connectionStringFor(queuePort)),
    output: () => output,
    end: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return exited;
    },
  };
}

/** Runs a runner that is expected to end by itself, and returns what it said. */
export async function runToEnd(
  app: AppCopy,
  options: Launch = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const child = launch(app, options);
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const code = await new Promise<number | null>((done) => child.once('close', (exit) => done(exit)));
  clearTimeout(timer);
  return { code, out, err };
}

/** Waits for a condition, or throws. */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Not within ${withinMs} ms: ${condition.toString()}`);
    await sleep(25);
  }
}

/** Waits until a runner has printed what a pattern matches. A line may be read only after its effect has been seen elsewhere. */
export async function printed(runner: { output(): string }, pattern: RegExp): Promise<void> {
  await until(() => pattern.test(runner.output())).catch(() => expect(runner.output()).toMatch(pattern));
}

/** Holds a port of the loopback address until it is let go. */
export async function holdPort(): Promise<{ port: number; release(): Promise<void> }> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    release: () => new Promise((done) => server.close(() => done())),
  };
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
