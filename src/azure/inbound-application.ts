import type { DirectoryCloud } from './inbound-clouds';
import type { Claims } from './inbound-token';

/** The application that asked for the token. Versions name it differently; a token that uses both names is neither. */
export function applicationOf({ ver, appid, azp }: Claims): unknown {
  if (ver === '1.0' && azp === undefined) return appid;
  return ver === '2.0' && appid === undefined ? azp : undefined;
}

/** Whether a tenant issued it, by every claim that says so and in the form that the token's version has. */
export function isIssuedBy(directory: DirectoryCloud, tenantId: string, { ver, tid, iss }: Claims): boolean {
  const { v1, v2 } = directory.issuers(tenantId);
  return tid === tenantId && (ver === '2.0' ? iss === v2 : v1.some((issuer) => issuer === iss));
}

/** Tokens that an application gets for itself have no scopes, and their subject is the application's own object. */
export function isForUser({ scp, idtyp, oid, sub }: Claims): boolean {
  return scp !== undefined || (idtyp !== undefined && idtyp !== 'app') || (oid !== undefined && oid !== sub);
}
