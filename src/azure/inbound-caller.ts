import type { Admission, Refusal } from '../ports/inbound-auth';
import type { Activity } from '../schema/activity';
import { failure } from '../schema/errors';
import type { KeyRing } from './inbound-keys';
import type { SigningKey } from './inbound-signing-key';
import type { Claims } from './inbound-token';
import { isTrustedServiceUrl } from './service-hosts';

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

/** Whether two service URLs are one, as written: they may differ by one trailing slash. */
export function isSameServiceUrl(one: unknown, other: string): boolean {
  return typeof one === 'string' && one.replace(/\/$/, '') === other.replace(/\/$/, '');
}

/**
 * The channels of Bot Service. Their tokens carry the service URL; which channels a token may speak for is said by the key that
 * signed it.
 */
export function channelCallers(options: {
  readonly issuer: string;
  readonly appId: string;
  readonly keys: KeyRing;
  readonly development: boolean;
  /** How bots know the channels of this cloud, if they know them by anything. */
  readonly callerId?: string | undefined;
}): CallerKind<BotCaller> {
  const { appId, development, callerId } = options;
  const caller = callerId === undefined ? {} : { callerId };
  return {
    issuers: new Set([options.issuer]),
    keys: options.keys,
    claimed({ serviceurl: serviceUrl, appid, azp }) {
      if (typeof serviceUrl !== 'string' || serviceUrl === '') {
        return failure(401, 'TokenClaimRefused', 'It names no service URL.');
      }
      // These say which application a token was made for; a channel is none, so at most they may repeat the audience.
      if ([appid, azp].some((party) => party !== undefined && party !== appId)) return failure(403, 'CallerNotAllowed');
      return {
        ok: true,
        admit(activity, key) {
          if (!key.endorsements.has(activity.channelId)) return failure(403, 'ChannelNotEndorsed');
          if (!isSameServiceUrl(activity.serviceUrl, serviceUrl)) return failure(403, 'ServiceUrlNotClaimed');
          // What the token says is what its issuer has signed; the activity may differ by a slash.
          return isTrustedServiceUrl(serviceUrl, { development }) &&
            isTrustedServiceUrl(activity.serviceUrl, { development })
            ? { ok: true, pinned: { serviceUrl, ...caller } }
            : failure(403, 'ServiceUrlNotTrusted');
        },
      };
    },
  };
}
