import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../sim/random';
import type { WorkerEvent } from './wire';

/** One life of one worker process. */
export interface Worker {
  /** `<slot>.<life>`: no two lives share a name. */
  readonly name: string;
  readonly slot: number;
  readonly process: ChildProcess;
  /** The messaging endpoint, once it answers. */
  url: string | undefined;
  /** Frozen by a signal: alive and doing nothing. */
  stalled: boolean;
  /** When it was killed, in ms since the epoch. */
  killedAt: number | undefined;
}

export interface WorkerPoolOptions {
  readonly size: number;
  /** Folder for what the workers need and leave behind. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly random: Random;
  readonly onEvent: (worker: Worker, event: WorkerEvent) => void;
  /** Called just before a process is killed. */
  readonly onKill: (worker: Worker) => void;
}

const ROOT = path.resolve(__dirname, '../..');
const START_LIMIT_MS = 60_000;
const STALL_TRIES = 20;

/** Worker processes that are started again whenever they are gone: each one the local runner with the crash test's app. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #slots: (Worker | undefined)[] = [];
  readonly #lives: Worker[] = [];
  readonly #appRoot: string;
  #stopping = false;
  /** Set when a worker went without being killed, with what it said. */
  failure: string | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#appRoot = path.join(options.folder, 'app');
    writeApp(this.#appRoot);
  }

  async start(): Promise<void> {
    for (let slot = 0; slot < this.#options.size; slot += 1) this.#launch(slot);
    const deadline = Date.now() + START_LIMIT_MS;
    while (this.up().length < this.#options.size) {
      if (this.failure !== undefined) throw new Error(this.failure);
      if (Date.now() > deadline) throw new Error('The workers did not start.');
      await sleep(50);
    }
  }

  /** Those that answer. */
  up(): Worker[] {
    return this.running().filter(({ url }) => url !== undefined);
  }

  /** Those that have a process, whether it is ready or not. */
  running(): Worker[] {
    return this.#slots.filter((worker) => worker !== undefined);
  }

  named(name: string): Worker | undefined {
    return this.#lives.find((worker) => worker.name === name);
  }

  /** `kill -9`: nothing in the process learns of it. */
  kill(worker: Worker): void {
    if (worker.killedAt !== undefined) return;
    worker.killedAt = Date.now();
    this.#options.onKill(worker);
    worker.process.kill('SIGKILL');
  }

  /**
   * Freezes a process, timers and all, for a while: not in the middle of a write to a file that it has locked, because that would
   * freeze everybody else with it.
   */
  async stall(worker: Worker, ms: number, storeIsBlocked: () => boolean): Promise<void> {
    worker.stalled = true;
    worker.process.kill('SIGSTOP');
    for (let tries = 0; tries < STALL_TRIES && storeIsBlocked(); tries += 1) {
      worker.process.kill('SIGCONT');
      await sleep(this.#options.random.between(1, 50));
      worker.process.kill('SIGSTOP');
    }
    await sleep(ms);
    worker.process.kill('SIGCONT');
    worker.stalled = false;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      this.running().map(async ({ process: child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }),
    );
  }

  #launch(slot: number): void {
    const { env, folder, onEvent, random } = this.#options;
    const life = this.#lives.filter((worker) => worker.slot === slot).length;
    const name = `${slot}.${life}`;
    const data = path.join(folder, `worker-${slot}`);
    mkdirSync(data, { recursive: true });
    const child = fork(path.join(ROOT, 'src/local/main.js'), ['--no-chat'], {
      cwd: this.#appRoot,
      env: { PATH: process.env.PATH, ...env, CRASH_WORKER: name, TURNWISE_DATA: data, TURNWISE_PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const worker: Worker = {
      name,
      slot,
      process: child,
      url: undefined,
      stalled: false,
      killedAt: undefined,
    };
    this.#slots[slot] = worker;
    this.#lives.push(worker);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-4_000);
        worker.url ??= /Endpoint\s+(http:\S+)/.exec(said)?.[1];
      });
    }
    child.on('message', (event) => onEvent(worker, event as WorkerEvent));
    child.once('exit', async (code) => {
      this.#slots[slot] = undefined;
      if (this.#stopping) return;
      if (worker.killedAt === undefined) this.failure ??= `Worker ${name} ended by itself with ${code}:\n${said}`;
      await sleep(random.between(100, 1_000));
      if (!this.#stopping) this.#launch(slot);
    });
  }
}

/** A functions app as the runner expects it: the project's own `host.json`, less talkative, and the one file that loads the crash test's app. */
function writeApp(folder: string): void {
  mkdirSync(path.join(folder, 'functions'), { recursive: true });
  const host = JSON.parse(readFileSync('host.json', 'utf8')) as object;
  const logging = { logLevel: { default: 'Warning' } };
  writeFileSync(path.join(folder, 'host.json'), JSON.stringify({ ...host, logging }));
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ main: 'functions/*.js' }));
  writeFileSync(
    path.join(folder, 'functions', 'app.js'),
    `require(${JSON.stringify(path.join(__dirname, 'app.js'))});\n`,
  );
}
