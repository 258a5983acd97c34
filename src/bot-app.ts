import type { HttpRequest, HttpResponseInit, Timer } from '@azure/functions';
import type { Invocation } from './azure/functions-http';
import type { AppStorage } from './bot/app-storage';
import type { Bot } from './bot/bot';
import type { TurnErrorHandler } from './bot/bot-adapter';
import type { CloudAdapter } from './bot/cloud-adapter';
import type { Middleware, MiddlewareHandler } from './bot/middleware';
import type { Proactive } from './bot/proactive';
import type { AppAuth } from './ports/app-auth';
import type { Connector } from './ports/connector';
import type { ConnectorClients } from './ports/connector-client';
import type { Doorbell } from './ports/doorbell';
import type { InboundAuth } from './ports/inbound-auth';
import type { Log } from './ports/log';
import type { Store } from './ports/store';
import type { Telemetry } from './ports/telemetry';
import type { UserTokenClients } from './ports/user-token-client';
import type { RuntimeOptions } from './runtime/options';
import type { BotLogic } from './runtime/runtime';
import type { TurnwiseError } from './schema/errors';

/** Parts that an author puts together. Only `bot` is needed: the settings decide the rest. */
export interface BotAppOptions {
  readonly bot: Bot;
  /**
   * The adapter that holds the bot's middleware and `onTurnError`, and begins proactive turns. It belongs to this app from now on. What
   * `middleware` and `onTurnError` say is added to it.
   */
  readonly adapter?: CloudAdapter;
  /** For data of the bot's own, in the app's store. See `docs/state.md`. */
  readonly storage?: AppStorage;
  /** Around every turn, the first being outermost. */
  readonly middleware?: readonly (Middleware | MiddlewareHandler)[];
  /**
   * Runs once when an activity is given up, to apologise: what it sends and changes commits together with the dead letter. Not called for
   * attempts that are going to be repeated.
   */
  readonly onTurnError?: TurnErrorHandler;
  /** Told of a message that will never reach its channel: the place for what `sendActivity` used to throw. Must not throw. */
  readonly onDeliveryFailed?: NonNullable<BotLogic['onDeliveryFailed']>;
  /** Instead of the store that the settings name. */
  readonly store?: Store;
  readonly connector?: Connector;
  /** For the calls that are no deliveries: members, teams, meetings, new conversations. */
  readonly connectorClients?: ConnectorClients;
  /** For users' tokens: signing in, exchanging, signing out. */
  readonly userTokenClients?: UserTokenClients;
  readonly doorbell?: Doorbell;
  readonly auth?: InboundAuth;
  /** Who may use the notification API, instead of what the settings say. */
  readonly notifyAuth?: AppAuth;
  readonly log?: Log;
  /** Where traces and metrics go, instead of the OpenTelemetry SDK that the process has registered. */
  readonly telemetry?: Telemetry;
  /** Numbers of the pipeline that shall differ from the defaults. */
  readonly options?: Partial<RuntimeOptions>;
  /** Instead of `process.env`. What the adapter was given in code counts more. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** The handlers that the trigger files bind. */
export interface BotApp {
  /** HTTP: the messaging endpoint. @param invocation the host's context, for the trace that the request is in */
  messages(request: HttpRequest, invocation?: Invocation): Promise<HttpResponseInit>;
  /** Queue: one ring. Then a sweep, if the timer has missed its own. */
  turns(message: unknown): Promise<void>;
  /** Timer: rings for whatever is overdue. */
  sweep(timer?: Timer): Promise<void>;
  /**
   * HTTP: whether the app can do its work (store, queue, credentials, keys), and in which mode it authenticates; with the query parameter
   * `live`, only that the process answers. Nothing secret. Cheap: it looks at most every five seconds.
   */
  health(request?: HttpRequest): Promise<HttpResponseInit>;
  /** HTTP: another application has the bot notify a person. */
  notify(request: HttpRequest): Promise<HttpResponseInit>;
  /** HTTP: what became of that, by the id in the route's `{id}`; with the method DELETE, takes it back before its time. */
  notification(request: HttpRequest): Promise<HttpResponseInit>;
  /** Whether the Functions host asks for a key before these two: where the settings say so, and while the app cannot work. */
  readonly notifyAuthLevel: 'anonymous' | 'function';
  /**
   * Speaking first, from any function of the app: at once. In a turn use `context.proactive`, so that it happens if and only if the turn
   * commits.
   */
  readonly proactive: Proactive;
  /**
   * Error that keeps the app from working: a setting is missing or wrong. `undefined` for an app that works. With it, the handlers for HTTP answer
   * 503 with its code and message, `turns` and `proactive` reject with it, and `sweep` writes it to the console.
   */
  readonly failure?: TurnwiseError;
  /** Closes what is open. For the end of the process. */
  close(): Promise<void>;
}
