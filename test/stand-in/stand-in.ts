import { CosmosClient } from '@azure/cosmos';
import { keyAuthorization } from '../../src/azure/cosmos-authorization';
import { Secret } from '../../src/schema/secret';
import { startCosmosGateway } from '../support/cosmos-gateway';
import { TEST_KEY } from '../support/cosmos-under-test';

/** An answer as it came over HTTP. */
export interface Said {
  readonly status: number;
  readonly substatus: string | null;
  readonly headers: Headers;
  /** The body; `undefined` when there is none. */
  readonly body: unknown;
}

/** Headers beyond those of every request; `undefined` leaves one out. */
export type SentHeaders = Readonly<Record<string, string | undefined>>;

/** A stand-in with a database `db`, and two ways to speak to it. */
export interface StandIn {
  readonly client: CosmosClient;
  /** Sends one request, with a body as it is or as JSON. */
  send(method: string, path: string, headers?: SentHeaders, body?: unknown): Promise<Said>;
  close(): Promise<void>;
}

/**
 * An account of the service itself, to find out where the stand-in differs from it (`docs/unverified.md`): a database `db` is made in it, and
 * removed.
 */
const { COSMOS_SCRATCH_ENDPOINT, COSMOS_SCRATCH_KEY } = process.env;

const KEY = COSMOS_SCRATCH_KEY ?? TEST_KEY;

/** Starts a stand-in and makes containers in it: partitioned by `/pk`, without an index but on `/n`. */
export async function startStandIn(now?: () => number, names: readonly string[] = ['items']): Promise<StandIn> {
  const gateway = COSMOS_SCRATCH_ENDPOINT === undefined ? await startCosmosGateway(now) : undefined;
  const endpoint = (COSMOS_SCRATCH_ENDPOINT ?? gateway?.endpoint ?? '').replace(/\/$/, '');
  const client = new CosmosClient({ endpoint, key: KEY, connectionPolicy: { enableEndpointDiscovery: false } });
  const { database } = await client.databases.create({ id: 'db' });
  for (const id of names) {
    await database.containers.create({
      id,
      partitionKey: { paths: ['/pk'], version: 2 },
      defaultTtl: -1,
      indexingPolicy: { includedPaths: [{ path: '/n/?' }], excludedPaths: [{ path: '/*' }] },
    });
  }
  return {
    client,
    send: (method, path, headers, body) => send(endpoint, method, path, headers, body),
    close: async () => {
      await database.delete();
      client.dispose();
      await gateway?.close();
    },
  };
}

export const ITEMS = '/dbs/db/colls/items/docs';

/** Headers that place a request in the partition `p`. */
export const IN_P = { 'x-ms-documentdb-partitionkey': '["p"]' };

export const MINIMAL = { prefer: 'return=minimal' };

export const AS_BATCH = { 'x-ms-cosmos-is-batch-request': 'true', 'x-ms-cosmos-batch-atomic': 'true' };

export const AS_QUERY = {
  'x-ms-documentdb-isquery': 'true',
  'content-type': 'application/query+json',
  'x-ms-documentdb-query-enablecrosspartition': 'true',
};

const signer = keyAuthorization(new Secret(KEY));

/** Returns the headers that every request has. */
function signed(method: string, path: string): SentHeaders {
  const names = path
    .split('/')
    .slice(1)
    .filter((name) => name !== '')
    .map(decodeURIComponent);
  // Of an odd number the last one says what is looked for, or added, in what the others name.
  const isWithin = names.length % 2 === 1;
  const type = names.at(isWithin ? -1 : -2) ?? '';
  const link = (isWithin ? names.slice(0, -1) : names).join('/');
  const date = new Date().toUTCString();
  const authorization = signer.header({ method, type, link, date } as Parameters<typeof signer.header>[0]);
  return { authorization: String(authorization), 'x-ms-date': date, 'x-ms-version': '2020-07-15' };
}

async function send(
  endpoint: string,
  method: string,
  path: string,
  headers: SentHeaders = {},
  body?: unknown,
): Promise<Said> {
  const all = Object.entries({ ...signed(method, path), 'content-type': 'application/json', ...headers });
  const sent = all.filter((each): each is [string, string] => each[1] !== undefined);
  const answer = await fetch(`${endpoint}${path}`, {
    method,
    headers: sent,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    substatus: answer.headers.get('x-ms-substatus'),
    headers: answer.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

/** Returns status and substatus of what the SDK throws, or that it threw nothing. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'nothing was refused';
  } catch (error) {
    const { code, substatus } = error as { readonly code?: unknown; readonly substatus?: unknown };
    return `${code}/${substatus ?? 0}`;
  }
}
