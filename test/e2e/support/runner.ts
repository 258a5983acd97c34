import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectionStringFor } from '../../support/azurite';

const ROOT = path.join(__dirname, '..', '..', '..');

/** The apps that can be run: the project's own, the same shared by several runners, the one whose messages say what to do, and a bot that books. */
const APPS = {
  own: ROOT,
  several: path.join(ROOT, 'test/e2e/apps/several'),
  scripted: path.join(ROOT, 'test/e2e/apps/scripted'),
  booking: path.join(ROOT, 'test/bots/booking'),
  traced: path.join(ROOT, 'test/e2e/apps/traced'),
} as const;

export type AppName = keyof typeof APPS;

/** An app of these, or one in a folder of its own: an absolute path. */
export type App = AppName | { readonly folder: string };

/** The runner in a process of its own, as `npm start -- --no-chat` runs it. */
export interface RunnerProcess {
  /** Address of the messaging endpoint. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Connection string of the queue that it started. */
  readonly queue: string;
  /** Everything it has printed. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Asks it to stop, and resolves when it has. */
  stop(): Promise<number | NodeJS.Signals>;
}

const running = new Set<ChildProcess>();

/** Ends every process that tests have started and not ended: for `afterAll`, so that a failed test leaves none behind. */
export async function endAllRunners(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }),
  );
}

/** Starts a runner of an app on a free port and resolves when it is up. */
export async function startRunner(app: App, env: Readonly<Record<string, string>>): Promise<RunnerProcess> {
  const { child, output, ended } = launch(app, env);
  await Promise.race([ended, until(() => output().includes('Ctrl-C stops'), 30_000)]);
  const port = Number(/Endpoint +http:\/\/127\.0\.0\.1:(\d+)\/api\/messages/.exec(output())?.[1]);
  if (!port) throw new Error(`The runner did not start:\n${output()}`);
  const queuePort = Number(/Azurite on 127\.0\.0\.1:(\d+)/.exec(output())?.[1] ?? 0);
  return {
    url: `http://127.0.0.1:${port}/api/messages`,
    port,
    pid: child.pid ?? 0,
    queue: env.AzureWebJobsStorage ?? connectionStringFor(queuePort),
    output,
    signal: (signal) => void child.kill(signal),
    ended,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** Starts a runner that is expected not to come up, and resolves with what it said. */
export async function runToEnd(
  app: App,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | NodeJS.Signals; readonly output: string }> {
  const { output, ended } = launch(app, env);
  return { code: await ended, output: output() };
}

function launch(
  app: App,
  env: Readonly<Record<string, string>>,
): { child: ChildProcess; output: () => string; ended: Promise<number | NodeJS.Signals> } {
  const child = spawn(
    process.execPath,
    ['-r', path.join(__dirname, 'end-with-parent.cjs'), path.join(ROOT, 'dist/src/local/main.js'), '--no-chat'],
    {
      cwd: typeof app === 'string' ? APPS[app] : app.folder,
      // Nothing of the environment but what a shell needs: what it means to the app is what the test says.
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', TURNWISE_PORT: '0', NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  running.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', () => running.delete(child));
    // `close` comes after the last output has been read.
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'));
  });
  return { child, output: () => said, ended };
}

/** Resolves once a condition holds, looked at every few milliseconds; rejects after `withinMs`. */
export async function until(holds: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Not within ${withinMs} ms: ${holds}`);
    await sleep(20);
  }
}
