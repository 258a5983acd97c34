import type { TokenCredential } from '@azure/identity';
import { createTokenSource, type TokenSource, type TokenSourceOptions, Unusable } from './token-source';

/** Who this process is in Azure. */
export interface AzureIdentity {
  /** Of the user-assigned identity. */
  readonly clientId?: string;
  /** Whether there is a managed identity to use; otherwise the developer's own sign-in is tried too. */
  readonly managed: boolean;
}

/**
 * The identity that this process has in Azure, for Azure's own services. `managed` says there is a managed identity to use;
 * otherwise the developer's own sign-in (Azure CLI and its kin) is tried as well, which takes seconds and has no place in Azure.
 * Loads `@azure/identity`, which is why nothing calls it while keys do.
 */
export function azureIdentity(options: AzureIdentity): TokenCredential {
  const sdk = require('@azure/identity') as typeof import('@azure/identity');
  const { clientId } = options;
  if (!options.managed) {
    return new sdk.DefaultAzureCredential(clientId === undefined ? {} : { managedIdentityClientId: clientId });
  }
  return clientId === undefined
    ? new sdk.ManagedIdentityCredential({ retryOptions: { maxRetries: 1 } })
    : new sdk.ManagedIdentityCredential({ clientId, retryOptions: { maxRetries: 1 } });
}

/** The directory's answer where nothing is registered under a scope. */
const NOT_REGISTERED = 'AADSTS500011';

/**
 * Tokens of an identity for one service. Nothing is loaded or asked for before the first one is needed.
 * @param scopes the service's name in the directory, and others that it may have instead
 */
export function identityTokens(
  identity: () => TokenCredential,
  scopes: readonly [string, ...string[]],
  options: TokenSourceOptions,
): TokenSource {
  let [scope, ...others] = scopes;
  return createTokenSource(async (signal) => {
    // A credential per request: those of the SDK cache, and a token that was turned down must not come back out of a cache.
    const answer = await identity()
      .getToken(scope, { abortSignal: signal })
      .catch((error: unknown) => {
        const [next, ...rest] = others;
        if (next !== undefined && error instanceof Error && error.message.includes(NOT_REGISTERED)) {
          scope = next;
          others = rest;
        }
        throw error;
      });
    if (answer === null) throw new Unusable('the answer holds no token');
    return { token: answer.token, expiresAt: answer.expiresOnTimestamp };
  }, options);
}
