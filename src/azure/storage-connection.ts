import { createSecretKey, type KeyObject } from 'node:crypto';
import { Secret } from '../schema/secret';
import type { AzureIdentity } from './identity';

/** How the storage account is reached: with a connection string, or at its queue endpoint with an identity. */
export type StorageConnection =
  | { readonly kind: 'connectionString'; readonly connectionString: Secret }
  | ({ readonly kind: 'identity'; readonly queueServiceUri: string } & AzureIdentity);

/** Where a queue is, and what a request has to show there. */
export interface QueueAddress {
  readonly service: URL;
  /** What is connected to in its place: a proxy, for plain HTTP. */
  readonly proxy: URL | undefined;
  /** The queue's path at the service, encoded. */
  readonly path: string;
  readonly proof:
    | { readonly kind: 'key'; readonly account: string; readonly key: KeyObject }
    /** A query that says what its bearer may do. */
    | { readonly kind: 'sharedAccess'; readonly query: Secret }
    | { readonly kind: 'token' };
}

/** What is wrong with a connection, in words that hold nothing of it. */
export interface Unreadable {
  readonly unreadable: string;
}

/** The emulator's published account: the same for everybody. */
const DEVELOPMENT =
  'DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;' +
  'AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;' +
  'QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1';

/**
 * Reads a connection once, for all requests. Takes the connection strings that `@azure/storage-queue` takes, and reads them as it
 * does, since the other half of the work on the same queue goes through that.
 */
export function queueAddress(connection: StorageConnection, queueName: string): QueueAddress | Unreadable {
  if (connection.kind === 'connectionString') return written(connection.connectionString.reveal(), queueName);
  const found = place(connection.queueServiceUri, queueName);
  if (found === undefined) return { unreadable: 'the address of the queue service is no http address' };
  // Whoever reads a token on the way may use it for everything that the identity may do.
  if (found.service.protocol !== 'https:') return { unreadable: 'an identity is used over https only' };
  return { ...found, proxy: undefined, proof: { kind: 'token' } };
}

function written(text: string, queueName: string): QueueAddress | Unreadable {
  const development = text.startsWith('UseDevelopmentStorage=true');
  const parts = partsOf(development ? DEVELOPMENT : text);
  const keyed = parts.has('DefaultEndpointsProtocol') && parts.has('AccountKey');
  const missing = (keyed ? missingBesideKey : missingBesideSharedAccess)(parts);
  if (missing !== undefined) return { unreadable: `the connection string has no ${missing}` };

  const account = parts.get('AccountName') ?? '';
  const usual = `${parts.get('DefaultEndpointsProtocol')}://${account}.queue.${parts.get('EndpointSuffix')}`;
  const found = place(parts.get('QueueEndpoint') ?? usual, queueName);
  if (found === undefined) return { unreadable: 'the address in the connection string is no http address' };
  if (!keyed) {
    const { search } = new URL(`?${parts.get('SharedAccessSignature')}`, found.service);
    const query = new Secret(search.slice(1));
    return { ...found, proxy: undefined, proof: { kind: 'sharedAccess', query } };
  }
  const via = development ? partsOf(text).get('DevelopmentStorageProxyUri') : undefined;
  const proxy = via === undefined ? undefined : webAddress(via);
  if (via !== undefined && proxy === undefined)
    return { unreadable: 'the proxy in the connection string is no http address' };
  const key = createSecretKey(parts.get('AccountKey') ?? '', 'base64');
  return { ...found, proxy, proof: { kind: 'key', account, key } };
}

/** Names and values. The first of a name counts, and an empty value is none. */
function partsOf(text: string): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  for (const part of text.split(';').map((each) => each.trim())) {
    const [name = ''] = part.split('=', 1);
    const value = part.slice(name.length + 1);
    if (value !== '' && !parts.has(name)) parts.set(name, value);
  }
  return parts;
}

function missingBesideKey(parts: ReadonlyMap<string, string>): string | undefined {
  const protocol = parts.get('DefaultEndpointsProtocol')?.toLowerCase();
  if (!parts.has('AccountName')) return 'AccountName';
  if (Buffer.from(parts.get('AccountKey') ?? '', 'base64').length === 0) return 'AccountKey in base64';
  if (parts.has('QueueEndpoint')) return undefined;
  if (protocol !== 'http' && protocol !== 'https') return 'DefaultEndpointsProtocol that is http or https';
  return parts.has('EndpointSuffix') ? undefined : 'EndpointSuffix';
}

function missingBesideSharedAccess(parts: ReadonlyMap<string, string>): string | undefined {
  if (parts.has('SharedAccessSignature')) return parts.has('QueueEndpoint') ? undefined : 'QueueEndpoint';
  if (!parts.has('AccountKey')) return 'AccountKey and no SharedAccessSignature';
  return 'DefaultEndpointsProtocol';
}

function place(
  serviceAddress: string,
  queueName: string,
): { readonly service: URL; readonly path: string } | undefined {
  const url = webAddress(serviceAddress);
  if (url === undefined) return undefined;
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${queueName}`;
  return { service: new URL(url.origin), path: url.pathname };
}

function webAddress(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
}
