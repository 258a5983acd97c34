import { TurnwiseError } from '../schema/errors';
import { once } from '../schema/once';
import { jsonClone, wellFormed } from '../schema/well-formed';
import type { ActivityKey, ConversationKey } from '../turn/keys';
import { persist } from './persist';
import { type Runtime, report } from './runtime';
import { StepScope } from './step-scope';
import type { TurnState } from './turn-state';

/**
 * The recorded steps of one turn: each name runs once, and later attempts get its record. `record` returns what is recorded, which is the
 * first that was.
 */
export class Steps {
  private readonly loaded: () => Promise<ReadonlyMap<string, unknown>>;
  private readonly running = new Map<string, Promise<unknown>>();
  /** The functions that run. */
  readonly scope = new StepScope();

  constructor(
    load: () => Promise<ReadonlyMap<string, unknown>>,
    private readonly record: (name: string, value: unknown) => Promise<unknown>,
    /** Looks at the turn's state when a function begins; what it returns is called when the function has ended. */
    private readonly watch: () => () => void,
  ) {
    this.loaded = once(load);
  }

  /**
   * @throws TurnwiseError `StepNotJson` when the result is not a JSON value (undefined counts as null); `StepHasEffects` when the function sends, changes
   * state, or begins a step
   */
  step<T>(given: string, run: () => T | Promise<T>): Promise<T> {
    this.scope.assertOutside();
    // As it is recorded, so that it is found again.
    const name = wellFormed(given);
    const running = this.running.get(name);
    if (running !== undefined) return running as Promise<T>;
    const step = this.once(name, run);
    this.running.set(name, step);
    // A step that failed has no record, and may be tried again in the same turn.
    step.catch(() => this.running.delete(name));
    return step as Promise<T>;
  }

  /** The record of a step, of this run or an earlier one. */
  async recordedStep(given: string): Promise<unknown> {
    const name = wellFormed(given);
    await this.running.get(name);
    return (await this.loaded()).get(name);
  }

  private async once(name: string, run: () => unknown): Promise<unknown> {
    const recorded = await this.loaded();
    if (recorded.has(name)) return recorded.get(name);
    const ended = this.watch();
    const value = jsonValue(name, await this.scope.run(run));
    ended();
    return this.record(name, value);
  }
}

/** What is recorded of a turn's steps so far. */
export function readSteps(
  { clock, store }: Runtime,
  key: ConversationKey,
  turn: string,
): Promise<ReadonlyMap<string, unknown>> {
  return persist(clock, () => store.turns.readSteps(key, turn), { limitMs: store.timing.leaseMs });
}

/**
 * Watches the state of a turn while a step's function runs: a value that was read before can be changed in place, which nothing can refuse. It is
 * logged, and no more than that, because code beside the step may have made the change.
 */
export function watchState(
  runtime: Runtime,
  conversation: ConversationKey,
  activity: ActivityKey,
  states: TurnState,
): () => void {
  const hasChanged = states.watch();
  return () => {
    if (hasChanged()) report(runtime, 'stateChangedInStep', conversation, { activity, code: 'StepHasEffects' });
  };
}

function jsonValue(name: string, value: unknown): unknown {
  try {
    return jsonClone(value ?? null);
  } catch (error) {
    throw new TurnwiseError('StepNotJson', `The step is "${name}".`, { cause: error });
  }
}
