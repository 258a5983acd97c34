import { isSameServiceUrl, type ServiceTrust, trustedServiceUrl } from './service-hosts';
import type { TokenSource } from './token-source';

/** A bot that calls this one as its skill, and the token with which it takes replies: one for it and nobody else. */
export interface ParentBot {
  /** The one address at which it takes replies. */
  readonly serviceUrl: string;
  readonly tokens: TokenSource;
}

/** Where the bot may call, and with whose token. */
export interface ServiceRouting {
  /** Goes with every call to a channel; `undefined` for the anonymous bot of local development. */
  readonly tokens: TokenSource | undefined;
  readonly trust: ServiceTrust;
  readonly parents?: readonly ParentBot[] | undefined;
}

/** One place to call, with the token that goes there. */
export interface ServiceRoute {
  readonly origin: URL;
  readonly tokens: TokenSource | undefined;
}

/**
 * The way to a service URL: to a configured parent bot, with a token for it; to a channel, with the bot's token for channels. There is no
 * other: `undefined`. A parent never gets the token for channels, nor a channel that for a parent.
 */
export function serviceRoute(
  serviceUrl: unknown,
  { tokens, trust, parents = [] }: ServiceRouting,
): ServiceRoute | undefined {
  const parent = parents.find((each) => isSameServiceUrl(serviceUrl, each.serviceUrl));
  if (parent !== undefined) return { origin: new URL(parent.serviceUrl), tokens: parent.tokens };
  const origin = trustedServiceUrl(serviceUrl, trust);
  return origin === undefined ? undefined : { origin, tokens };
}
