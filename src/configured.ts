import path from 'node:path';
import { createConnectorClients } from './azure/connector-clients';
import { CosmosEarlierState } from './azure/cosmos-earlier-state';
import { type CosmosStoreOptions, createCosmosStore } from './azure/cosmos-store';
import type { CosmosWatch } from './azure/cosmos-watch';
import { createOutboundTokens } from './azure/credentials';
import { createAppRoleAuth } from './azure/inbound-app-role';
import { createInboundAuth } from './azure/inbound-auth';
import { functionKeyAuth, noApplications, ownMachineAuth } from './azure/notify-auth';
import { QueueDoorbell } from './azure/queue-doorbell';
import { ServiceRequests } from './azure/service-request';
import type { ServiceRouting } from './azure/service-routes';
import type { TokenSource } from './azure/token-source';
import { createUserTokenClients } from './azure/user-token-clients';
import type { Proactive } from './bot/proactive';
import { createMemoryStore } from './memory/memory-store';
import type { AppAuth } from './ports/app-auth';
import type { ConnectorClients } from './ports/connector-client';
import type { Doorbell } from './ports/doorbell';
import type { EarlierState } from './ports/earlier-state';
import type { InboundAuth } from './ports/inbound-auth';
import type { Lifetimes } from './ports/lifetimes';
import type { Store } from './ports/store';
import type { UserTokenClients } from './ports/user-token-client';
import { consoleLog } from './runtime/console-log';
import { DEFAULT_OPTIONS } from './runtime/options';
import { immediately, proactiveOver } from './runtime/proactive';
import { systemClock, systemIds } from './runtime/system';
import { TurnwiseError } from './schema/errors';
import { once } from './schema/once';
import { type Environment, type QueueSettings, readStoreAccess, type Settings } from './settings';
import type { EarlierSettings, StoreSettings } from './settings-store';
import { createSqliteStore } from './sqlite/sqlite-store';
import { DEFAULT_TIMING } from './turn/timing';

/** The queue that the `turns` function listens to. */
export const TURNS_QUEUE = 'turns';

/**
 * Makes the store that the settings name. Nothing is opened yet.
 *
 * @param patient whether its queries may take their time
 */
export function configuredStore(
  store: StoreSettings,
  environment: Settings['environment'],
  lifetimes: Lifetimes = {},
  watch: CosmosWatch = {},
  patient = false,
  more: Pick<CosmosStoreOptions, 'selfCheck'> = {},
): Store {
  switch (store.kind) {
    case 'memory':
      return createMemoryStore(systemClock, DEFAULT_TIMING, lifetimes);
    case 'sqlite':
      return createSqliteStore({ file: sqliteFile(store.folder), clock: systemClock, lifetimes });
    case 'cosmos':
      return createCosmosStore({
        ...store,
        create: environment === 'development',
        clock: systemClock,
        lifetimes,
        watch,
        patient,
        ...more,
      });
  }
}

/** Who may use the notification API. @param anonymous how the bot without an app id lets its own machine in */
export function configuredNotifyAuth(settings: Settings, anonymous: InboundAuth): AppAuth {
  const { inbound, notify } = settings;
  switch (notify.kind) {
    case 'off':
      return noApplications;
    case 'functionKey':
      return functionKeyAuth({ development: settings.environment === 'development' });
    case 'ownMachine':
      return ownMachineAuth(anonymous);
    case 'appRole':
      return createAppRoleAuth({
        tenantId: notify.tenantId,
        audiences: notify.audiences,
        roles: [notify.role],
        ownAppId: inbound.appId,
        channelService: inbound.channelService,
        directoryMetadataUrl: inbound.directoryMetadataUrl,
        development: settings.environment === 'development',
        clock: systemClock,
      });
  }
}

/** Speaking first from a program that is not the app, such as a script: {@link createProactive}. */
export interface StandaloneProactive extends Proactive {
  /** Closes the store. For the end of the program. */
  close(): Promise<void>;
}

/**
 * Speaking first in the conversations of an app, from a program of its own: with the app's store, and its queue where the settings name one. Without, the
 * app's sweep finds within a minute what was posted.
 *
 * @param environment settings, instead of `process.env`
 * @throws TurnwiseError when a setting is missing or wrong, and `StoreNotShared` for the store `memory`
 */
export function createProactive(environment: Environment): StandaloneProactive {
  const access = readStoreAccess(environment);
  if (access.store.kind === 'memory') throw new TurnwiseError('StoreNotShared');
  const store = configuredStore(access.store, access.environment);
  const doorbell = access.queue === undefined ? NO_DOORBELL : configuredDoorbell(access.queue, access.environment);
  const log = consoleLog('warn');
  const posting = { store, doorbell, log, clock: systemClock, ids: systemIds, options: DEFAULT_OPTIONS };
  const ready = once(() => store.open());
  return { ...proactiveOver(posting, immediately(posting, ready)), close: () => store.close() };
}

/** Whoever posts is content with the sweep. */
const NO_DOORBELL: Doorbell = { ring: async () => undefined };

/** The state of the bot's earlier SDK that the settings name. Nothing is connected yet. */
export function configuredEarlierState(earlier: EarlierSettings): EarlierState {
  return new CosmosEarlierState(earlier);
}

/** The database file in the data folder. */
export function sqliteFile(folder: string): string {
  return path.join(folder, 'turnwise.db');
}

/** The doorbell on the storage queue that the settings name. Nothing is connected yet. */
export function configuredDoorbell(connection: QueueSettings, environment: Settings['environment']): Doorbell {
  const createQueue = environment === 'development';
  return new QueueDoorbell({ connection, queueName: TURNS_QUEUE, createQueue, clock: systemClock });
}

/** Where the bot may call, each place with the token that is for it. Nothing is asked for before the first call. */
export function configuredRouting(
  { environment, inbound, outbound }: Settings,
  tokens: TokenSource | undefined,
): ServiceRouting {
  const parents = inbound.skills.flatMap(({ appId, serviceUrl }) =>
    outbound === undefined
      ? []
      : [
          {
            serviceUrl,
            tokens: createOutboundTokens({ ...outbound, scope: `${appId}/.default` }, { clock: systemClock }),
          },
        ],
  );
  const trust = { development: environment === 'development', hosts: inbound.serviceHosts };
  return { tokens, trust, parents };
}

/** Clients for the services of channels. The bot's token goes to known addresses alone. */
export function configuredConnectorClients(routing: ServiceRouting): ConnectorClients {
  return createConnectorClients(new ServiceRequests({ ...routing, clock: systemClock }));
}

/** Clients for the token service that the settings name. The address is the operator's, and so trusted. */
export function configuredUserTokenClients(
  { environment, oauthUrl, outbound }: Settings,
  tokens: TokenSource | undefined,
): UserTokenClients {
  const trust = { development: environment === 'development', configured: oauthUrl };
  const requests = new ServiceRequests({ tokens, trust, clock: systemClock });
  return createUserTokenClients(requests, { url: oauthUrl, appId: outbound?.appId ?? '' });
}

/** Who may post activities. Nothing is fetched yet. */
export function configuredInboundAuth({ environment, inbound }: Settings): InboundAuth {
  return createInboundAuth({ ...inbound, development: environment === 'development', clock: systemClock });
}

/** One for everything that calls a channel, so that there is one token and one pause after failures. */
export function configuredTokens({ outbound }: Settings): TokenSource | undefined {
  return outbound === undefined ? undefined : createOutboundTokens(outbound, { clock: systemClock });
}
