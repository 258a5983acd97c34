import type { Turn } from '../bot/turn';
import type { TurnAdapter } from '../bot/turn-adapter';
import { turnAnswer } from '../bot/turn-answer';
import type { TurnContext } from '../bot/turn-context';
import { sendCarried } from '../runtime/bot-logic';
import type { BotLogic } from '../runtime/runtime';
import type { Activity } from '../schema/activity';
import type { Answer } from '../turn/inline';
import { type ActivityKey, activityKey } from '../turn/keys';
import type { ProactiveKind } from '../turn/record';

/** A bot as a test hands it over. */
export type Logic = (context: TurnContext) => Promise<unknown>;

/** What is known of an activity that was delivered. */
interface Delivered {
  readonly key: ActivityKey;
  readonly activity: Activity;
  readonly logic: Logic;
  /** The context of the last run that failed, for `onTurnError`. */
  context?: TurnContext;
  /** The error with which the activity was given up, when nothing has dealt with it. */
  failure?: { readonly error: unknown };
}

/** Says to the pipeline that an error is final. */
class FinalError extends Error {
  override readonly name: string;
  readonly retry = false;

  constructor(override readonly cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause));
    this.name = cause instanceof Error ? cause.name : 'Error';
  }
}

/** The bot under test as the pipeline sees it: each activity is run by the logic that it was sent to. */
export class TestBot implements BotLogic {
  private readonly delivered = new Map<string, Delivered>();
  private latest: Delivered | undefined;

  /** @param retries whether a failed attempt is repeated, or is the last. */
  constructor(
    private readonly adapter: TurnAdapter,
    private readonly logic: Logic | undefined,
    private readonly retries: boolean,
  ) {}

  /** What was delivered last. */
  get last(): { readonly key: ActivityKey; readonly activity: Activity } | undefined {
    return this.latest;
  }

  /**
   * Makes an activity known before it is delivered.
   * @returns the key to deliver it under, unlike that of any other; `undefined` when there is no bot.
   */
  expect(
    key: ActivityKey,
    activity: Activity,
    logic: Logic | undefined,
    uniqueKey: () => ActivityKey,
  ): ActivityKey | undefined {
    const run = logic ?? this.logic;
    if (run === undefined) return undefined;
    const free = this.delivered.has(key) ? uniqueKey() : key;
    this.latest = { key: free, activity, logic: run };
    this.delivered.set(free, this.latest);
    return free;
  }

  /** @throws the error with which an activity was given up, if there is one */
  throwFailureOf(key: ActivityKey): void {
    const failure = this.delivered.get(key)?.failure;
    if (failure !== undefined) throw failure.error;
  }

  async run(turn: Turn, activity: Activity, proactive?: ProactiveKind): Promise<Answer | undefined> {
    if (proactive !== undefined) this.expectPosted(turn, activity, proactive);
    const delivered = this.deliveredIn(turn);
    const context = this.adapter.createContext(activity);
    try {
      await this.adapter.run(context, turn, delivered.logic);
      return turnAnswer(context);
    } catch (error) {
      // Only now: a handler that ran out of time is still at it, and must not find the error handler's turn in its context.
      delivered.context = context;
      throw this.retries ? error : new FinalError(error);
    }
  }

  async onError(turn: Turn, activity: Activity, reason: unknown): Promise<void> {
    const delivered = this.deliveredIn(turn);
    const error = reason instanceof FinalError ? reason.cause : reason;
    if (this.adapter.onTurnError === undefined) {
      delivered.failure = { error };
      return;
    }
    try {
      await this.adapter.runOnTurnError(delivered.context ?? this.adapter.createContext(activity), turn, error);
    } catch (second) {
      delivered.failure = { error: second };
      throw second;
    }
  }

  /** What the bot itself has posted is said, or is an event for the bot: in a test that sends to logic of its own, for the latest of that. */
  private expectPosted({ id }: Turn, activity: Activity, proactive: ProactiveKind): void {
    const logic = proactive === 'send' ? sendCarried : (this.logic ?? this.latest?.logic);
    const key = keyIn(id);
    if (logic === undefined || this.delivered.has(key)) return;
    this.delivered.set(key, { key: activityKey(key), activity, logic });
  }

  private deliveredIn({ id }: Turn): Delivered {
    const delivered = this.delivered.get(keyIn(id));
    if (delivered === undefined) throw new Error('This activity was not delivered by this adapter.');
    return delivered;
  }
}

/** A replayed dead letter has its number behind the key. */
const keyIn = (turn: string): string => turn.split('~', 1)[0] ?? turn;
