import { constants, randomUUID, sign } from 'node:crypto';
import type { TokenCredential, TokenCredentialOptions } from '@azure/identity';
import type { Secret } from '../schema/secret';
import { createTokenSource, type TokenSource, type TokenSourceOptions, Unusable } from './token-source';

/** What the bot proves its identity with. */
export type AppCredential =
  | { readonly kind: 'managedIdentity' }
  | { readonly kind: 'password'; readonly password: Secret }
  | { readonly kind: 'certificate'; readonly thumbprint: string; readonly privateKey: Secret }
  /** A managed identity, named by its client id, that the app registration trusts (federated identity credential). */
  | { readonly kind: 'federated'; readonly clientId: string };

/** Who the bot is when it calls its channels. */
export interface OutboundIdentity {
  readonly appId: string;
  /** The directory that issues the token. */
  readonly tenant: string;
  /** Origin of the directory's login service, `https://login.microsoftonline.com` or a sovereign cloud's. */
  readonly authorityHost: string;
  /** What the token is for, `https://api.botframework.com/.default` or a sovereign cloud's. */
  readonly scope: string;
  readonly credential: AppCredential;
}

/**
 * The bot's outbound tokens. Nothing is loaded or asked for before the first one is needed.
 * `docs/decisions/outbound-credentials.md` says why this stands on `@azure/identity`.
 *
 * @param http replaces the HTTP client of `@azure/identity`.
 */
export function createOutboundTokens(
  identity: OutboundIdentity,
  options: TokenSourceOptions,
  http?: TokenCredentialOptions['httpClient'],
): TokenSource {
  return createTokenSource(async (signal) => {
    // A credential per request: those of the SDK cache, and a token that a service turned down must not come back out of a cache.
    const credential = azureCredential(identity, () => options.clock.now(), http);
    const answer = await credential.getToken(identity.scope, { abortSignal: signal });
    if (answer === null) throw new Unusable('the answer holds no token');
    return { token: answer.token, expiresAt: answer.expiresOnTimestamp };
  }, options);
}

function azureCredential(
  identity: OutboundIdentity,
  now: () => number,
  http: TokenCredentialOptions['httpClient'],
): TokenCredential {
  const sdk = require('@azure/identity') as typeof import('@azure/identity');
  const { appId, tenant, authorityHost, credential } = identity;
  const transport = { retryOptions: { maxRetries: 1 }, ...(http === undefined ? {} : { httpClient: http }) };
  // The login service is the operator's choice: it is not looked up in a public directory first.
  const login = { ...transport, authorityHost, disableInstanceDiscovery: true };
  switch (credential.kind) {
    case 'managedIdentity':
      return new sdk.ManagedIdentityCredential({ clientId: appId, ...transport });
    case 'password':
      return new sdk.ClientSecretCredential(tenant, appId, credential.password.reveal(), login);
    case 'certificate': {
      const assertion = async () => certificateAssertion(identity, credential, now());
      return new sdk.ClientAssertionCredential(tenant, appId, assertion, login);
    }
    case 'federated': {
      const managed = new sdk.ManagedIdentityCredential({ clientId: credential.clientId, ...transport });
      const audience = exchangeAudience(authorityHost);
      return new sdk.ClientAssertionCredential(
        tenant,
        appId,
        async () => (await managed.getToken(audience)).token,
        login,
      );
    }
  }
}

/** The audience that a cloud's directory expects of a managed identity's token when it stands in for an app's credential. */
function exchangeAudience(authorityHost: string): string {
  const host = new URL(authorityHost).hostname;
  if (host.endsWith('.us')) return 'api://AzureADTokenExchangeUSGov/.default';
  if (host.endsWith('.cn')) return 'api://AzureADTokenExchangeChina/.default';
  return 'api://AzureADTokenExchange/.default';
}

/**
 * Signs the statement that the directory takes in place of a password. Written out here because bots configure a thumbprint and a
 * private key, and the SDK's certificate credential asks for the certificate itself.
 */
function certificateAssertion(
  identity: OutboundIdentity,
  certificate: { readonly thumbprint: string; readonly privateKey: Secret },
  nowMs: number,
): string {
  const thumbprint = Buffer.from(certificate.thumbprint, 'hex');
  const { alg, field, padding } = thumbprint.length === SHA256_BYTES ? BY_SHA256 : BY_SHA1;
  const header = { alg, typ: 'JWT', [field]: thumbprint.toString('base64url') };
  const now = Math.floor(nowMs / 1000);
  const claims = {
    aud: `${identity.authorityHost}/${identity.tenant}/oauth2/v2.0/token`,
    iss: identity.appId,
    sub: identity.appId,
    jti: randomUUID(),
    nbf: now - 60,
    exp: now + 600,
  };
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const key = { key: certificate.privateKey.reveal(), ...padding };
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

const SHA256_BYTES = 32;

/**
 * Signature and certificate field of an assertion. Microsoft Entra ID takes these two combinations (Microsoft identity platform,
 * "Application authentication certificate credentials"; the library MSAL signs in the same two ways).
 */
const BY_SHA256 = {
  alg: 'PS256',
  field: 'x5t#S256',
  padding: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
} as const;
const BY_SHA1 = { alg: 'RS256', field: 'x5t', padding: {} } as const;
