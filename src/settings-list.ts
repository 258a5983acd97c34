import {
  days,
  entraIngestion,
  guid,
  hostNames,
  httpsUrl,
  matching,
  parentBots,
  port,
  type Reading,
  text,
  tidied,
  url,
  word,
} from './settings-values';

/** One setting: a name in the environment, what it means, and what it may be. `docs/configuration.md` is made of these. */
export interface Setting {
  readonly name: string;
  readonly group: 'bot' | 'cloud' | 'store' | 'earlier' | 'lifetimes' | 'queue' | 'notify' | 'telemetry' | 'runner';
  readonly meaning: string;
  /** Completes "… has to be", in the documentation and in the error. */
  readonly allowed: string;
  /** What holds when it is not set, in words or as a value. */
  readonly default?: string;
  /** Never shown, and wrapped as soon as it is read. */
  readonly secret?: true;
  readonly read: Reading;
}

/**
 * Token services of Teams in the US Government clouds, which share one `ChannelService` (Teams SDK for TypeScript, `cloud-environment.ts`;
 * Azure Bot Service, "Configure Bot Framework bots for US Government customers").
 */
export const GOVERNMENT_TOKEN_SERVICES = {
  gccHigh: 'https://tokengcch.botframework.azure.us',
  dod: 'https://apiDoD.botframework.azure.us',
} as const;

