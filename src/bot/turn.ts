import type { Activity } from '../schema/activity';
import type { Proactive } from './proactive';

/** Which state a bot asks for. Private state belongs to one user in one conversation. */
export type StateScope = 'conversation' | 'user' | 'private';

/**
 * The state document of one scope, for the length of one turn. Changes are held back and become durable with the turn's
 * commit, or not at all. Every property that is read or written counts as touched: a conflict with another turn
 * that changed a touched property runs this turn again. Values are live JSON objects: changing one in place is a change.
 */
export interface StateDocument {
  get(property: string): unknown;
  set(property: string, value: unknown): void;
  delete(property: string): void;
  /** Every property, live; touches the whole document. */
  all(): Record<string, unknown>;
  /** Removes every property; touches the whole document. */
  clear(): void;
  /** Whether anything differs from what was loaded. */
  changed(): boolean;
}

/** What became of a send on the live lane. `id` is the channel's id of what it took, when it gave one. */
export interface LiveAnswer {
  readonly outcome: 'delivered' | 'notSent' | 'unknown' | 'rejected';
  readonly id?: string;
  /** The channel asked not to be called again before. */
  readonly retryAfterMs?: number;
}

/** Elapsed time, as the pipeline has it. */
export interface TurnTime {
  /** Milliseconds on a clock that never goes back. */
  monotonic(): number;
  /** Resolves after `ms`, or as soon as `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * What a running turn offers to the context that a bot holds. The runtime implements it for real turns and the test adapter for
 * tests; `TurnContext` finds it in `turnState` under {@link TurnKey}.
 */
export interface Turn {
  /** A stable idempotency key: the same for every attempt at this activity, different for every other. */
  readonly id: string;
  /** 1 on the first attempt. */
  readonly attempt: number;
  /** Aborts when the turn has lost its conversation or run out of time: nothing it does afterwards counts. */
  readonly signal: AbortSignal;
  /** When the answer is due, for turns that answer inside an HTTP response. */
  readonly deadline?: Date;
  readonly time: TurnTime;
  /** Speaking first, as effects of the turn. */
  readonly proactive: Proactive;
  /** Loads a scope's state, once per turn. @throws Error when the activity has no user for a user scope. */
  state(scope: StateScope): Promise<StateDocument>;
  /** Adds a send to the turn's effects; returns an id that update and delete understand, in this turn and later ones. */
  send(activity: Activity): { id: string };
  /** Adds an update to the turn's effects. `activity.id` is an id that a send returned, or the channel's own. */
  update(activity: Activity): { id: string };
  /** Adds a deletion to the turn's effects. */
  delete(activityId: string): void;
  /**
   * Sends now, at most once, best effort, outside the transaction: typing indicators and the updates of a stream. Never rejects.
   * Resolves with the channel's answer, or with `unknown` after `limitMs` (by default 2 s), while the send may still be on its way.
   */
  sendLive(activity: Activity, limitMs?: number): Promise<LiveAnswer>;
  /** Records what the turn has sent so far, delivers it, and resolves then; a later attempt will not send it again. */
  flush(): Promise<void>;
  /** Runs `run` once per turn and records its JSON result; a later attempt gets the record instead of a second run. @throws TurnwiseError `StepHasEffects` */
  step<T>(name: string, run: () => T | Promise<T>): Promise<T>;
  /** Told of a call that has failed although its caller need not wait for it: it is logged when the turn is over. */
  unheard?(error: unknown): void;
  /**
   * Refuses an effect in the function of a step, whatever called it from there. What the turn itself is asked for, it refuses by itself; this is for effects that
   * are noted elsewhere, such as the answer of an invoke.
   * @throws TurnwiseError `StepHasEffects`
   */
  assertOutsideStep(): void;
  /** What is recorded of a step; `undefined` when nothing is. */
  recordedStep(name: string): Promise<unknown>;
}

/** Where a context's {@link Turn} is kept in its `turnState`. */
export const TurnKey: unique symbol = Symbol.for('turnwise.turn');
