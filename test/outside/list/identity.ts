import { inboundCloud } from '../../../src/azure/inbound-clouds';
import { readSettings } from '../../../src/settings';
import { GOVERNMENT_TOKEN_SERVICES } from '../../../src/settings-list';
import {
  constants,
  documented,
  documentedList,
  documentedPrefix,
  either,
  expression,
  literal,
  match,
  resourceString,
  symbol,
  word,
} from '../copies';
import { type OutsideValue, outside, outsideEach, type Value } from '../outside-value';
import { declaredStrings, expressionsIn, partsOf, propertiesOf, propertiesRead, stringsIn } from '../production';
import { GAP, spellings } from '../spellings';

/* Who the bot is, and who its callers are: clouds, issuers, keys, scopes, claims. */

const AUTH = 'botframework-connector/lib/auth';
const PUBLIC = `${AUTH}/authenticationConstants.js`;
const VALIDATION = `${AUTH}/tokenValidationParameters.js`;
const TEAMS_CLOUDS = '@microsoft/teams.api/dist/auth/cloud-environment.js';
const MSAL = '@azure/msal-node/lib/msal-node.cjs';
const ANY = '00000000-1111-2222-3333-444444444444';

const open = (name: string, made?: (value: Value) => unknown) =>
  symbol(PUBLIC, `AuthenticationConstants.${name}`, made);
const us = (name: string, made?: (value: Value) => unknown) =>
  symbol(`${AUTH}/governmentConstants.js`, `GovernmentConstants.${name}`, made);
const teams = (name: string, made?: (value: Value) => unknown) => symbol(TEAMS_CLOUDS, name, made);

const withSlash = (value: Value): string => `${value}/`;
const pathOf = (value: Value): string => new URL(String(value)).pathname.slice(1);
const originOf = (value: Value): string => new URL(String(value)).origin;

/** Whose messages a bot of a cloud takes, with the issuers less their tenant. */
function inbound(channelService: string) {
  const cloud = inboundCloud(channelService);
  if (cloud?.directory === undefined) throw new Error(`There is no cloud ${channelService}.`);
  const { v1, v2 } = cloud.directory.issuers(ANY);
  const [first, second] = v1.map((issuer) => issuer.replace(`${ANY}/`, ''));
  return { ...cloud, ...cloud.directory, v1: first, otherV1: second, v2: v2.slice(0, v2.indexOf(ANY)) };
}

/** Whose tokens a bot of a cloud gets, when it is registered for all tenants. */
function outbound(channelService: string) {
  const { outbound: bot, oauthUrl } = readSettings({
    MicrosoftAppId: ANY,
    MicrosoftAppType: 'MultiTenant',
    MicrosoftAppPassword: 'secret',
    ChannelService: channelService,
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    TURNWISE_STORE: 'memory',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  });
  return { ...bot, oauthUrl };
}