const list = [
  {
    name: 'MicrosoftAppId',
    group: 'bot',
    meaning: 'App id of the bot. Without it the bot is anonymous, which is for local development only.',
    allowed: 'a GUID',
    default: 'none',
    read: guid,
  },
  {
    name: 'MicrosoftAppType',
    group: 'bot',
    meaning: 'How the bot is registered.',
    allowed: '`UserAssignedMSI`, `SingleTenant` or `MultiTenant`',
    default: '`MultiTenant`',
    read: word('UserAssignedMSI', 'SingleTenant', 'MultiTenant'),
  },
  {
    name: 'MicrosoftAppTenantId',
    group: 'bot',
    meaning: 'Tenant in which a `SingleTenant` bot is registered.',
    allowed: "a tenant's id or domain name",
    read: matching(/^[\w-]+(?:\.[\w-]+)*$/),
  },
  {
    name: 'MicrosoftAppPassword',
    group: 'bot',
    meaning: 'Client secret of a `SingleTenant` or `MultiTenant` bot.',
    allowed: 'a client secret',
    secret: true,
    read: text,
  },
  {
    name: 'CertificateThumbprint',
    group: 'bot',
    meaning: 'Thumbprint (SHA-1 or SHA-256) of the certificate that a bot uses in place of a client secret.',
    allowed: '40 or 64 hex digits',
    read: tidied((value) => value.replace(/[:\s]/g, ''), matching(/^(?:[\da-f]{40}|[\da-f]{64})$/i)),
  },
  {
    name: 'CertificatePrivateKey',
    group: 'bot',
    meaning: 'Private key of that certificate. Line breaks may be written as `\\n`.',
    allowed: 'a private key in PEM form',
    secret: true,
    read: tidied((value) => value.replaceAll('\\n', '\n'), matching(/^-----BEGIN [A-Z ]*PRIVATE KEY-----\s/)),
  },
  {
    name: 'MicrosoftAppClientId',
    group: 'bot',
    meaning:
      'Client id of a managed identity that the app registration trusts (federated identity credential), in place of a client secret.',
    allowed: 'a GUID',
    read: guid,
  },
  {
    name: 'TURNWISE_PARENT_BOTS',
    group: 'bot',
    meaning:
      'Bots that may call this one as their skill, each with the one address at which it takes replies. They speak for every channel that they forward, so list only bots that you trust as much.',
    allowed: 'app id, tenant id and https address of each, with blanks between them, and `;` between bots',
    default: 'none',
    read: tidied((value) => value.replace(/\s+/g, ' '), parentBots),
  },
  {
    name: 'TURNWISE_EMULATOR',
    group: 'bot',
    meaning:
      "Takes the tokens that the Bot Framework Emulator gets with the bot's own id and secret. On a development machine only.",
    allowed: '`on`',
    read: word('on'),
  },
  {
    name: 'ChannelService',
    group: 'cloud',
    meaning:
      'Cloud of the bot: US Government is `https://botframework.azure.us`, China `https://botframework.azure.cn`.',
    allowed: 'the https address of a cloud',
    default: 'the public cloud',
    read: httpsUrl,
  },
  {
    name: 'ToChannelFromBotLoginUrl',
    group: 'cloud',
    meaning: "Where the bot gets its tokens, instead of its cloud's login service; with the tenant, if it has one.",
    allowed: 'an https address',
    default: "the cloud's",
    read: httpsUrl,
  },
  {
    name: 'ToChannelFromBotOAuthScope',
    group: 'cloud',
    meaning: 'What the bot gets its tokens for.',
    allowed: 'an https address',
    default: "the cloud's, `https://api.botframework.com`",
    read: httpsUrl,
  },
  {
    name: 'ToBotFromChannelTokenIssuer',
    group: 'cloud',
    meaning: 'Who issues the tokens of channels that call the bot.',
    allowed: 'an https address',
    default: "the cloud's, `https://api.botframework.com`",
    read: httpsUrl,
  },
  {
    name: 'ToBotFromChannelOpenIdMetadataUrl',
    group: 'cloud',
    meaning: 'Where the keys of these tokens are announced. On a development machine it may be a loopback address.',
    allowed: 'an https address',
    default: "the cloud's",
    read: url,
  },
  {
    name: 'ToBotFromEmulatorOpenIdMetadataUrl',
    group: 'cloud',
    meaning: 'Where the keys of tokens of the Emulator and of parent bots are announced.',
    allowed: 'an https address',
    default: "the cloud's",
    read: url,
  },
  {
    name: 'OAuthUrl',
    group: 'cloud',
    meaning: `The token service that signs users in. Teams of US Government needs its own: \`${GOVERNMENT_TOKEN_SERVICES.gccHigh}\` (GCC High), \`${GOVERNMENT_TOKEN_SERVICES.dod}\` (DoD). On a development machine it may be a loopback address.`,
    allowed: 'an https address',
    default: "the cloud's",
    read: url,
  },
  {
    name: 'TURNWISE_SERVICE_HOSTS',
    group: 'cloud',
    meaning:
      "Further hosts to which the bot's token may be sent, over https: those of a channel that is not on the list of known services. A refusal logs the host that was named.",
    allowed: 'exact host names, with blanks or commas between them',
    default: 'none',
    read: hostNames,
  },
  {
    name: 'AZURE_FUNCTIONS_ENVIRONMENT',
    group: 'bot',
    meaning:
      '`Development` on a development machine; `npm start` and `func start` set it. It does not count where anything shows that this is Azure.',
    allowed: 'the name of an environment',
    default: '`Production`',
    read: matching(/^\w{1,64}$/),
  },
  {
    name: 'TURNWISE_STORE',
    group: 'store',
    meaning:
      'Where conversations are kept. `memory` forgets them at the end of the process. In Azure it has to be `cosmos`.',
    allowed: '`sqlite`, `memory` or `cosmos`',
    default: '`sqlite`; in Azure `cosmos`',
    read: word('sqlite', 'memory', 'cosmos'),
  },
  {
    name: 'TURNWISE_DATA',
    group: 'store',
    meaning: 'Folder of the embedded store and queue.',
    allowed: 'a path',
    default: '`.local`',
    read: matching(/^[^\0]+$/),
  },
  {
    name: 'COSMOS_ENDPOINT',
    group: 'store',
    meaning: 'Address of the Cosmos DB account; needed for the store `cosmos`.',
    allowed: 'an https address, or http on a development machine',
    read: url,
  },
  {
    name: 'COSMOS_DATABASE',
    group: 'store',
    meaning: 'Its database.',
    allowed: 'a name without `/ \\ # ?`',
    default: '`turnwise`',
    read: matching(/^[^/\\#?]{1,255}$/),
  },
  {
    name: 'COSMOS_KEY',
    group: 'store',
    meaning: 'Key of a Cosmos DB emulator. An account in Azure is reached with an identity.',
    allowed: 'a key in base64',
    secret: true,
    read: matching(/^[\w+/=-]+$/),
  },
  {
    name: 'AZURE_CLIENT_ID',
    group: 'store',
    meaning:
      'Client id of the user-assigned identity that reaches Cosmos DB, and the queue where it has none of its own.',
    allowed: 'a GUID',
    default: 'the system-assigned identity',
    read: guid,
  },
  {
    name: 'TURNWISE_EARLIER_CONTAINER',
    group: 'earlier',
    meaning: 'Its container. With it, state that is not here yet is looked up there, and `turnwise import` finds it.',
    allowed: 'a name without `/ \\ # ?`',
    default: 'none',
    read: matching(/^[^/\\#?]{1,255}$/),
  },
  {
    name: 'TURNWISE_EARLIER_DATABASE',
    group: 'earlier',
    meaning: 'Its database; needed with the container.',
    allowed: 'a name without `/ \\ # ?`',
    read: matching(/^[^/\\#?]{1,255}$/),
  },
  {
    name: 'TURNWISE_EARLIER_ENDPOINT',
    group: 'earlier',
    meaning:
      'Its Cosmos DB account. It is reached like the own one: with an identity, or an emulator with `COSMOS_KEY`.',
    allowed: 'an https address, or http on a development machine',
    default: '`COSMOS_ENDPOINT`',
    read: url,
  },
  {
    name: 'TURNWISE_KEEP_DEAD_LETTERS',
    group: 'lifetimes',
    meaning: 'How long what was given up is kept to be looked at and replayed, from its death.',
    allowed: 'a number of days, 1 to 9999',
    default: 'until it is replayed or discarded',
    read: days,
  },
  {
    name: 'TURNWISE_KEEP_CONVERSATIONS',
    group: 'lifetimes',
    meaning: 'How long a conversation is kept in which nothing happens any more, with its state and its dead letters.',
    allowed: 'a number of days, 1 to 9999',
    default: 'for good',
    read: days,
  },
  {
    name: 'TURNWISE_KEEP_USERS',
    group: 'lifetimes',
    meaning: "How long a user's state is kept that no turn changes any more. Reading it does not count.",
    allowed: 'a number of days, 1 to 9999',
    default: 'for good',
    read: days,
  },
  {
    name: 'AzureWebJobsStorage',
    group: 'queue',
    meaning:
      "The storage account that holds the queue: the Functions host's own setting. `UseDevelopmentStorage=true` is Azurite.",
    allowed: 'a connection string',
    default: 'set by `npm start`',
    secret: true,
    read: matching(/=/),
  },
  {
    name: 'AzureWebJobsStorage__accountName',
    group: 'queue',
    meaning: 'Its name, to reach it with an identity instead.',
    allowed: '3 to 24 lower-case letters and digits',
    read: matching(/^[a-z\d]{3,24}$/),
  },
  {
    name: 'AzureWebJobsStorage__queueServiceUri',
    group: 'queue',
    meaning: 'The address of its queue service, to reach it with an identity; needed outside the public cloud.',
    allowed: 'an https address',
    default: '`https://<accountName>.queue.core.windows.net`',
    read: httpsUrl,
  },
  {
    name: 'AzureWebJobsStorage__credential',
    group: 'queue',
    meaning: 'Says that the identity is a managed one, as it always is in Azure.',
    allowed: '`managedidentity`',
    read: word('managedidentity'),
  },
  {
    name: 'AzureWebJobsStorage__clientId',
    group: 'queue',
    meaning: 'Client id of the user-assigned identity.',
    allowed: 'a GUID',
    default: '`AZURE_CLIENT_ID`',
    read: guid,
  },
  {
    name: 'TURNWISE_NOTIFY',
    group: 'notify',
    meaning:
      'Who may have the bot notify people: applications with an app role (`app-role`), or whoever has a key of the function app (`function-key`).',
    allowed: '`off`, `app-role` or `function-key`',
    default: '`off`; for a bot without an app id, programs of its own machine',
    read: word('off', 'app-role', 'function-key'),
  },
  {
    name: 'TURNWISE_NOTIFY_ROLE',
    group: 'notify',
    meaning: 'The app role, by value, that applications need.',
    allowed: 'a value without blanks',
    default: '`Notify.Send`',
    read: matching(/^\S{1,120}$/),
  },
  {
    name: 'TURNWISE_NOTIFY_AUDIENCE',
    group: 'notify',
    meaning: 'What the tokens of these applications are made out to, where it is not the registration of the bot.',
    allowed: 'an app id or an application id URI',
    default: '`MicrosoftAppId`, and `api://` with it',
    read: matching(/^\S{1,250}$/),
  },
  {
    name: 'APPLICATIONINSIGHTS_CONNECTION_STRING',
    group: 'telemetry',
    meaning: 'The Application Insights resource that traces, metrics and logs go to.',
    allowed: 'a connection string',
    default: 'none: they go nowhere',
    secret: true,
    read: matching(/(?:^|;)InstrumentationKey=/i),
  },
  {
    name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
    group: 'telemetry',
    meaning: "Sends them with the app's identity, or with the user-assigned one whose client id it names.",
    allowed: '`Authorization=AAD`, with or without `;ClientId=<GUID>`',
    default: 'the connection string alone',
    read: entraIngestion,
  },
  {
    name: 'TURNWISE_TRACE_SAMPLING',
    group: 'telemetry',
    meaning: 'Which part of the traces is sent. Metrics and logs are all sent.',
    allowed: 'a number from 0 to 1',
    default: '`1`',
    read: matching(/^(?:0|1|0?\.\d{1,6}|1\.0{1,6})$/),
  },
  {
    name: 'TURNWISE_PORT',
    group: 'runner',
    meaning: 'Port of the endpoint. `0` takes a free one.',
    allowed: 'a port number',
    default: '`7071`',
    read: port,
  },
  {
    name: 'TURNWISE_CHAT_PORT',
    group: 'runner',
    meaning: 'Port of the chat page. `0` takes a free one.',
    allowed: 'a port number',
    default: '`56150`',
    read: port,
  },
] as const satisfies readonly Setting[];

export type SettingName = (typeof list)[number]['name'];

/** Every setting there is. */
export const SETTINGS: readonly (Setting & { readonly name: SettingName })[] = list;
