import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { companionEnvironment } from './companion-environment';
import { deferred } from './deferred';

export interface CompanionOptions {
  /** The script to run, absolute. */
  readonly script: string;
  readonly args: readonly string[];
  /** A file that at most one companion may hold at a time. */
  readonly lockFile?: string;
  readonly cwd: string;
  /** Its own settings, as environment variables. Of the runner's environment it gets what {@link companionEnvironment} names. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The line of output that says it is ready. */
  readonly ready: RegExp;
  readonly readyWithinMs: number;
}

/** A program that runs beside the runner and ends with it. */
export interface Companion {
  /** The match of {@link CompanionOptions.ready}. */
  readonly ready: RegExpExecArray;
  /** Resolves when the process has ended, with the last thing it said. Never rejects. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

const LINES_KEPT = 20;
const LAST_WORDS_MS = 50;
/** How long a companion may take to end when it is asked to, before it is killed. */
const STOP_MS = 5_000;

/** Starts a companion and waits until it is ready. Rejects with what it said if it ends before that. */
export async function startCompanion(options: CompanionOptions): Promise<Companion> {
  const child = fork(
    require.resolve('./companion-process'),
    [options.lockFile ?? '-', options.script, ...options.args],
    {
      cwd: options.cwd,
      env: companionEnvironment(process.env, options.settings),
      execPath: process.execPath,
      // In a group of its own: Ctrl-C in a terminal goes to the whole group, and the queue must outlive the runner's last turns.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  const ready = deferred<RegExpExecArray>();
  const said: string[] = [];
  // Read to the end, always: a full pipe would stop the child.
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      if (line.trim() !== '') said.push(line.trim());
      if (said.length > LINES_KEPT) said.shift();
      const match = options.ready.exec(line);
      if (match) ready.resolve(match);
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      // Its last words may still be in the pipe.
      setTimeout(() => resolve(reasonIn(said) ?? `it ended with ${signal ?? `code ${code}`}`), LAST_WORDS_MS);
    });
    child.once('error', (error) => resolve(error.message));
  });
  const timer = setTimeout(
    () => ready.reject(new Error(`it was not ready after ${options.readyWithinMs / 1000} s`)),
    options.readyWithinMs,
  );
  void ended.then((reason) => ready.reject(new Error(reason)));
  const stop = (): Promise<void> => stopChild(child, ended);
  try {
    return { ready: await ready.promise, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function stopChild(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.connected) child.disconnect();
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(killer);
}

/** The line that says why a process ended: the one that speaks of an error, else the last one. */
function reasonIn(lines: readonly string[]): string | undefined {
  return lines.findLast((line) => /error/i.test(line) && !line.startsWith('at ')) ?? lines.at(-1);
}
