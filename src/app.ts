import type { HttpRequest, HttpResponseInit, Timer } from '@azure/functions';
import { healthOf, probesOf } from './app-health';
import { appHost } from './app-host';
import { type AppTelemetry, appTelemetry, watchCosmos } from './app-telemetry';
import { BotConnector } from './azure/bot-connector';
import { endpointRequest, httpResponse, type Invocation } from './azure/functions-http';
import { onHostStart } from './azure/host-hooks';
import { parseRing } from './azure/ring-message';
import { type ServiceRouting, serviceRoute } from './azure/service-routes';
import type { AppStorage } from './bot/app-storage';
import type { Bot } from './bot/bot';
import type { TurnErrorHandler } from './bot/bot-adapter';
import { CloudAdapter } from './bot/cloud-adapter';
import type { Middleware, MiddlewareHandler } from './bot/middleware';
import type { Proactive } from './bot/proactive';
import {
  configuredConnectorClients,
  configuredDoorbell,
  configuredEarlierState,
  configuredInboundAuth,
  configuredNotifyAuth,
  configuredRouting,
  configuredStore,
  configuredTokens,
  configuredUserTokenClients,
} from './configured';
import type { AppAuth } from './ports/app-auth';
import type { Connector } from './ports/connector';
import type { ConnectorClients } from './ports/connector-client';
import type { Doorbell } from './ports/doorbell';
import type { EndpointResponse } from './ports/endpoint';
import type { InboundAuth } from './ports/inbound-auth';
import type { Log } from './ports/log';
import type { Store } from './ports/store';
import type { Telemetry } from './ports/telemetry';
import type { UserTokenClients } from './ports/user-token-client';
import { botLogic } from './runtime/bot-logic';
import type { ChannelServices } from './runtime/channel-services';
import { assertShut, behindDoor, type Gate } from './runtime/door';
import { DurableStorage } from './runtime/durable-storage';
import { logEvent } from './runtime/events';
import { receive } from './runtime/ingress';
import { notificationStatus, notify } from './runtime/notify';
import { DEFAULT_OPTIONS, type RuntimeOptions } from './runtime/options';
import { immediately, proactiveOver } from './runtime/proactive';
import { attend } from './runtime/processor';
import { ReferenceKeeper } from './runtime/reference-keeper';
import type { BotLogic, Runtime } from './runtime/runtime';
import { sweep } from './runtime/sweep';
import { systemClock, systemIds } from './runtime/system';
import { readSettings, type Settings } from './settings';

/** What an author puts together. Only `bot` is needed: the settings decide the rest. */
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
  /** Queue: one ring. */
  turns(message: unknown): Promise<void>;
  /** Timer: rings for whatever is overdue. */
  sweep(timer?: Timer): Promise<void>;
  /**
   * HTTP: whether the app can do its work (store, queue, credentials, keys), and in which mode it authenticates; with the query parameter
   * `live`, only that the process answers. Nothing secret. Cheap: it looks at most every five seconds.
   */
  health(request?: HttpRequest): Promise<HttpResponseInit>;
  /** HTTP: another application has the bot notify somebody. */
  notify(request: HttpRequest): Promise<HttpResponseInit>;
  /** HTTP: what became of that, by the id in the route's `{id}`. */
  notification(request: HttpRequest): Promise<HttpResponseInit>;
  /** Whether the Functions host asks for a key before these two: only where the settings say so. */
  readonly notifyAuthLevel: 'anonymous' | 'function';
  /**
   * Speaking first, from any function of the app: at once. In a turn use `context.proactive`, so that it happens if and only if the turn
   * commits.
   */
  readonly proactive: Proactive;
  /** Closes what is open. For the end of the process. */
  close(): Promise<void>;
}

/**
 * The composition root: puts a bot, the settings and the adapters together. Nothing is connected, and no client made, before the
 * first call that needs it; but for the signing keys, which are asked for when a host has loaded the app.
 *
 * @throws TurnwiseError when a setting is missing or wrong; among them `AppIdMissing`, without an app id outside development
 */
