import type { Clock } from '../../src/ports/clock';
import type { Random } from './random';

/** A machine with its own clock. When it crashes, whatever ran on it never goes on. */
export interface Instance {
  readonly name: string;
  /** What its wall clock is off by, in ms. */
  readonly skew: number;
  alive: boolean;
  /** Until then (virtual ms) nothing on it runs: a blocked event loop, a paused machine. */
  stalledUntil: number;
  /** Until then (virtual ms) its reads from the store fail. */
  unreadableUntil: number;
  /** Whether it runs newer code than the others. */
  readonly newer: boolean;
  readonly onDeath: (() => void)[];
}

interface Task {
  readonly instance: Instance | undefined;
  readyAt: number;
  run(): void;
}

/**
 * Owns time and order. Everything that production code waits for is a task; one runs at a time, picked at random among
 * the ready ones, and the code behind it runs to its next wait before another is picked.
 */
export class Scheduler {
  now = 1_700_000_000_000;
  steps = 0;
  private tasks: Task[] = [];

  constructor(private readonly random: Random) {}

  /** Runs `act` when it is picked, not before `delay` ms; its result is what the caller waits for. Never, if the instance dies. */
  call<T>(instance: Instance | undefined, delay: number, act: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (): void => {
        try {
          Promise.resolve(act()).then(resolve, reject);
        } catch (error) {
          reject(error);
        }
      };
      this.tasks.push({ instance, readyAt: this.now + delay, run });
    });
  }

  /** A clock for code on `instance`. */
  clockOf(instance: Instance): Clock {
    return {
      now: () => this.now + instance.skew,
      monotonic: () => this.now,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted) return resolve();
          const end = (): void => {
            task.readyAt = this.now;
          };
          const run = (): void => {
            signal?.removeEventListener('abort', end);
            resolve();
          };
          const task: Task = { instance, readyAt: this.now + ms, run };
          this.tasks.push(task);
          signal?.addEventListener('abort', end);
        }),
    };
  }

  /** Runs one task. @returns false when there is none left. */
  async step(): Promise<boolean> {
    this.steps += 1;
    this.tasks = this.tasks.filter(({ instance }) => instance?.alive !== false);
    if (this.tasks.length === 0) return false;
    const due = (task: Task): number => Math.max(task.readyAt, task.instance?.stalledUntil ?? 0);
    const ready = this.tasks.filter((task) => due(task) <= this.now);
    if (ready.length === 0) {
      this.now = Math.min(...this.tasks.map(due));
      return true;
    }
    const task = this.random.pick(ready);
    this.tasks.splice(this.tasks.indexOf(task), 1);
    task.run();
    // Everything that became runnable runs to its next wait on a port.
    await new Promise((resolve) => setImmediate(resolve));
    this.now += this.random.chance(0.1) ? this.random.between(0, 400) : this.random.between(0, 8);
    return true;
  }
}
