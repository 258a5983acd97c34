import { AsyncLocalStorage } from 'node:async_hooks';
import { TurnwiseError } from '../schema/errors';

/** A function of a step, as everything that it calls and starts finds it. */
interface Inside {
  readonly scope: StepScope;
  /** Error for the first effect that was tried in it. */
  refused?: TurnwiseError;
  /** The step of another turn in which this one runs. */
  readonly outer: Inside | undefined;
}

/** Holds nothing itself: what it has belongs to the calls in which it is looked at. */
const running = new AsyncLocalStorage<Inside>();

/**
 * The functions of one turn's steps. A later attempt gets a step's record instead of its function, so what the function sends or changes in the turn
 * would be missing then: it has to be refused. What counts is from where the call was made: also one that the function starts and does not
 * wait for, and not one that happens beside it.
 */
export class StepScope {
  /**
   * Runs the function of a step.
   * @throws TurnwiseError `StepHasEffects` for one that has tried an effect, also when it has caught that error; and what `run` throws
   */
  async run<T>(run: () => T | Promise<T>): Promise<T> {
    const inside: Inside = { scope: this, outer: running.getStore() };
    let result: T;
    try {
      result = await running.run(inside, run);
    } catch (error) {
      throw inside.refused ?? error;
    }
    if (inside.refused !== undefined) throw inside.refused;
    return result;
  }

  /** Returns whether the caller runs in a step of this turn. */
  get isInside(): boolean {
    return this.#find() !== undefined;
  }

  /** Refuses an effect in a step of this turn. @throws TurnwiseError `StepHasEffects` */
  assertOutside(): void {
    const inside = this.#find();
    if (inside === undefined) return;
    inside.refused ??= new TurnwiseError('StepHasEffects');
    throw inside.refused;
  }

  #find(): Inside | undefined {
    let inside = running.getStore();
    while (inside !== undefined && inside.scope !== this) inside = inside.outer;
    return inside;
  }
}
