import { CosmosClient } from '@azure/cosmos';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
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
  readonly gateway: CosmosGateway;
  readonly client: CosmosClient;
  /** Sends one request, with a body as it is or as JSON. */
  send(method: string, path: string, headers?: SentHeaders, body?: unknown): Promise<Said>;
  close(): Promise<void>;
}

/** Starts a stand-in and makes containers in it: partitioned by `/pk`, without an index but on `/n`. */
export async function startStandIn(now?: () => number, names: readonly string[] = ['items']): Promise<StandIn> {
  const gateway = await startCosmosGateway(now);
  const client = new CosmosClient({
    endpoint: gateway.endpoint,
    key: TEST_KEY,
    connectionPolicy: { enableEndpointDiscovery: false },
  });
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
    gateway,
    client,
    send: (method, path, headers, body) => send(`${gateway.endpoint}${path}`, method, headers, body),
    close: async () => {
      client.dispose();
      await gateway.close();
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

async function send(url: string, method: string, headers: SentHeaders = {}, body?: unknown): Promise<Said> {
  const all = Object.entries({ authorization: 'any', 'content-type': 'application/json', ...headers });
  const sent = all.filter((each): each is [string, string] => each[1] !== undefined);
  const answer = await fetch(url, {
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
