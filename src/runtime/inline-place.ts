import type { Ids } from '../ports/ids';
import type { ConversationKey } from '../turn/keys';
import { jitter } from './jitter';
import { backoff } from './options';
import type { Runtime } from './runtime';
import type { Leave } from './turn-lines';

/** Time that a run needs for its commit, in ms, beside the time that its handler took. */
const COMMIT_MS = 250;

/** Longest pauses after the first, second, … conflict, in ms; the last one repeats. */
const PAUSES_MS = [10, 20, 40, 80, 160];

/** Returns the pause after conflict number `conflicts` (from 1) with another process, in ms: at random, so that they do not meet again. */
export function conflictPauseMs(ids: Ids, conflicts: number): number {
  return jitter(ids, backoff(PAUSES_MS, conflicts));
}

/**
 * Place of one delivery among the inline runs of its conversation in this process. Runs are side by side until one of them meets a conflict.
 * From then on, a run waits in line when it first touches state, and stays there until it has committed: of many that change one property
 * each runs once more, and not once for each of the others. A run in line does not wait past the time that it needs to be done by its deadline.
 */
export class InlinePlace {
  readonly #runtime: Runtime;
  readonly #conversation: ConversationKey;
  readonly #due: number;
  readonly #over = new AbortController();
  #entering: Promise<void> | undefined;
  #leave: Leave | undefined;
  #conflicts = 0;
  /** Duration of the last run, without the wait in line, in ms. */
  #lastRunMs = 0;
  #startedAt: number;
  #waitedMs = 0;

  /** @param due on the monotonic clock: when the handler has to be done */
  constructor(runtime: Runtime, conversation: ConversationKey, due: number) {
    this.#runtime = runtime;
    this.#conversation = conversation;
    this.#due = due;
    this.#startedAt = runtime.clock.monotonic();
  }

  /** Waits in line, if there is one or if this delivery has met a conflict. Called again in the same run, it waits for the same. */
  enter(): Promise<void> {
    this.#entering ??= this.#enter();
    return this.#entering;
  }

  /**
   * Takes note that the run came to nothing, because state had moved. Who is first in line has lost to another process, or to a run that began
   * before the line, and waits a moment.
   */
  async conflicted(): Promise<void> {
    const { clock, ids } = this.#runtime;
    this.#lastRunMs = clock.monotonic() - this.#startedAt - this.#waitedMs;
    this.#conflicts += 1;
    if (this.#leave === undefined) {
      this.#entering = undefined;
    } else {
      await clock.sleep(Math.min(conflictPauseMs(ids, this.#conflicts), Math.max(0, this.#left)));
    }
    this.#startedAt = clock.monotonic();
    this.#waitedMs = 0;
  }

  /** Gives the place up. A run that still waits in line goes on at once. */
  leave(): void {
    this.#over.abort();
    this.#leave?.();
    this.#leave = undefined;
  }

  get #left(): number {
    return this.#due - this.#runtime.clock.monotonic();
  }

  async #enter(): Promise<void> {
    const { clock, inProcess } = this.#runtime;
    if (this.#conflicts === 0 && !inProcess.runs.isUsed(this.#conversation)) return;
    const before = clock.monotonic();
    // A first run may have nothing to do with what the others change; a later one can tell how long it takes.
    const patienceMs = this.#conflicts === 0 ? this.#left / 2 : this.#left - 2 * this.#lastRunMs - COMMIT_MS;
    const leave = await inProcess.runs.enterWithin(clock, this.#conversation, patienceMs, this.#over.signal);
    this.#waitedMs = clock.monotonic() - before;
    if (this.#over.signal.aborted) leave?.();
    else this.#leave = leave;
  }
}
