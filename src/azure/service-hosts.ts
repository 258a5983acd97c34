import { TurnwiseError } from '../schema/errors';
import { hostOfServiceUrl } from '../schema/service-host';

/**
 * Where the bot's token may go. An activity names the address its replies are sent to, and the bearer token travels with them,
 * so an address is believed only if it is https on a name that Microsoft (or 21Vianet, in China) alone can hand out.
 *
 * Never a suffix under which a customer can register a name: `trafficmanager.net`, `azurewebsites.net`, `azure.us` and
 * `azure.cn` are such suffixes, which is why Traffic Manager is listed by exact names and the sovereign clouds with their
 * `botframework.` label.
 */
const EXACT: readonly string[] = [
  'smba.trafficmanager.net', // Teams, public cloud, all regions
  'smba.onyx.prod.teams.trafficmanager.net', // Teams, public cloud, on the list of Microsoft's own Teams SDK
];

const BELOW: readonly string[] = [
  'botframework.com', // Direct Line, Web Chat and the other channels of Bot Service, public cloud
  'teams.microsoft.com', // Teams: smba.infra.gcc.teams.microsoft.com (GCC) and its siblings
  'botframework.azure.us', // Bot Service, US Government
  'teams.microsoft.us', // Teams: smba.infra.{gov,dod}.teams.microsoft.us (GCC High, DoD)
  'botframework.azure.cn', // Bot Service, China
  'teams.microsoftonline.cn', // Teams: frontend.botapi.msg.infra.teams.microsoftonline.cn (China)
];

/**
 * The text itself has to be plain: `new URL` forgives white space, backslashes, unicode and percent-encoded host names, user
 * information and more, and something else that reads the same text may forgive differently.
 */
const PLAIN = /^(https?):\/\/([a-z0-9.-]+|\[::1\])(?::(\d{1,5}))?(?:\/[\w!$&'()*+,;=:@%.~/-]*)?$/i;

const LABELS = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+$/;

const LOOPBACK = /^(?:localhost|127(?:\.(?:0|[1-9]\d{0,2})){3}|\[::1\])$/;

const MAX_LENGTH = 2048;

/** How far to trust. `development` adds loopback addresses, plain http included; it is never set in Azure. */
export interface ServiceTrust {
  readonly development: boolean;
  /** Further hosts that the operator trusts, by exact name in lower case: over https, on its own port. */
  readonly hosts?: ReadonlySet<string> | undefined;
  /** An address that the operator has set: trusted whatever its name, over https. For services that no activity names. */
  readonly configured?: string;
}

/** The parsed address if the bot's token may be sent there, else `undefined`. */
export function trustedServiceUrl(text: unknown, trust: ServiceTrust): URL | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined;
  const plain = PLAIN.exec(text);
  if (plain === null || !URL.canParse(text)) return undefined;
  const scheme = plain[1]?.toLowerCase();
  const host = plain[2]?.toLowerCase() ?? '';
  const url = new URL(text);
  if (url.hostname !== host) return undefined;
  if (LOOPBACK.test(host)) return trust.development ? url : undefined;
  if (scheme !== 'https') return undefined;
  return text === trust.configured || (url.port === '' && isServiceHost(host, trust)) ? url : undefined;
}

/** Whether the bot's token may be sent to this address. Anything that is not a plain address of a known service is not one. */
export function isTrustedServiceUrl(text: unknown, trust: ServiceTrust): boolean {
  return trustedServiceUrl(text, trust) !== undefined;
}

/** The error for an address that the bot's token is not sent to. It names the host, which an operator may allow. */
export function serviceUrlNotTrusted(serviceUrl: unknown): TurnwiseError {
  const host = hostOfServiceUrl(serviceUrl);
  return new TurnwiseError('ServiceUrlNotTrusted', host === undefined ? undefined : `Its host is ${host}.`);
}

/**
 * Returns whether two service URLs are the same address: letter case and one trailing slash do not count, as in the Teams SDKs (channels
 * have sent tokens and activities that differ in either).
 */
export function isSameServiceUrl(one: unknown, other: string): boolean {
  return typeof one === 'string' && comparable(one) === comparable(other);
}

const comparable = (serviceUrl: string): string => serviceUrl.replace(/\/$/, '').toLowerCase();

function isServiceHost(host: string, { hosts }: ServiceTrust): boolean {
  if (EXACT.includes(host) || hosts?.has(host) === true) return true;
  return BELOW.some((zone) => host.endsWith(`.${zone}`) && LABELS.test(host.slice(0, -zone.length)));
}
