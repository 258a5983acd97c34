import { defined } from './schema/defined';
import { TurnwiseError } from './schema/errors';
import { Secret } from './schema/secret';
import { azureMarker, OWN_MACHINE } from './settings-azure';
import { SETTINGS, type SettingName } from './settings-list';
import {
  type EarlierSettings,
  type LifetimeSettings,
  readEarlier,
  readLifetimes,
  readStore,
  type StoreSettings,
  type Values,
} from './settings-store';
import { readTelemetry, type TelemetrySettings } from './settings-telemetry';
import { namesIn, parentBotsIn } from './settings-values';

/** The environment that settings are read from: `process.env`, or a test's own. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How the storage account with the queue is reached. */
export type QueueSettings =
  | { readonly kind: 'connectionString'; readonly connectionString: Secret }
  | {
      readonly kind: 'identity';
      readonly queueServiceUri: string;
      readonly clientId?: string;
      readonly managed: boolean;
    };

/** Whom the bot listens to; what is not set is the cloud's. */
export interface InboundSettings {
  readonly appId?: string;
  readonly tenantId?: string;
  readonly channelService?: string;
  readonly channelIssuer?: string;
  readonly channelMetadataUrl?: string;
  readonly directoryMetadataUrl?: string;
  /** Parent bots: who they are, and where they take replies. */
  readonly skills: readonly { readonly appId: string; readonly tenantId: string; readonly serviceUrl: string }[];
  readonly allowEmulator: boolean;
  /** Hosts that the operator has added to the known services of channels, in lower case. */
  readonly serviceHosts: ReadonlySet<string>;
  /** Channels that the operator takes for vouching for the identity fields of their activities, in lower case. */
  readonly vouchingChannels: ReadonlySet<string>;
}

/** What the bot proves its identity with. */
export type BotCredential =
  | { readonly kind: 'managedIdentity' }
  | { readonly kind: 'password'; readonly password: Secret }
  | { readonly kind: 'certificate'; readonly thumbprint: string; readonly privateKey: Secret }
  | { readonly kind: 'federated'; readonly clientId: string };

/** Who the bot is when it calls its channels. */
export interface OutboundSettings {
  readonly appId: string;
  readonly tenant: string;
  readonly authorityHost: string;
  readonly scope: string;
  readonly credential: BotCredential;
}

/** Who may have the bot notify people. `ownMachine` is for the anonymous bot of local development. */
export type NotifySettings =
  | { readonly kind: 'off' | 'functionKey' | 'ownMachine' }
  | {
      readonly kind: 'appRole';
      readonly tenantId: string;
      readonly role: string;
      readonly audiences: readonly string[];
    };

/** Everything the environment says, checked and complete. */
export interface Settings {
  /** `development` relaxes what is dangerous anywhere else: anonymous use, loopback addresses, creating the queue. */
  readonly environment: 'development' | 'production';
  readonly inAzure: boolean;
  readonly store: StoreSettings;
  readonly lifetimes: LifetimeSettings;
  /** `undefined` for a bot that comes from nowhere. */
  readonly earlier?: EarlierSettings;
  readonly queue: QueueSettings;
  /** Set where a connection string, even an empty one, stands beside an identity for the host's storage account. */
  readonly storageConflict?: true;
  readonly inbound: InboundSettings;
  readonly notify: NotifySettings;
  /** `undefined` for the anonymous bot of local development. */
  readonly outbound: OutboundSettings | undefined;
  /** The token service that signs users in. */
  readonly oauthUrl: string;
  /** Where traces, metrics and logs go; `undefined` for nowhere. */
  readonly telemetry: TelemetrySettings | undefined;
  /** What the bot's tokens are for. */
  readonly audience: string;
}

/**
 * Reads the settings: the one place that looks at the environment. Values are trimmed, and an empty one counts as not set.
 *
 * @throws TurnwiseError `AppIdMissing`, `SettingMissing`, `SettingInvalid`, `SettingUnknown`; the message names settings and what they may be,
 * and never repeats a value.
 */
