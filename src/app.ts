import type { HttpResponseInit } from '@azure/functions';
import { complaining, failedApp, LIVE } from './app-failure';
import { healthOf, notesOf, probesOf } from './app-health';
import { appHost } from './app-host';
import { type AppTelemetry, appTelemetry, watchCosmos } from './app-telemetry';
import { BotConnector } from './azure/bot-connector';
import { endpointRequest, httpResponse } from './azure/functions-http';
import { onHostStart, onRejection } from './azure/host-hooks';
import { parseRing } from './azure/ring-message';
import { type ServiceRouting, serviceRoute } from './azure/service-routes';
import { CloudAdapter } from './bot/cloud-adapter';
import type { BotApp, BotAppOptions } from './bot-app';
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
import type { EndpointResponse } from './ports/endpoint';
import type { InboundAuth } from './ports/inbound-auth';
import { botLogic } from './runtime/bot-logic';
import type { ChannelServices } from './runtime/channel-services';
import { assertShut, behindDoor, type Gate } from './runtime/door';
import { DurableStorage } from './runtime/durable-storage';
import { logEvent } from './runtime/events';
import { InProcess } from './runtime/in-process';
import { receive } from './runtime/ingress';
import { cancelNotification, notificationStatus, notify } from './runtime/notify';
import { DEFAULT_OPTIONS } from './runtime/options';
import { immediately, proactiveOver } from './runtime/proactive';
import { attend } from './runtime/processor';
import { ReferenceKeeper } from './runtime/reference-keeper';
import type { BotLogic, Runtime } from './runtime/runtime';
import { SweepWatch } from './runtime/sweep-watch';
import { systemClock, systemIds } from './runtime/system';
import { hearRejection } from './runtime/unheard';
import { once } from './schema/once';
import { readSettings, type Settings } from './settings';

/**
 * The composition root: puts a bot, the settings and the adapters together. Nothing is connected, and no client made, before the
 * first call that needs it; but for the signing keys, which are asked for when a host has loaded the app.
 *
 * A setting that is missing or wrong does not throw: the app has a {@link BotApp.failure} then, so that its functions are there, and say so.
 *
 * @throws TurnwiseError `NotMiddleware`
 */
export function createBotApp(options: BotAppOptions): BotApp {
  try {
    return workingApp(options);
  } catch (error) {
    return failedApp(error, options);
  }
}

/** Composes an app whose settings are right. @throws TurnwiseError when a setting is missing or wrong; and as {@link createBotApp} */
function workingApp(options: BotAppOptions): BotApp {
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
  onRejection((reason) => hearRejection(runtime.log, reason));
  const store = once(complaining(() => runtime.store.open()));
  const watch = new SweepWatch(runtime, store);
  const shut = once(() => assertShut(settings.environment === 'production' ? gatesOf(auth, applications) : []));
  const ready = once(async () => {
    // The first message needs the keys as well as the store: they are fetched side by side.
    void auth.ready?.().catch(() => undefined);
    await shut();
    await store();
  });
  const serve = async (answer: () => Promise<EndpointResponse>): Promise<HttpResponseInit> =>
    httpResponse(
      await behindDoor(runtime.log, ready, async () => {
        const response = await answer();
        // Beside the answer, which it must not delay. Where the instance ends too early, the next ring does it.
        void watch.sweepIfMissed();
        return response;
      }),
    );
  const trusts = trustOf(options, routing);
  const health = healthOf(
    probesOf({ store: runtime.store, doorbell: runtime.doorbell, auth, tokens, open: ready }),
    runtime.clock,
    { environment: settings.environment, auth: auth.mode, store: storeName(options, settings) },
    notesOf(runtime.store, settings),
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
      await watch.sweepIfMissed();
    },
    sweep: () => watch.sweepOnTime(),
    async health(request) {
      if (request?.query.has('live')) return LIVE;
      const answer = await health();
      if (answer.status === 200) void watch.sweepIfMissed();
      return answer;
    },
    notify: (request) => serve(() => notify(runtime, applications, endpointRequest(request))),
    notification(request) {
      const answer = request.method === 'DELETE' ? cancelNotification : notificationStatus;
      return serve(() => answer(runtime, applications, endpointRequest(request), request.params.id ?? ''));
    },
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
  const watch = watchCosmos({ log, telemetry });
  const store = options.store ?? configuredStore(settings.store, settings.environment, settings.lifetimes, watch);
  const numbers = { ...DEFAULT_OPTIONS, ...options.options };
  const { references } = store;
  const { vouchingChannels } = settings.inbound;
  const keeper = new ReferenceKeeper({ references, clock, log, ttlMs: numbers.referenceTtlMs, vouchingChannels });
  return {
    store,
    ...(settings.earlier === undefined ? {} : { earlier: configuredEarlierState(settings.earlier) }),
    connector: options.connector ?? new BotConnector({ ...routing, clock }),
    doorbell: options.doorbell ?? configuredDoorbell(settings.queue, settings.environment),
    ...(services.connectorClients === undefined ? {} : { connectorClients: services.connectorClients }),
    clock,
    inProcess: new InProcess(),
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
