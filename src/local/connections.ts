import { QueueServiceClient, type StoragePipelineOptions } from '@azure/storage-queue';
import { oneLine, StartupError } from './startup-error';

/**
 * Queue work is repeated by the listener itself, which knows what may be repeated; the SDK's four tries from four seconds on
 * would only hide from it that the queue is gone.
 */
const OPTIONS: StoragePipelineOptions = {
  retryOptions: { maxTries: 3, retryDelayInMs: 200, maxRetryDelayInMs: 1_000, tryTimeoutInMs: 30_000 },
};

/**
 * Finds what a binding's `connection` names, as the host does: the setting itself or one with `AzureWebJobs` in front, holding a
 * connection string, or a group of settings (`__queueServiceUri` or `__accountName`) to be used with an identity.
 */
export function queueService(connection: string, env: NodeJS.ProcessEnv): QueueServiceClient {
  const names = connection.startsWith('AzureWebJobs') ? [connection] : [`AzureWebJobs${connection}`, connection];
  for (const name of names) {
    const text = env[name];
    if (text) return fromConnectionString(name, text);
    const url = serviceUrl(name, env);
    if (url !== undefined) {
      const { DefaultAzureCredential } = require('@azure/identity') as typeof import('@azure/identity');
      const clientId = env[`${name}__clientId`];
      const credential = new DefaultAzureCredential(clientId ? { managedIdentityClientId: clientId } : {});
      return new QueueServiceClient(url, credential, OPTIONS);
    }
  }
  throw new StartupError(`The connection "${connection}" is not set; put a storage connection string there.`);
}

function fromConnectionString(name: string, text: string): QueueServiceClient {
  try {
    return QueueServiceClient.fromConnectionString(text, OPTIONS);
  } catch (error) {
    throw new StartupError(`${name} is not a storage connection string: ${oneLine(error)}`);
  }
}

/** The address of the queue service in a group of settings, or undefined if there is no such group. */
export function serviceUrl(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const uri = env[`${name}__queueServiceUri`];
  if (uri) return uri;
  const account = env[`${name}__accountName`];
  return account ? `https://${account}.queue.core.windows.net` : undefined;
}
