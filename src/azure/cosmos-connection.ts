import type { Secret } from '../schema/secret';
import type { TransportName } from './cosmos-transport';
import type { AzureIdentity } from './identity';

/** How the account is reached: with the identity of this process, or with a key where one is given, which is for emulators. */
export interface CosmosConnection extends AzureIdentity {
  readonly endpoint: string;
  readonly database: string;
  readonly key?: Secret;
  /** Creates database and containers where they are missing. For development: in Azure the deployment template does. */
  readonly create: boolean;
  /** The way to the items of the account; `rest` unless it is said. */
  readonly transport?: TransportName;
  /** For one request on the network: what is slower is a fault, and asked again by whoever needs it. In ms. */
  readonly requestLimitMs?: number;
  /** Whether queries may take their time: for a command, which looks through everything, and for which only its operator waits. */
  readonly patient?: boolean;
}

/** Whether the account is an emulator's, on this machine. */
export function isLocal(endpoint: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(endpoint).hostname);
}