export function readSettings(env: Environment): Settings {
  const values = readValues(env);
  const marker = azureMarker(env);
  const { environment, inAzure, says } = readEnvironment(values, marker);
  if (values('MicrosoftAppId') === undefined) refuseAnonymous(values, environment, says ? marker : undefined);
  const cloud = readCloud(values);
  if (!isSafe(cloud.oauthUrl, environment)) {
    throw new TurnwiseError('SettingInvalid', 'OAuthUrl has to be an https address.');
  }
  return {
    environment,
    inAzure,
    store: readStore(values, environment, inAzure),
    lifetimes: readLifetimes(values),
    ...defined({ earlier: readEarlier(values, environment, inAzure) }),
    queue: readQueue(values, inAzure),
    ...(setsStorageTwice(env) ? { storageConflict: true } : {}),
    inbound: readInbound(values),
    notify: readNotify(values),
    outbound: readOutbound(values, cloud),
    oauthUrl: cloud.oauthUrl,
    telemetry: readTelemetry(values, env, inAzure),
    audience: cloud.scope.replace(/\/\.default$/, ''),
  };
}

/** Over https, or not over a network at all. */
function isSafe(address: string, environment: Settings['environment']): boolean {
  const { protocol, host } = new URL(address);
  return protocol === 'https:' || (environment === 'development' && OWN_MACHINE.test(host));
}

/** What a tool needs that works on the store and is not the bot: no app id, and a queue only where one is set. */
export interface StoreAccess extends Pick<Settings, 'environment' | 'store' | 'earlier'> {
  readonly queue: QueueSettings | undefined;
}

/**
 * Reads the part of the settings that says where the conversations are, as {@link readSettings} reads it.
 *
 * @throws TurnwiseError `SettingMissing`, `SettingInvalid`, `SettingUnknown`
 */
export function readStoreAccess(env: Environment): StoreAccess {
  const values = readValues(env);
  const { environment, inAzure } = readEnvironment(values, azureMarker(env));
  return {
    environment,
    store: readStore(values, environment, inAzure),
    ...defined({ earlier: readEarlier(values, environment, inAzure) }),
    queue: QUEUE_ADDRESSES.some((name) => values(name) !== undefined) ? readQueue(values, inAzure) : undefined,
  };
}

/** Whichever of these is set says where the queue is. */
const QUEUE_ADDRESSES = [
  'AzureWebJobsStorage',
  'AzureWebJobsStorage__accountName',
  'AzureWebJobsStorage__queueServiceUri',
] as const satisfies readonly SettingName[];

function readValues(env: Environment): Values {
  refuseUnknown(env);
  const values = new Map<SettingName, string>();
  const wrong: string[] = [];
  for (const { name, allowed, read } of SETTINGS) {
    const text = env[name]?.trim();
    if (!text) continue;
    const value = read(text);
    if (value === undefined) wrong.push(`${name} has to be ${allowed}.`);
    else values.set(name, value);
  }
  if (wrong.length > 0) throw new TurnwiseError('SettingInvalid', wrong.join(' '));
  return (name) => values.get(name);
}

/** `says`: the setting asks for development, which counts nowhere in Azure. */
function readEnvironment(
  values: Values,
  marker: string | undefined,
): Pick<Settings, 'environment' | 'inAzure'> & { readonly says: boolean } {
  const says = values('AZURE_FUNCTIONS_ENVIRONMENT')?.toLowerCase() === 'development';
  const inAzure = marker !== undefined;
  return { environment: says && !inAzure ? 'development' : 'production', inAzure, says };
}

/** A name of ours that is not one is a typing mistake, and the default that it leaves in force would be a surprise. */
function refuseUnknown(env: Environment): void {
  const known: ReadonlySet<string> = new Set(SETTINGS.map(({ name }) => name));
  const unknown = Object.keys(env).filter((name) => /^TURNWISE_\w{1,64}$/.test(name) && !known.has(name));
  if (unknown.length > 0) throw new TurnwiseError('SettingUnknown', `Not known: ${unknown.join(', ')}.`);
}

