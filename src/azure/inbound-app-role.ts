import type { AppAuth, AppCaller } from '../ports/app-auth';
import { failure, TurnwiseError } from '../schema/errors';
import { applicationOf, isForUser, isIssuedBy } from './inbound-application';
import { type CallerKind, type Claimed, isSameAppId } from './inbound-caller';
import { type DirectoryCloud, inboundCloud } from './inbound-clouds';
import { type KeySource, keyRingAt } from './inbound-key-source';
import type { KeyRing } from './inbound-keys';
import type { Claims } from './inbound-token';
import { createTokenVerifier } from './inbound-verifier';

export interface AppRoleOptions extends KeySource {
  /** The one tenant whose applications may call, by its id. */
  readonly tenantId: string;
  /**
   * What tokens have to be made out to, as it stands in them: the app id of the registration that has the roles in tokens of version 2, its
   * application id URI in those of version 1.
   */
  readonly audiences: readonly string[];
  /** The app roles, by value; a caller needs one of them. */
  readonly roles: readonly string[];
  /** The bot's own app id: with a token of its own nobody is let in. */
  readonly ownAppId?: string | undefined;
  /** Names the cloud; not set is the public one. */
  readonly channelService?: string | undefined;
  /** Instead of the cloud's. */
  readonly directoryMetadataUrl?: string | undefined;
}

/**
 * Lets in applications of one tenant that were given an app role in Microsoft Entra ID, by the token that they get for themselves (client
 * credentials, or a managed identity). Not let in: users, whatever their roles; channels; parent bots; the bot itself.
 * Nothing is fetched and no library loaded before the first token comes.
 *
 * @throws TurnwiseError `SettingInvalid` when an option cannot be used
 */
export function createAppRoleAuth(options: AppRoleOptions): AppAuth {
  const { tenantId, audiences, roles, clock } = options;
  const directory = inboundCloud(options.channelService)?.directory;
  if (directory === undefined) throw invalid('App roles can be used in the known clouds only.');
  if (!GUID.test(tenantId)) throw invalid('The tenant of callers has to be given by its id, in lower case.');
  if (isEmpty(audiences))
    throw invalid('There has to be an audience that tokens are made out to, and none may be empty.');
  if (isEmpty(roles)) throw invalid('There has to be an app role that lets callers in, and none may be empty.');
  const metadataUrl = options.directoryMetadataUrl ?? directory.metadataUrl;
  const keys = keyRingAt(metadataUrl, 'ToBotFromEmulatorOpenIdMetadataUrl', options);
  const verify = createTokenVerifier({ audiences, callers: [applications(options, directory, keys)], clock });
  return {
    mode: 'app-role',
    async authenticate({ headers }) {
      const verified = await verify(headers.authorization);
      return verified.ok ? verified.caller.application : verified;
    },
  };
}

interface ClaimedApplication extends Claimed {
  readonly application: AppCaller;
}

function applications(
  { tenantId, roles, ownAppId }: AppRoleOptions,
  directory: DirectoryCloud,
  keys: KeyRing,
): CallerKind<ClaimedApplication> {
  const { v1, v2 } = directory.issuers(tenantId);
  return {
    issuers: new Set([...v1, v2]),
    keys,
    claimed(claims) {
      const appId = applicationOf(claims);
      if (typeof appId !== 'string' || appId === '' || !isIssuedBy(directory, tenantId, claims)) {
        return failure(403, 'CallerNotAllowed', 'It names no application of the tenant.');
      }
      if (ownAppId !== undefined && isSameAppId(appId, ownAppId))
        return failure(403, 'CallerNotAllowed', "It is the bot's own.");
      if (isForUser(claims) || !isForItself(claims)) {
        return failure(403, 'CallerNotAllowed', 'It was not made for an application alone.');
      }
      const given = rolesIn(claims, roles);
      if (given.size === 0) return failure(403, 'RoleMissing');
      return {
        ok: true,
        tenant: { id: tenantId, issuer: v2 },
        application: { ok: true, appId, tenantId, roles: given },
      };
    },
  };
}

/**
 * An application that has a role has an object in the tenant, and in a token for itself it is the subject too. It has proved who it is:
 * `0` says that anybody could have asked in its name.
 */
function isForItself({ oid, sub, appidacr, azpacr }: Claims): boolean {
  return typeof oid === 'string' && oid !== '' && oid === sub && appidacr !== '0' && azpacr !== '0';
}

/** A text that holds the name of a role is no list that has it. */
function rolesIn({ roles }: Claims, known: readonly string[]): ReadonlySet<string> {
  return new Set(Array.isArray(roles) ? known.filter((role) => roles.includes(role)) : []);
}

const GUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

const isEmpty = (texts: readonly string[]): boolean => texts.length === 0 || texts.some((text) => text.trim() === '');

const invalid = (detail: string): TurnwiseError => new TurnwiseError('SettingInvalid', detail);
