import type { Turn } from '../bot/turn';
import type { Clock } from '../ports/clock';
import type { Connector } from '../ports/connector';
import type { ConnectorClients } from '../ports/connector-client';
import type { Doorbell } from '../ports/doorbell';
import type { EarlierState } from '../ports/earlier-state';
import type { Ids } from '../ports/ids';
import type { Log } from '../ports/log';
import type { DeadReason, Store } from '../ports/store';
import type { Telemetry } from '../ports/telemetry';
import type { Activity } from '../schema/activity';
import { TurnwiseError } from '../schema/errors';
import type { Answer } from '../turn/inline';
import type { ConversationKey } from '../turn/keys';
import type { ProactiveKind } from '../turn/record';
import { type EventFields, type EventName, logEvent } from './events';
import type { InProcess } from './in-process';
import type { RuntimeOptions } from './options';
import type { ReferenceKeeper } from './reference-keeper';

/** The bot as the pipeline sees it: middleware and handler in one call each. */
export interface BotLogic {
  /**
   * Runs middleware and handler. Must not change `activity`. Rejects when the attempt has failed.
   * @param proactive how an activity of the app's own is to be run
   * @returns what an HTTP response has to say, for activities that are answered in one.
   */
  run(turn: Turn, activity: Activity, proactive?: ProactiveKind): Promise<Answer | undefined>;
  /** The bot's `onTurnError`, run once when the activity is given up; absent when the bot has none. */
  onError?(turn: Turn, activity: Activity, error: unknown): Promise<void>;
  /** Told of an effect that will never be delivered. Must not throw. */
  onDeliveryFailed?(failed: { conversation: ConversationKey; effect: string; reason: DeadReason }): void;
}

/** Everything that the verbs of the pipeline work with. */
export interface Runtime {
  readonly store: Store;
  readonly doorbell: Doorbell;
  readonly connector: Connector;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly bot: BotLogic;
  /** For conversations that the bot creates; absent where it cannot. */
  readonly connectorClients?: ConnectorClients;
  /** Where the bot comes from; absent when it has always been here. */
  readonly earlier?: EarlierState;
  /** Absent where no references are kept. */
  readonly keeper?: ReferenceKeeper;
  /** Where traces and metrics go; nowhere without it. */
  readonly telemetry?: Telemetry;
  /** Shared by everything that runs in this process. */
  readonly inProcess: InProcess;
  readonly options: RuntimeOptions;
}

/** Rings, best effort: a ring that fails costs time, because the sweep will find the conversation by its `wake`. */
export async function ring(
  { doorbell, log }: Pick<Runtime, 'doorbell' | 'log'>,
  key: ConversationKey,
  delayMs: number,
): Promise<void> {
  try {
    await doorbell.ring(key, delayMs);
  } catch (error) {
    logEvent(log, 'ringFailed', { conversation: key, error: errorName(error) });
  }
}

/** What may be logged of an error: its code, if it is ours, or its name, if it is one; never its message, which may quote a user. */
export function errorName(error: unknown): string {
  if (error instanceof TurnwiseError) return error.code;
  if (!(error instanceof Error)) return typeof error;
  return /^[A-Za-z]\w{0,63}$/.test(error.name) ? error.name : 'Error';
}

/** Logs an event of one conversation. */
export function report(
  { log }: Pick<Runtime, 'log'>,
  name: EventName,
  conversation: ConversationKey,
  fields: EventFields = {},
): void {
  logEvent(log, name, { conversation, ...fields });
}