function refuseAnonymous(values: Values, environment: Settings['environment'], marker: string | undefined): void {
  if (environment === 'production') {
    const why = `AZURE_FUNCTIONS_ENVIRONMENT says Development, but ${marker} shows that this is Azure.`;
    throw new TurnwiseError('AppIdMissing', marker === undefined ? undefined : why);
  }
  const rest = CREDENTIALS.filter((name) => values(name) !== undefined);
  if (rest.length > 0)
    throw new TurnwiseError('SettingMissing', `${rest.join(', ')} without MicrosoftAppId: set both or none.`);
}

const CREDENTIALS = [
  'MicrosoftAppPassword',
  'CertificateThumbprint',
  'CertificatePrivateKey',
  'MicrosoftAppClientId',
] as const satisfies readonly SettingName[];

interface Cloud {
  readonly login: string;
  /** The tenant in which a bot gets its tokens that is registered for all tenants. */
  readonly tenant: string;
  readonly scope: string;
  readonly oauthUrl: string;
}

const CLOUDS: ReadonlyMap<string, Cloud> = new Map([
  [
    '',
    {
      login: 'https://login.microsoftonline.com',
      tenant: 'botframework.com',
      scope: 'https://api.botframework.com',
      oauthUrl: 'https://api.botframework.com',
    },
  ],
  [
    'https://botframework.azure.us',
    {
      login: 'https://login.microsoftonline.us',
      tenant: 'MicrosoftServices.onmicrosoft.us',
      scope: 'https://api.botframework.us',
      oauthUrl: 'https://api.botframework.azure.us',
    },
  ],
  [
    'https://botframework.azure.cn',
    {
      login: 'https://login.partner.microsoftonline.cn',
      tenant: 'microsoftservices.partner.onmschina.cn',
      scope: 'https://api.botframework.azure.cn',
      oauthUrl: 'https://token.botframework.azure.cn',
    },
  ],
]);

/** The named cloud, with what is set instead. One that is not known has to be described. */
function readCloud(values: Values): Cloud {
  const cloud = CLOUDS.get((values('ChannelService') ?? '').replace(/\/+$/, '').toLowerCase());
  const login = values('ToChannelFromBotLoginUrl') ?? cloud?.login;
  const scope = values('ToChannelFromBotOAuthScope') ?? cloud?.scope;
  const oauthUrl = values('OAuthUrl') ?? cloud?.oauthUrl;
  if (login === undefined || scope === undefined || oauthUrl === undefined) {
    const others = 'ToChannelFromBotLoginUrl, ToChannelFromBotOAuthScope and OAuthUrl';
    throw new TurnwiseError('SettingInvalid', `ChannelService names no known cloud; for another one, set ${others}.`);
  }
  const { origin, pathname } = new URL(login);
  const tenant = pathname.split('/').find((part) => part !== '') ?? cloud?.tenant ?? 'botframework.com';
  return { login: origin, tenant, scope, oauthUrl };
}

function readOutbound(values: Values, cloud: Cloud): OutboundSettings | undefined {
  const appId = values('MicrosoftAppId');
  if (appId === undefined) return undefined;
  const type = values('MicrosoftAppType') ?? 'MultiTenant';
  const own = type === 'SingleTenant' ? values('MicrosoftAppTenantId') : undefined;
  const named = values('ToChannelFromBotLoginUrl') !== undefined;
  if (type === 'SingleTenant' && own === undefined && !named) {
    throw new TurnwiseError('SettingMissing', 'A SingleTenant bot needs MicrosoftAppTenantId.');
  }
  return {
    appId,
    tenant: own ?? cloud.tenant,
    authorityHost: cloud.login,
    scope: cloud.scope.endsWith('/.default') ? cloud.scope : `${cloud.scope.replace(/\/+$/, '')}/.default`,
    credential: type === 'UserAssignedMSI' ? { kind: 'managedIdentity' } : readCredential(values, type),
  };
}

