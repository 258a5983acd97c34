import type { Admission, InboundAuth, InboundRequest, Refusal } from '../ports/inbound-auth';
import type { Activity } from '../schema/activity';
import { failure, TurnwiseError } from '../schema/errors';
import { isVouchingChannel } from '../schema/vouching';
import { isLoopbackServiceUrl } from './inbound-loopback';

const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/** Headers that proxies, tunnels, load balancers and Azure's own front ends add. Between a bot and its own machine there is none. */
const FORWARDING: readonly RegExp[] = [
  /^(?:forwarded|via|max-forwards|client-ip|true-client-ip|x-client-ip|x-client-port|x-real-ip|x-cluster-client-ip)$/,
  /^x-(?:forwarded|original|arr|azure|fd|appservice|site|waws|envoy|amzn|proxy|tunnel)(?:-|$)/,
  /^x-ms-(?:client-principal|token|forwarded|original|proxy)(?:-|$)/,
  /^x-ms-(?:.+-)?forwarded(?:-|$)/,
  /^(?:cf|fastly|ngrok|cdn)-/,
  /^(?:disguised-host|was-default-hostname)$/,
];

export interface AnonymousOptions {
  readonly development: boolean;
  readonly appId?: string;
  /** Further channels that the operator takes for vouching, in lower case. */
  readonly vouchingChannels?: ReadonlySet<string> | undefined;
}

/**
 * Lets requests of this machine in without a token, for a bot that has no app id yet. Headers can be forged, and are the second line:
 * the first is that the local runner listens on 127.0.0.1 only. What the checks here do stop is what reaches a loopback port
 * without meaning to forge anything: tunnels and proxies, and web pages of elsewhere in a browser of this machine.
 *
 * @throws TurnwiseError `AppIdMissing` outside development, `SettingInvalid` when there is an app id: then there are tokens to check.
 */
export function createAnonymousAuth(options: AnonymousOptions): InboundAuth {
  if (!options.development) throw new TurnwiseError('AppIdMissing');
  if (options.appId !== undefined && options.appId !== '') {
    throw new TurnwiseError('SettingInvalid', 'With MicrosoftAppId set, requests are not taken without a token.');
  }
  return {
    mode: 'anonymous-loopback',
    authenticate: async (request) => refusalOf(request) ?? { ok: true, admit: admitting(options.vouchingChannels) },
  };
}

/**
 * Returns what admits activities with a loopback service URL: replies go there, so a request that should not have come in cannot make the bot call
 * another machine. What plays a channel on a developer's machine vouches as the channel would.
 */
function admitting(vouchingChannels: ReadonlySet<string> | undefined) {
  return ({ channelId, serviceUrl }: Activity): Admission => {
    if (!isLoopbackServiceUrl(serviceUrl)) return failure(403, 'ServiceUrlNotTrusted');
    const vouched = isVouchingChannel(channelId, vouchingChannels);
    return { ok: true, pinned: { serviceUrl, ...(vouched ? { vouched } : {}) } };
  };
}

function refusalOf({ headers }: InboundRequest): Refusal | undefined {
  const refusal = foreignRefusal(headers);
  if (refusal !== undefined) return refusal;
  // Real channels always send a token, so this one came through a tunnel that hides itself, or is meant to be checked.
  return headers.authorization === undefined ? undefined : failure(401, 'TokenNotExpected');
}

/** Refuses what did not come from a program, or a page, of this machine; `undefined` for what did. */
export function foreignRefusal(headers: InboundRequest['headers']): Refusal | undefined {
  const { host, origin } = headers;
  // A page of elsewhere whose name was made to resolve to this machine (DNS rebinding) has its own name here.
  if (host === undefined || !LOOPBACK_HOST.test(host)) return failure(403, 'NotLocal');
  const present = Object.keys(headers).filter((name) => headers[name] !== undefined);
  if (present.some((name) => FORWARDING.some((pattern) => pattern.test(name.toLowerCase())))) {
    return failure(403, 'NotLocal', 'It was forwarded.');
  }
  // Browsers name the page on every POST. Pages served by this machine are the developer's own.
  if (origin !== undefined && !LOOPBACK_ORIGIN.test(origin)) return failure(403, 'OriginRefused');
  return undefined;
}
