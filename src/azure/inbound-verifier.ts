import type { Clock } from '../ports/clock';
import type { Refusal } from '../ports/inbound-auth';
import { type Failure, failure } from '../schema/errors';
import type { CallerKind, Claimed } from './inbound-caller';
import type { SigningKey } from './inbound-signing-key';
import { bearerToken, type Claims, type PresentedToken, readToken } from './inbound-token';
import { VerifiedTokens } from './inbound-verified';

export interface VerifierOptions<C extends Claimed> {
  /** Audiences that a token may be made out to. App ids are compared without letter case, any other audience as it stands. */
  readonly audiences: readonly string[];
  /** Kinds of caller, told apart by issuer. */
  readonly callers: readonly CallerKind<C>[];
  readonly clock: Pick<Clock, 'now'>;
}

/** A caller whose token's signature stands. */
export interface Verified<C extends Claimed> {
  readonly ok: true;
  readonly caller: C;
  readonly key: SigningKey;
}

/** Verifies the bearer token of an Authorization header. Never rejects: an unforeseen error is a 503, and nobody gets in. */
export type VerifyToken<C extends Claimed> = (authorization: string | undefined) => Promise<Verified<C> | Refusal>;

/** How far clocks may differ. */
const SKEW_SECONDS = 300;

/**
 * Makes the checks that every bearer token goes through, whoever calls. Their order is the point: what costs nothing comes first, and the
 * signature, which costs most, last; until it stands, nothing that a token says is used for anything but refusing it.
 */
export function createTokenVerifier<C extends Claimed>(options: VerifierOptions<C>): VerifyToken<C> {
  const { callers, clock } = options;
  const audiences: ReadonlySet<unknown> = new Set(options.audiences.map(comparableAudience));
  const verified = new VerifiedTokens<C>();

  async function authenticate(authorization: string | undefined): Promise<Verified<C> | Refusal> {
    const bearer = bearerToken(authorization);
    if (!bearer.ok) return bearer;
    const known = verified.get(bearer.text);
    if (known !== undefined) {
      const { caller, key } = known;
      return refusedByTime(known.validity, clock.now()) ?? { ok: true, caller, key };
    }
    const token = readToken(bearer.text);
    return token.ok ? verify(token) : token;
  }

  async function verify(token: PresentedToken): Promise<Verified<C> | Refusal> {
    const { claims, keyId } = token;
    const kind = callers.find(({ issuers }) => typeof claims.iss === 'string' && issuers.has(claims.iss));
    if (kind === undefined) return failure(401, 'TokenIssuerRefused');
    // Compared as it stands: a list that contains a right one would also be good for others.
    if (!audiences.has(comparableAudience(claims.aud))) return failure(401, 'TokenAudienceRefused');
    const validity = validityOf(claims);
    if (validity === undefined)
      return failure(401, 'TokenClaimRefused', 'It does not say from when to when it is valid.');
    const refused = refusedByTime(validity, clock.now());
    if (refused !== undefined) return refused;
    const caller = kind.claimed(claims);
    if (!caller.ok) return caller;
    const key = await kind.keys.find(keyId);
    if (key === 'unavailable') return failure(503, 'KeysUnavailable');
    if (key === 'unknown' || !signsFor(key, caller)) return failure(401, 'TokenKeyUnknown');
    if (!(await key.hasSigned(token))) return failure(401, 'TokenSignatureRefused');
    verified.add(token.text, { keyId, key, keys: kind.keys, validity, caller });
    return { ok: true, caller, key };
  }

  return async (authorization) => {
    try {
      return await authenticate(authorization);
    } catch {
      // Nothing here is expected to throw. If something does, nobody gets in.
      return failure(503, 'AuthenticationFailed');
    }
  };
}

/** An app id, or the application id URI that Microsoft Entra ID makes of one. */
const APP_ID_AUDIENCE = /^(?:api:\/\/)?[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Returns an audience as it is compared: the Teams SDKs compare app ids without letter case since June 2026. */
function comparableAudience(audience: unknown): unknown {
  return typeof audience === 'string' && APP_ID_AUDIENCE.test(audience) ? audience.toLowerCase() : audience;
}

/** A directory publishes the keys of all its issuers in one set; a key that says whose tokens it signs signs nobody else's. */
function signsFor(key: SigningKey, { tenant }: Claimed): boolean {
  if (key.issuer === undefined || tenant === undefined) return true;
  return key.issuer.replace('{tenantid}', tenant.id) === tenant.issuer;
}

interface Validity {
  readonly nbf: number;
  readonly exp: number;
}

function validityOf({ nbf, exp }: Claims): Validity | undefined {
  // `1e999` is JSON, and infinite.
  if (typeof nbf !== 'number' || typeof exp !== 'number' || !Number.isFinite(nbf) || !Number.isFinite(exp))
    return undefined;
  return { nbf, exp };
}

function refusedByTime({ nbf, exp }: Validity, nowMs: number): Failure | undefined {
  const now = Math.floor(nowMs / 1_000);
  if (now >= exp + SKEW_SECONDS) return failure(401, 'TokenExpired');
  return now < nbf - SKEW_SECONDS ? failure(401, 'TokenNotYetValid') : undefined;
}
