import type { TokenCredential } from '@azure/identity';

/**
 * The identity that this process has in Azure, for Azure's own services. `managed` says there is a managed identity to use;
 * otherwise the developer's own sign-in (Azure CLI and its kin) is tried as well, which takes seconds and has no place in Azure.
 * Loads `@azure/identity`, which is why nothing calls it while keys do.
 */
export function azureIdentity(options: { readonly clientId?: string; readonly managed: boolean }): TokenCredential {
  const sdk = require('@azure/identity') as typeof import('@azure/identity');
  const { clientId } = options;
  if (!options.managed) {
    return new sdk.DefaultAzureCredential(clientId === undefined ? {} : { managedIdentityClientId: clientId });
  }
  return clientId === undefined
    ? new sdk.ManagedIdentityCredential({ retryOptions: { maxRetries: 1 } })
    : new sdk.ManagedIdentityCredential({ clientId, retryOptions: { maxRetries: 1 } });
}
