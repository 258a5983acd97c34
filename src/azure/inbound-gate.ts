import type { Clock } from '../ports/clock';
import type { Authenticated, InboundAuth, InboundRequest, Refusal } from '../ports/inbound-auth';
import { type Failure, failure } from '../schema/errors';
import type { CallerKind, ClaimedCaller } from './inbound-caller';
import type { SigningKey } from './inbound-signing-key';
import { bearerToken, type Claims, type PresentedToken, readToken } from './inbound-token';
import { VerifiedTokens } from './inbound-verified';

export interface GateOptions {
  readonly appId: string;
  /** Kinds of caller, told apart by issuer. */
  readonly callers: readonly CallerKind[];
  readonly clock: Pick<Clock, 'now'>;
}

/** How far clocks may differ. */
const SKEW_SECONDS = 300;

/**
 * Authenticates by bearer token. The order of the checks is the point: what costs nothing comes first, and the signature, which costs
 * most, last; until it stands, nothing that a token says is used for anything but refusing it.
 */
export function createGate({ appId, callers, clock }: GateOptions): InboundAuth {
  const verified = new VerifiedTokens();

  async function authenticate(authorization: string | undefined): Promise<Authenticated | Refusal> {
    const bearer = bearerToken(authorization);
    if (!bearer.ok) return bearer;
    const known = verified.get(bearer.text);
    if (known !== undefined) {
      return refusedByTime(known.validity, clock.now()) ?? authenticated(known.caller, known.key);
    }
    const token = readToken(bearer.text);
    return token.ok ? verify(token) : token;
  }

  async function verify(token: PresentedToken): Promise<Authenticated | Refusal> {
    const { claims, keyId } = token;
    const kind = callers.find(({ issuers }) => typeof claims.iss === 'string' && issuers.has(claims.iss));
    if (kind === undefined) return failure(401, 'TokenIssuerRefused');
    // Compared as a string: a list that contains it would also be good for others.
    if (claims.aud !== appId) return failure(401, 'TokenAudienceRefused');
    const validity = validityOf(claims);
    if (validity === undefined)
      return failure(401, 'TokenClaimRefused', 'It does not say from when to when it is valid.');
    const refused = refusedByTime(validity, clock.now());
    if (refused !== undefined) return refused;
    const caller = kind.claimed(claims);
    if (!caller.ok) return caller;
    const key = await kind.keys.find(keyId);
    if (key === 'unavailable') return failure(503, 'KeysUnavailable');
    if (key === 'unknown') return failure(401, 'TokenKeyUnknown');
    if (!(await key.hasSigned(token))) return failure(401, 'TokenSignatureRefused');
    verified.add(token.text, { keyId, key, keys: kind.keys, validity, caller });
    return authenticated(caller, key);
  }

  return {
    mode: 'bot-service',
    async authenticate({ headers }: InboundRequest) {
      try {
        return await authenticate(headers.authorization);
      } catch {
        // Nothing here is expected to throw. If something does, nobody gets in.
        return failure(503, 'AuthenticationFailed');
      }
    },
  };
}

function authenticated(caller: ClaimedCaller, key: SigningKey): Authenticated {
  return { ok: true, admit: (activity) => caller.admit(activity, key) };
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