function readCredential(values: Values, type: string): BotCredential {
  const password = values('MicrosoftAppPassword');
  const thumbprint = values('CertificateThumbprint');
  const privateKey = values('CertificatePrivateKey');
  const clientId = values('MicrosoftAppClientId');
  const choice = 'MicrosoftAppPassword, or CertificateThumbprint with CertificatePrivateKey, or MicrosoftAppClientId';
  const kinds = [password, thumbprint ?? privateKey, clientId].filter((value) => value !== undefined);
  if (kinds.length > 1) throw new TurnwiseError('SettingInvalid', `Only one of these may be set: ${choice}.`);
  if (password !== undefined) return { kind: 'password', password: new Secret(password) };
  if (clientId !== undefined) return { kind: 'federated', clientId };
  if (thumbprint !== undefined && privateKey !== undefined) {
    return { kind: 'certificate', thumbprint, privateKey: new Secret(privateKey) };
  }
  throw new TurnwiseError('SettingMissing', `A ${type} bot needs ${choice}.`);
}

function readInbound(values: Values): InboundSettings {
  const parents = values('TURNWISE_PARENT_BOTS');
  return {
    ...defined({
      appId: values('MicrosoftAppId'),
      tenantId: values('MicrosoftAppTenantId'),
      channelService: values('ChannelService'),
      channelIssuer: values('ToBotFromChannelTokenIssuer'),
      channelMetadataUrl: values('ToBotFromChannelOpenIdMetadataUrl'),
      directoryMetadataUrl: values('ToBotFromEmulatorOpenIdMetadataUrl'),
    }),
    skills: (parents === undefined ? [] : parentBotsIn(parents)).map(
      ([appId = '', tenantId = '', serviceUrl = '']) => ({
        appId: appId.toLowerCase(),
        tenantId: tenantId.toLowerCase(),
        serviceUrl,
      }),
    ),
    allowEmulator: values('TURNWISE_EMULATOR') === 'on',
    serviceHosts: new Set(namesIn(values('TURNWISE_SERVICE_HOSTS') ?? '')),
    vouchingChannels: new Set(namesIn(values('TURNWISE_VOUCHING_CHANNELS') ?? '')),
  };
}

function readNotify(values: Values): NotifySettings {
  const appId = values('MicrosoftAppId');
  const kind = values('TURNWISE_NOTIFY') ?? (appId === undefined ? 'ownMachine' : 'off');
  if (kind === 'off' || kind === 'ownMachine') return { kind };
  if (kind === 'function-key') return { kind: 'functionKey' };
  const tenantId = values('MicrosoftAppTenantId')?.toLowerCase();
  if (appId === undefined || tenantId === undefined) {
    throw new TurnwiseError(
      'SettingMissing',
      'TURNWISE_NOTIFY=app-role needs MicrosoftAppId and MicrosoftAppTenantId.',
    );
  }
  const audience = values('TURNWISE_NOTIFY_AUDIENCE');
  return {
    kind: 'appRole',
    tenantId,
    role: values('TURNWISE_NOTIFY_ROLE') ?? 'Notify.Send',
    audiences: audience === undefined ? [appId, `api://${appId}`] : [audience],
  };
}

function readQueue(values: Values, inAzure: boolean): QueueSettings {
  const connectionString = values('AzureWebJobsStorage');
  if (connectionString !== undefined)
    return { kind: 'connectionString', connectionString: new Secret(connectionString) };
  const account = values('AzureWebJobsStorage__accountName');
  const address = account === undefined ? undefined : `https://${account}.queue.core.windows.net`;
  const queueServiceUri = values('AzureWebJobsStorage__queueServiceUri') ?? address;
  if (queueServiceUri === undefined) {
    const ways = 'AzureWebJobsStorage, or AzureWebJobsStorage__accountName or __queueServiceUri to use an identity';
    throw new TurnwiseError('SettingMissing', `The queue needs ${ways}.`);
  }
  return {
    kind: 'identity',
    queueServiceUri,
    managed: inAzure || values('AzureWebJobsStorage__credential') !== undefined,
    ...defined({ clientId: values('AzureWebJobsStorage__clientId') ?? values('AZURE_CLIENT_ID') }),
  };
}

/** Returns whether the storage account is named both ways. An empty value counts: the Functions host takes it for a connection string. */
function setsStorageTwice(env: Environment): boolean {
  const byIdentity = /^AzureWebJobsStorage__(?:accountName|\w+ServiceUri)$/;
  return (
    env.AzureWebJobsStorage !== undefined &&
    Object.entries(env).some(([name, value]) => byIdentity.test(name) && Boolean(value?.trim()))
  );
}
