import { CallerIdConstants } from '../schema/constants';
import { failure } from '../schema/errors';
import { applicationOf, isForUser, isIssuedBy } from './inbound-application';
import type { BotCaller, CallerKind } from './inbound-caller';
import type { DirectoryCloud } from './inbound-clouds';
import type { KeyRing } from './inbound-keys';
import { isLoopbackServiceUrl } from './inbound-loopback';
import { isSameServiceUrl } from './service-hosts';

/** A bot that may call this one as its skill. It speaks for every channel that it forwards, so list only what you trust as much. */
export interface SkillCaller {
  readonly appId: string;
  readonly tenantId: string;
  /** The one address to which it may ask for replies. */
  readonly serviceUrl: string;
}

export interface DirectoryOptions {
  readonly directory: DirectoryCloud;
  readonly keys: KeyRing;
  readonly appId: string;
  /** The tenant in which the bot is registered. */
  readonly tenantId: string;
  /** Takes the tokens that the Bot Framework Emulator gets with the bot's own id and secret. In development only. */
  readonly allowEmulator: boolean;
  readonly skills: readonly SkillCaller[];
}

interface Caller {
  readonly tenantId: string;
  /** Where replies go if an activity asks for them at this address; undefined when they may not go there. */
  readonly repliesAt: (serviceUrl: string) => string | undefined;
  readonly callerId?: string;
}

/**
 * Callers with tokens of the directory: parent bots, and the Emulator. Such tokens name neither service URL nor channels, so each
 * caller is configured with all that it may do.
 *
 * The bot's own outbound token is one of these too, made out to the connector service: it fails on its audience, and without the
 * Emulator also on its caller.
 */
export function directoryCallers(options: DirectoryOptions): CallerKind<BotCaller> {
  const { directory, appId, tenantId, allowEmulator, skills } = options;
  const callers = new Map<string, Caller>();
  for (const skill of skills) {
    callers.set(skill.appId.toLowerCase(), {
      tenantId: skill.tenantId,
      repliesAt: (serviceUrl) => (isSameServiceUrl(serviceUrl, skill.serviceUrl) ? skill.serviceUrl : undefined),
      callerId: `${CallerIdConstants.BotToBotPrefix}${skill.appId}`,
    });
  }
  if (allowEmulator) {
    callers.set(appId.toLowerCase(), {
      tenantId,
      repliesAt: (serviceUrl) => (isLoopbackServiceUrl(serviceUrl) ? serviceUrl : undefined),
    });
  }

  const tenants = [...callers.values()].map((caller) => directory.issuers(caller.tenantId));
  return {
    issuers: new Set(tenants.flatMap(({ v1, v2 }) => [...v1, v2])),
    keys: options.keys,
    claimed(claims) {
      const application = applicationOf(claims);
      const caller = typeof application === 'string' ? callers.get(application.toLowerCase()) : undefined;
      if (caller === undefined) return failure(403, 'CallerNotAllowed');
      if (!isIssuedBy(directory, caller.tenantId, claims)) {
        return failure(403, 'CallerNotAllowed', 'It comes from another tenant.');
      }
      if (isForUser(claims)) return failure(403, 'CallerNotAllowed', 'It was made for a user.');
      return claimedBy(directory, caller);
    },
  };
}

function claimedBy(directory: DirectoryCloud, { tenantId, repliesAt, callerId }: Caller): BotCaller {
  return {
    ok: true,
    tenant: { id: tenantId, issuer: directory.issuers(tenantId).v2 },
    admit(activity) {
      const serviceUrl = repliesAt(activity.serviceUrl);
      if (serviceUrl === undefined) return failure(403, 'ServiceUrlNotTrusted');
      return { ok: true, pinned: { serviceUrl, ...(callerId === undefined ? {} : { callerId }) } };
    },
  };
}