export function createBotApp(options: BotAppOptions): BotApp {
  const settings = readSettings({ ...(options.environment ?? process.env), ...options.adapter?.settings });
  const auth = options.auth ?? configuredInboundAuth(settings);
  // Each message waits for the signing keys, so they are asked for while the host is still starting.
  onHostStart(async () => void (await auth.ready?.()));
  const applications = options.notifyAuth ?? configuredNotifyAuth(settings, auth);
  const tokens = configuredTokens(settings);
  const routing = configuredRouting(settings, tokens);
  const services = {
    connectorClients: options.connectorClients ?? configuredConnectorClients(routing),
    userTokenClients: options.userTokenClients ?? configuredUserTokenClients(settings, tokens),
    appId: settings.outbound?.appId,
    audience: settings.audience,
  };
  const watching = appTelemetry(options, settings.telemetry, figuresFolder(settings));
  const adapter = options.adapter ?? new CloudAdapter();
  const bot = authorsLogic(options, adapter, services);
  const runtime = composeRuntime(options, settings, routing, { ...watching, bot, services });
  const store = once(() => runtime.store.open());
  const shut = once(() => assertShut(settings.environment === 'production' ? gatesOf(auth, applications) : []));
  const ready = once(async () => {
    // The first message needs the keys as well as the store: they are fetched side by side.
    void auth.ready?.();
    await shut();
    await store();
  });
  const serve = async (answer: () => Promise<EndpointResponse>): Promise<HttpResponseInit> =>
    httpResponse(await behindDoor(runtime.log, ready, answer));
  const trusts = trustOf(options, routing);
  const health = healthOf(
    probesOf({ store: runtime.store, doorbell: runtime.doorbell, auth, tokens, open: ready }),
    runtime.clock,
    { environment: settings.environment, auth: auth.mode, store: storeName(options, settings) },
  );
  const { clock, ids } = runtime;
  options.storage?.attach(new DurableStorage({ items: runtime.store.items, clock, ids, ready: store }));
  adapter.attach(appHost(adapter, { runtime, auth, services, trusts, ready }));
  return {
    messages: (request, invocation) => serve(() => receive(runtime, auth, endpointRequest(request, invocation))),
    async turns(message) {
      const key = parseRing(message);
      if (key === undefined) {
        logEvent(runtime.log, 'ringNotOurs', {});
        return;
      }
      await store();
      await attend(runtime, key);
    },
    async sweep() {
      await store();
      await sweep(runtime);
    },
    async health(request) {
      return request?.query.has('live') ? { status: 200, jsonBody: { status: 'ok' } } : health();
    },
    notify: (request) => serve(() => notify(runtime, applications, endpointRequest(request))),
    notification: (request) =>
      serve(() => notificationStatus(runtime, applications, endpointRequest(request), request.params.id ?? '')),
    notifyAuthLevel: settings.notify.kind === 'functionKey' ? 'function' : 'anonymous',
    proactive: proactiveOver(runtime, immediately(runtime, store)),
    async close() {
      await runtime.store.close();
      await watching.close();
    },
  };
}

function composeRuntime(
  options: BotAppOptions,
  settings: Settings,
  routing: ServiceRouting,
  { bot, log, services, telemetry }: AppTelemetry & Pick<Runtime, 'bot'> & { readonly services: ChannelServices },
): Runtime {
  const clock = systemClock;
  const watch = watchCosmos(telemetry);
  const store = options.store ?? configuredStore(settings.store, settings.environment, settings.lifetimes, watch);
  const numbers = { ...DEFAULT_OPTIONS, ...options.options };
  const keeper = new ReferenceKeeper({ references: store.references, clock, log, ttlMs: numbers.referenceTtlMs });
  return {
    store,
    ...(settings.earlier === undefined ? {} : { earlier: configuredEarlierState(settings.earlier) }),
    connector: options.connector ?? new BotConnector({ ...routing, clock }),
    doorbell: options.doorbell ?? configuredDoorbell(settings.queue, settings.environment),
    ...(services.connectorClients === undefined ? {} : { connectorClients: services.connectorClients }),
    clock,
    ids: systemIds,
    log,
    telemetry,
    bot,
    ...(numbers.keepReferences ? { keeper } : {}),
    options: numbers,
  };
}

/** The author's bot on its adapter, which begins proactive turns also where the author holds none: a bot finds it in its context. */
function authorsLogic(options: BotAppOptions, adapter: CloudAdapter, services: ChannelServices): BotLogic {
  const { onError, ...logic } = botLogic(options.bot, options.middleware ?? [], options.onTurnError, services, adapter);
  // An adapter that the author holds may be given its error handler later.
  const answers = options.adapter !== undefined || options.onTurnError !== undefined;
  return {
    ...logic,
    ...(answers && onError !== undefined ? { onError } : {}),
    ...(options.onDeliveryFailed === undefined ? {} : { onDeliveryFailed: options.onDeliveryFailed }),
  };
}

/** An author's own connector knows by itself where it may go. */
function trustOf({ connector }: BotAppOptions, routing: ServiceRouting): (serviceUrl: string) => boolean {
  if (connector !== undefined) return (serviceUrl) => serviceUrl !== '';
  return (serviceUrl) => serviceRoute(serviceUrl, routing) !== undefined;
}

/** With function keys it is the host that asks who is there, before the app is called. */
function gatesOf(auth: InboundAuth, applications: AppAuth): readonly Gate[] {
  return applications.mode === 'function-key' ? [auth] : [auth, applications];
}

/** Figures are for a development machine: in Azure an instance has no disk to keep, and Azure Monitor has them. */
function figuresFolder({ environment, store }: Settings): string | undefined {
  return environment === 'development' && store.kind === 'sqlite' ? store.folder : undefined;
}

function storeName({ store }: BotAppOptions, settings: Settings): string {
  return store === undefined ? settings.store.kind : 'custom';
}

/** Does it once, however many ask; a failure is not remembered. */
function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= run().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
}