function clouds(): OutsideValue[] {
  const usGovernment = String(constants(`${AUTH}/governmentConstants.js`, 'GovernmentConstants').ChannelService);
  const china = String(documentedList('china', 'channel service')[0]);
  const [one, two, three] = [inbound(''), inbound(usGovernment), inbound(china)];
  const [a, b, c] = [outbound(''), outbound(usGovernment), outbound(china)];
  return [
    outside('public cloud, issuer of channels', one.channelIssuer, open('ToBotFromChannelTokenIssuer')),
    outside('public cloud, keys of channels', one.channelMetadataUrl, open('ToBotFromChannelOpenIdMetadataUrl')),
    outside('public cloud, keys of Entra', one.metadataUrl, open('ToBotFromEmulatorOpenIdMetadataUrl')),
    outside('public cloud, tenant of the Bot Framework', one.botFrameworkTenant, word(VALIDATION)),
    outside('public cloud, issuer of version 1', one.v1, open('ValidTokenIssuerUrlTemplateV1')),
    outside('public cloud, issuer of version 2', one.v2, open('ValidTokenIssuerUrlTemplateV2')),
    outside('public cloud, login', a.authorityHost, open('ToChannelFromBotLoginUrl', originOf)),
    outside('public cloud, tenant of tokens', a.tenant, open('DefaultChannelAuthTenant')),
    outside('public cloud, scope of channels', a.scope, teams('PUBLIC.botScope')),
    outside('public cloud, token service', a.oauthUrl, either(open('OAuthUrl'), teams('PUBLIC.tokenServiceUrl'))),
    outside('US Government, issuer of channels', two.channelIssuer, us('ToBotFromChannelTokenIssuer')),
    outside('US Government, keys of channels', two.channelMetadataUrl, us('ToBotFromChannelOpenIdMetadataUrl')),
    outside('US Government, keys of Entra', two.metadataUrl, us('ToBotFromEmulatorOpenIdMetadataUrl')),
    outside('US Government, tenant of the Bot Framework', two.botFrameworkTenant, word(VALIDATION)),
    outside('US Government, issuer of version 1', two.v1, open('ValidTokenIssuerUrlTemplateV1')),
    outside('US Government, its other issuer', two.otherV1, open('ValidGovernmentTokenIssuerUrlTemplateV1')),
    outside('US Government, issuer of version 2', two.v2, open('ValidGovernmentTokenIssuerUrlTemplateV2')),
    outside('US Government, login', b.authorityHost, us('ToChannelFromBotLoginUrl', originOf)),
    outside('US Government, tenant of tokens', b.tenant, us('ToChannelFromBotLoginUrl', pathOf)),
    outside('US Government, scope of channels', b.scope, teams('US_GOV.botScope')),
    outside('US Government, token service', b.oauthUrl, either(us('OAuthUrl'), teams('US_GOV.tokenServiceUrl'))),
    outside('GCC High, token service', GOVERNMENT_TOKEN_SERVICES.gccHigh, teams('US_GOV.tokenServiceUrl')),
    outside('DoD, token service', GOVERNMENT_TOKEN_SERVICES.dod, teams('US_GOV_DOD.tokenServiceUrl')),
    outside('China, issuer of channels', three.channelIssuer, teams('CHINA.tokenIssuer')),
    outside('China, keys of channels', three.channelMetadataUrl, teams('CHINA.openIdMetadataUrl')),
    outside('China, keys of Entra', three.metadataUrl, documented('china', 'keys of Entra')),
    outside('China, tenant of the Bot Framework', three.botFrameworkTenant, documented('china', 'tenant')),
    outside('China, issuer of version 1', three.v1, literal('azurite/dist/src/common/utils/constants.js')),
    outside('China, issuer of version 2', three.v2, teams('CHINA.loginEndpoint', withSlash)),
    outside('China, login', c.authorityHost, teams('CHINA.loginEndpoint')),
    outside('China, tenant of tokens', c.tenant, teams('CHINA.loginTenant')),
    outside('China, scope of channels', c.scope, teams('CHINA.botScope')),
    outside('China, token service', c.oauthUrl, teams('CHINA.tokenServiceUrl')),
    ...outsideEach(
      'host of the keys of channels',
      stringsIn('src/cli/checks/channels.ts').flatMap((text) => text.match(/login\.[\w.]+\w/g) ?? []),
      open('ToBotFromChannelOpenIdMetadataUrl', (url) => new URL(String(url)).host),
    ),
    ...outsideEach(
      'name of a cloud',
      stringsIn('src/azure/inbound-clouds.ts', /^https:\/\/botframework\./, 2),
      either(us('ChannelService'), documented('china', 'channel service')),
    ),
    ...outsideEach(
      'end of an issuer of version 2',
      stringsIn('src/azure/inbound-clouds.ts', /^\/v2/, 3),
      word(VALIDATION),
    ),
  ];
}

/** Returns the audience of each cloud's directory, with the end of the login host by which it is chosen. */
function exchangeAudiences(): OutsideValue[] {
  const credentials = 'src/azure/credentials.ts';
  const chosen = partsOf(credentials, /endsWith\('(\.\w+)'\)\) return '([^']+)';/g, 2);
  const copy = (cloud: string, login: Value) => {
    const { hostname } = new URL(String(login));
    return documented(
      'token exchange',
      cloud,
      (audience) => `${hostname.slice(hostname.lastIndexOf('.'))} ${audience}/.default`,
    );
  };
  const clouds = constants(TEAMS_CLOUDS) as Readonly<Record<string, { readonly loginEndpoint: string }>>;
  return [
    outside('US Government, audience', chosen[0], copy('US Government', clouds.US_GOV?.loginEndpoint ?? '')),
    outside('China, audience', chosen[1], copy('China', clouds.CHINA?.loginEndpoint ?? '')),
    outside(
      'public cloud, audience',
      partsOf(credentials, /^ {2}return '(api:[^']+)';/gm)[0],
      documented('token exchange', 'public cloud', (audience) => `${audience}/.default`),
    ),
  ];
}

/** Returns the headers that anonymous requests may not have, or what these headers begin with. */
function forwardingHeaders(): OutsideValue[] {
  const written = expressionsIn('src/azure/inbound-anonymous.ts', /-/, 6)
    .flatMap(spellings)
    // What is between `x-ms-` and `forwarded` may be anything.
    .filter((text) => !text.includes(GAP))
    .map((text) => text.replace(/-$/, ''));
  return outsideEach(
    'header of a front end or a proxy',
    written,
    either(documentedPrefix('headers of proxies', 'names'), documentedPrefix('further headers of proxies', 'names')),
  );
}

