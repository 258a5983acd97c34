import type { RunnerLog } from './console-log';
import type { InvocationResponse, RegisteredFunction } from './core-api';
import { type FunctionsApp, placeOf, type TriggerInput } from './functions-app';
import { oneLine } from './startup-error';

/** Runs functions, and knows which are running. */
export class Invocations {
  readonly #app: FunctionsApp;
  readonly #appRoot: string;
  readonly #timeoutMs: number | undefined;
  readonly #log: RunnerLog;
  readonly #running = new Map<string, number>();

  constructor(app: FunctionsApp, appRoot: string, timeoutMs: number | undefined, log: RunnerLog) {
    this.#app = app;
    this.#appRoot = appRoot;
    this.#timeoutMs = timeoutMs;
    this.#log = log;
  }

  /** Runs a function once. A failure is logged here, and passed on for the trigger to act on. */
  async run(fn: RegisteredFunction, input: TriggerInput): Promise<InvocationResponse> {
    const { name } = fn.metadata;
    this.#running.set(name, (this.#running.get(name) ?? 0) + 1);
    const overtime = this.#watch(name);
    try {
      return await this.#app.invoke(fn, input);
    } catch (error) {
      this.#log.write('error', name, `failed: ${oneLine(error)}${placeOf(error, this.#appRoot)}`);
      throw error;
    } finally {
      clearTimeout(overtime);
      const left = (this.#running.get(name) ?? 1) - 1;
      if (left > 0) this.#running.set(name, left);
      else this.#running.delete(name);
    }
  }

  /** What is running now, such as `turns (3)`, or an empty text. */
  describe(): string {
    return [...this.#running].map(([name, count]) => (count === 1 ? name : `${name} (${count})`)).join(', ');
  }

  /** The host ends the whole worker when a function exceeds `functionTimeout`. Here that would end the debugging as well. */
  #watch(name: string): NodeJS.Timeout | undefined {
    const ms = this.#timeoutMs;
    // Longer than a timer can be is as good as no limit.
    if (ms === undefined || ms > 2_147_483_647) return undefined;
    return setTimeout(() => {
      const seconds = ms / 1000;
      this.#log.write('warning', name, `runs for more than ${seconds} s (functionTimeout): in Azure it would be ended`);
    }, ms).unref();
  }
}
