import { TurnwiseError } from '../schema/errors';
import type { Hold } from './hold';
import { persist } from './persist';
import type { Runtime } from './runtime';

/** The recorded steps of one turn: each name runs once, and later attempts get its record. */
export class Steps {
  private recorded: Promise<ReadonlyMap<string, unknown>> | undefined;
  private readonly running = new Map<string, Promise<unknown>>();

  constructor(
    private readonly runtime: Runtime,
    private readonly hold: Hold,
    private readonly turn: string,
  ) {}

  /** @throws TurnwiseError `StepNotJson` when the result is not a JSON value (undefined counts as null). */
  step<T>(name: string, run: () => T | Promise<T>): Promise<T> {
    const running = this.running.get(name);
    if (running !== undefined) return running as Promise<T>;
    const step = this.once(name, run);
    this.running.set(name, step);
    // A step that failed has no record, and may be tried again in the same turn.
    step.catch(() => this.running.delete(name));
    return step as Promise<T>;
  }

  private async once(name: string, run: () => unknown): Promise<unknown> {
    this.recorded ??= this.load();
    const recorded = await this.recorded;
    if (recorded.has(name)) return recorded.get(name);
    const value = jsonValue(name, await run());
    const { turns } = this.runtime.store;
    const outcome = await this.hold.write((held) => turns.recordStep(held, this.turn, name, value));
    return outcome.value;
  }

  private load(): Promise<ReadonlyMap<string, unknown>> {
    const { clock, store } = this.runtime;
    return persist(clock, () => store.turns.readSteps(this.hold.key, this.turn), { limitMs: store.timing.leaseMs });
  }
}

function jsonValue(name: string, value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value ?? null));
  } catch (error) {
    throw new TurnwiseError('StepNotJson', `The step is "${name}".`, { cause: error });
  }
}