/** Returns the copy for hosts of Cosmos DB: those of each cloud, and one below a domain that has every letter. */
function accountHost() {
  const zones = documentedList('cosmos hosts', 'zones').map(String);
  const accounts = [...zones, 'documents.azure.abcdefghijklmnopqrstuvwxyz'].map((zone) => `account.${zone}`);
  const others = [
    'localhost',
    '127.0.0.1',
    'cosmos',
    'emulator.internal',
    'xazurexcom',
    'documents.azure.com.internal',
  ];
  return expression(documented('cosmos hosts', 'zones'), accounts, others);
}

/** Hosts, and the zones below which a service has some. */
function serviceHosts(): OutsideValue[] {
  const zone = (value: Value) =>
    documentedList('service hosts', 'hosts').some((host) => `${host}`.endsWith(`.${value}`));
  const copy = documented('service hosts', 'hosts');
  return outsideEach('host of a channel', stringsIn('src/azure/service-hosts.ts', /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/, 8), {
    ...copy,
    has: (value) => copy.has(value) || zone(value),
  });
}

/** What is read of tokens, wherever it is. */
function claims(): OutsideValue[] {
  const inAzure = (file: string) => `src/azure/${file}.ts`;
  const files = ['inbound-application', 'inbound-app-role', 'inbound-caller', 'inbound-verifier', 'inbound-directory'];
  const read = files
    .map(inAzure)
    .flatMap((file) => [...propertiesOf(file, 'Claims'), ...propertiesRead(file, 'claims')]);
  return outsideEach('claim', read, either(documented('claims', 'names'), symbol(PUBLIC, 'AuthenticationConstants')));
}

export const identity: readonly OutsideValue[] = [
  ...clouds(),
  ...serviceHosts(),
  ...claims(),
  ...[0, 1].map((index) =>
    outside(
      'version of a token',
      stringsIn('src/azure/inbound-application.ts', /^\d\.\d$/, 3)[index],
      match(`${AUTH}/emulatorValidation.js`, /versionClaim === '(\d\.\d)'/g, index),
    ),
  ),
  ...outsideEach(
    'type of identity in a token',
    stringsIn('src/azure/inbound-application.ts', /^app$/, 1),
    documented('claims', 'idtyp of an application'),
  ),
  ...outsideEach(
    'signing algorithm',
    declaredStrings('src/azure/inbound-token.ts', 'SIGNING_ALGORITHMS'),
    symbol(PUBLIC, 'AuthenticationConstants.AllowedSigningAlgorithms'),
  ),
  ...outsideEach(
    'header of a token',
    [
      ...propertiesRead('src/azure/inbound-token.ts', 'header').filter((name) => /^[a-z]\w+$/.test(name)),
      ...declaredStrings('src/azure/inbound-token.ts', 'KEY_BEARING'),
    ].filter((name) => name !== 'length' && name !== 'startsWith' && name !== 'slice'),
    word('jose/dist/types/types.d.ts'),
  ),
  ...outsideEach(
    'property of a key, or of its set',
    [
      ...propertiesOf('src/azure/inbound-metadata.ts', 'Fields').filter((name) => name.length > 1),
      ...stringsIn('src/azure/inbound-metadata.ts', /^(?:RSA|sig)$/, 2),
    ],
    word(
      'jose/dist/types/types.d.ts',
      `${AUTH}/openIdMetadata.js`,
      '@azure/msal-node/node_modules/@azure/msal-common/lib',
    ),
  ),
  ...exchangeAudiences(),
  ...forwardingHeaders(),
  ...outsideEach('host of an account in Azure', expressionsIn('src/settings-store.ts', /azure|\$$/, 1), accountHost()),
  ...outsideEach('header of a client assertion', stringsIn('src/azure/credentials.ts', /^x5t/, 2), literal(MSAL)),
  ...outsideEach(
    'algorithm of a client assertion',
    stringsIn('src/azure/credentials.ts', /^[RP]S\d+$/, 2),
    literal(MSAL),
  ),
  ...outsideEach(
    'path of the token endpoint',
    stringsIn('src/azure/credentials.ts', /^\/oauth2/, 1),
    open('ToChannelFromBotTokenEndpointPath'),
  ),
  ...outsideEach(
    'error of a directory that does not know a resource',
    declaredStrings('src/azure/identity.ts', 'NOT_REGISTERED'),
    symbol('@azure/cosmos/dist/commonjs/common/constants.js', 'AAD_RESOURCE_NOT_FOUND_ERROR'),
  ),
  ...outsideEach(
    'type of a registration',
    stringsIn('src/settings.ts', /^(?:UserAssigned|Single|Multi)[A-Z]\w+$/, 4),
    resourceString('Microsoft.BotService/botServices'),
  ),
];
