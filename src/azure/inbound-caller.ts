import type { Admission, Refusal } from '../ports/inbound-auth';
import type { Activity } from '../schema/activity';
import { failure } from '../schema/errors';
import { isVouchingChannel } from '../schema/vouching';
import type { KeyRing } from './inbound-keys';
import type { SigningKey } from './inbound-signing-key';
import type { Claims } from './inbound-token';
import { isSameServiceUrl, isTrustedServiceUrl, type ServiceTrust } from './service-hosts';

/** Who a token says its caller is, should its signature stand. Keeps of the claims only what is needed afterwards. */
export interface Claimed {
  readonly ok: true;
  /** The tenant of a directory, and the issuer that a key of this directory names if it signs for that tenant. */
  readonly tenant?: { readonly id: string; readonly issuer: string };
}

/** A kind of caller: whose tokens it comes with, and what they must say beyond audience and times. */
export interface CallerKind<C extends Claimed> {
  readonly issuers: ReadonlySet<string>;
  readonly keys: KeyRing;
  claimed(claims: Claims): C | Refusal;
}

/** A caller that posts activities. */
export interface BotCaller extends Claimed {
  /** Pure. */
  admit(activity: Activity, key: SigningKey): Admission;
}

/** Returns whether two app ids are the same: GUIDs are compared without letter case, as the Teams SDKs compare them. */
export function isSameAppId(one: unknown, other: string): boolean {
  return typeof one === 'string' && one.toLowerCase() === other.toLowerCase();
}

/**
 * Returns whether a key may sign for a channel. A key that lists endorsements signs for those channels only; one that lists none signs for
 * any channel of its issuer, as in botframework-connector 4.23.3 (`JwtTokenExtractor`). The keys for Web Chat and Direct Line have listed
 * none since September 2023 (MicrosoftDocs/bot-docs#2300).
 */
function signsForChannel({ endorsements }: SigningKey, channelId: string): boolean {
  return endorsements === undefined || endorsements.has(channelId);
}

/**
 * Returns whether a key that may sign for a channel vouches for the identity fields of its activities. On a channel that vouches by itself the
 * key has to list it: one that lists none may belong to a channel whose clients write these fields. On one that the operator has named,
 * it need not, because the keys for Web Chat and Direct Line list none.
 */
function vouchesFor(channelId: string, { endorsements }: SigningKey, named: ReadonlySet<string> | undefined): boolean {
  if (isVouchingChannel(channelId)) return endorsements?.has(channelId) === true;
  return isVouchingChannel(channelId, named);
}

/**
 * The channels of Bot Service. Their tokens carry the service URL; which channels a token may speak for is said by the key that
 * signed it.
 */
export function channelCallers(options: {
  readonly issuer: string;
  readonly appId: string;
  readonly keys: KeyRing;
  readonly trust: ServiceTrust;
  /** How bots know the channels of this cloud, if they know them by anything. */
  readonly callerId?: string | undefined;
  /** Further channels that the operator takes for vouching, in lower case. */
  readonly vouchingChannels?: ReadonlySet<string> | undefined;
}): CallerKind<BotCaller> {
  const { appId, trust, callerId, vouchingChannels } = options;
  const caller = callerId === undefined ? {} : { callerId };
  return {
    issuers: new Set([options.issuer]),
    keys: options.keys,
    claimed({ serviceurl: serviceUrl, appid, azp }) {
      if (typeof serviceUrl !== 'string' || serviceUrl === '') {
        return failure(401, 'TokenClaimRefused', 'It names no service URL.');
      }
      // These say which application a token was made for; a channel is none, so at most they may repeat the audience.
      if ([appid, azp].some((party) => party !== undefined && !isSameAppId(party, appId))) {
        return failure(403, 'CallerNotAllowed');
      }
      return {
        ok: true,
        admit(activity, key) {
          const { channelId } = activity;
          if (!signsForChannel(key, channelId)) return failure(403, 'ChannelNotEndorsed');
          if (!isSameServiceUrl(activity.serviceUrl, serviceUrl)) return failure(403, 'ServiceUrlNotClaimed');
          // What the token says is what its issuer has signed; the activity may differ by a slash or in letter case.
          if (!isTrustedServiceUrl(serviceUrl, trust) || !isTrustedServiceUrl(activity.serviceUrl, trust)) {
            return failure(403, 'ServiceUrlNotTrusted');
          }
          const vouched = vouchesFor(channelId, key, vouchingChannels);
          return { ok: true, pinned: { serviceUrl, ...caller, ...(vouched ? { vouched } : {}) } };
        },
      };
    },
  };
}
