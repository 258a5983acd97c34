import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Answer, Call } from './answer-calls.ts';

/*
 * The parts of the benchmark are processes of their own, each on a core of its own where the machine lets us choose. They talk with the
 * one that began it by calls and answers over the channel that Node gives a child.
 */

const canPin = spawnSync('taskset', ['--version']).status === 0;

/** Whether parts run on the core that they were given. */
export const PINNED = canPin;

export interface PartOptions {
  readonly core?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** For the script. */
  readonly parameter?: string;
}

const parts = new Set<Part>();

/** A part, seen from the process that started it. */
export class Part {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #calls = 0;
  /** Whether it has, and how. */
  #ended: string | undefined;

  private constructor(child: ChildProcess, name: string) {
    this.#child = child;
    child.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('error' in answer) waiting?.reject(new Error(`${name}: ${answer.error}`));
      else waiting?.resolve(answer.value);
    });
    child.once('exit', (code, signal) => {
      this.#ended = `${name} has ended (${signal ?? code}).`;
      parts.delete(this);
      for (const { reject } of this.#waiting.values()) reject(new Error(this.#ended));
    });
    parts.add(this);
  }

  /** Runs a script, and waits until it answers. */
  static async start(script: string, { core, env = {}, parameter }: PartOptions = {}): Promise<Part> {
    const file = path.join(import.meta.dirname, script);
    const node = [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      '--disable-warning=DeprecationWarning',
      '--expose-gc',
      file,
    ];
    if (parameter !== undefined) node.push(parameter);
    const [command = '', ...parameters] =
      core !== undefined && canPin ? ['taskset', '-c', String(core), ...node] : node;
    const child = spawn(command, parameters, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production', ...env },
    });
    const part = new Part(child, path.basename(parameter ?? script));
    await new Promise((resolve, reject) => part.#waiting.set(0, { resolve, reject }));
    return part;
  }

  call<T = void>(name: string, argument: unknown = null): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(new Error(this.#ended));
    this.#calls += 1;
    const id = this.#calls;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.send({ id, name, argument } satisfies Call);
    });
  }

  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    if (this.#ended !== undefined) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }
}

export async function endAllParts(): Promise<void> {
  await Promise.all([...parts].map((part) => part.end()));
}
