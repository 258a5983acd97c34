import type http from 'node:http';
import { after, answerJson, serve } from './http.ts';
import { holds, type Item } from './patch-condition.ts';
import { readCharge, writeCharge } from './request-charge.ts';

interface Stored {
  item: Item;
  etag: string;
  bytes: number;
}

interface Result {
  readonly status: number;
  readonly charge: number;
  readonly stored?: Stored;
  readonly body?: unknown;
  readonly substatus?: number;
}

interface PatchOperation {
  readonly op: string;
  readonly path: string;
  readonly value: unknown;
}

interface Query {
  readonly query: string;
  readonly parameters?: readonly { readonly name: string; readonly value: unknown }[];
}

interface BatchOperation {
  readonly operationType: string;
  readonly id?: string;
  readonly ifMatch?: string;
  readonly resourceBody?: Item;
}

/**
 * The handful of calls of Cosmos DB's REST API that are on a turn's way, in memory, at next to no cost, so that it is not the server that
 * is measured. What it knows: point reads, create, replace, upsert, delete and conditional patches with ETags, batches, sessions, and the
 * queries of the sweep and of the self-check at the start. It charges request units by the published prices. Everything else is 400.
 */
export class CosmosStandIn {
  /** Items by container, partition and id. */
  readonly #items = new Map<string, Map<string, Stored>>();
  #etags = 0;
  latencyMs = 0;
  counts = {
    requests: 0,
    charge: 0,
    read: 0,
    create: 0,
    replace: 0,
    patch: 0,
    batch: 0,
    delete: 0,
    query: 0,
    missed: 0,
  };

  async start(): Promise<string> {
    const { url } = await serve((request, body, response) => {
      after(this.latencyMs, () => {
        try {
          this.#answer(request, body, response, url);
        } catch (error) {
          answerJson(response, 400, { code: 'BadRequest', message: String(error) });
        }
      });
    });
    return url;
  }

  clear(): void {
    this.#items.clear();
  }

  #answer(request: http.IncomingMessage, body: string, response: http.ServerResponse, url: string): void {
    const [, dbs, database, colls, container, kind, id] = (request.url ?? '').split('?')[0]?.split('/') ?? [];
    if (dbs !== 'dbs' || kind !== 'docs') {
      const [status, answer] =
        kind === 'pkranges' ? [200, RANGES] : described(url, { dbs, database, colls, container });
      answerJson(response, status, answer);
      return;
    }
    const result = this.#perform(request, container ?? '', id === undefined ? undefined : decodeURIComponent(id), body);
    this.counts.requests += 1;
    this.counts.charge += result.charge;
    const headers = {
      'x-ms-request-charge': result.charge.toFixed(2),
      'x-ms-session-token': `0:-1#${this.#etags}`,
      ...(result.substatus === undefined ? {} : { 'x-ms-substatus': String(result.substatus) }),
      ...(result.stored === undefined ? {} : { etag: result.stored.etag }),
    };
    const refusal = result.status >= 400 ? { code: String(result.status), message: '' } : undefined;
    if (result.stored !== undefined && request.headers.prefer === 'return=minimal') {
      response.writeHead(result.status, headers).end();
      return;
    }
    const answered =
      result.stored === undefined ? (result.body ?? refusal) : { ...result.stored.item, _etag: result.stored.etag };
    answerJson(response, result.status, answered, headers);
  }

  #perform({ method, headers }: http.IncomingMessage, container: string, id: string | undefined, body: string): Result {
    const partition = `${container} ${headers['x-ms-documentdb-partitionkey'] ?? ''}`;
    const condition = headers['if-match'];
    if (headers['x-ms-cosmos-is-batch-request'] !== undefined)
      return this.#batch(container, partition, JSON.parse(body));
    if (headers['x-ms-cosmos-is-query-plan-request'] !== undefined) return { status: 200, charge: 0, body: PLAN };
    if (headers['content-type']?.startsWith('application/query+json')) return this.#query(container, JSON.parse(body));
    if (id === undefined) {
      const upsert = headers['x-ms-documentdb-is-upsert'] !== undefined;
      return this.#write(container, partition, upsert ? 'Upsert' : 'Create', JSON.parse(body), condition);
    }
    switch (method) {
      case 'GET':
        if (this.#isBehind(headers['x-ms-session-token'])) return { status: 404, substatus: 1002, charge: 1 };
        return this.#read(partition, id);
      case 'PUT':
        return this.#write(container, partition, 'Replace', JSON.parse(body), condition);
      case 'PATCH':
        return this.#patch(container, partition, id, JSON.parse(body));
      case 'DELETE':
        return this.#delete(partition, id, condition);
      default:
        throw new Error(`${method} is not known here.`);
    }
  }

  #read(partition: string, id: string): Result {
    this.counts.read += 1;
    const stored = this.#items.get(partition)?.get(id);
    if (stored === undefined) return { status: 404, charge: 1 };
    return { status: 200, charge: readCharge(stored.bytes), stored };
  }

  #write(container: string, partition: string, kind: string, item: Item, condition: string | undefined): Result {
    if (kind === 'Create') this.counts.create += 1;
    else this.counts.replace += 1;
    const id = String(item.id);
    const before = this.#items.get(partition)?.get(id);
    if (kind === 'Create' && before !== undefined) return { status: 409, charge: 1 };
    if (kind === 'Replace' && before === undefined) return { status: 404, charge: 1 };
    if (unmet(before, condition)) return this.#missed();
    const stored = this.#store(partition, id, item);
    const charge = writeCharge(before?.bytes, stored.bytes, termsOf(container, item));
    return { status: before === undefined ? 201 : 200, charge, stored };
  }

  #patch(
    container: string,
    partition: string,
    id: string,
    { condition, operations }: { readonly condition?: string; readonly operations: readonly PatchOperation[] },
  ): Result {
    this.counts.patch += 1;
    const before = this.#items.get(partition)?.get(id);
    if (before === undefined) return { status: 404, charge: 1 };
    if (condition !== undefined && !holds(condition, before.item)) return this.#missed();
    const { bytes } = before;
    const stored = this.#store(partition, id, patched(before.item, operations));
    const charge = writeCharge(bytes, stored.bytes, termsOf(container, stored.item), operations.length);
    return { status: 200, charge, stored };
  }

  #delete(partition: string, id: string, condition: string | undefined): Result {
    this.counts.delete += 1;
    const before = this.#items.get(partition)?.get(id);
    if (before === undefined) return { status: 404, charge: 1 };
    if (unmet(before, condition)) return this.#missed();
    this.#items.get(partition)?.delete(id);
    return { status: 204, charge: writeCharge(undefined, before.bytes, 0) };
  }

  /** All or none: what has been changed is put back when an operation is refused. */
  #batch(container: string, partition: string, operations: readonly BatchOperation[]): Result {
    this.counts.batch += 1;
    const counts = { ...this.counts };
    const before = new Map(this.#items.get(partition));
    const results = operations.map(({ operationType, id = '', ifMatch, resourceBody = {} }) => {
      if (operationType === 'Read') return this.#read(partition, id);
      if (operationType === 'Delete') return this.#delete(partition, id, ifMatch);
      return this.#write(container, partition, operationType, resourceBody, ifMatch);
    });
    this.counts = { ...counts, missed: this.counts.missed };
    const failed = results.findIndex(({ status }) => status >= 400);
    if (failed >= 0) this.#items.set(partition, before);
    const charge = results.reduce((sum, each) => sum + each.charge, 0);
    const body = results.map(({ status, stored }, index) => ({
      statusCode: failed < 0 || index === failed ? status : 424,
      requestCharge: 0,
      ...(failed >= 0 || stored === undefined ? {} : { eTag: stored.etag }),
    }));
    return { status: failed < 0 ? 200 : 207, charge, body };
  }

  /** Whether a session has seen more than was ever written. */
  #isBehind(session: unknown): boolean {
    return typeof session === 'string' && Number(session.split('#')[1]) > this.#etags;
  }

  /** Those of the sweep, of a page of a collection, and of the items of a kind. */
  #query(container: string, { query, parameters = [] }: Query): Result {
    this.counts.query += 1;
    const values = Object.fromEntries(parameters.map(({ name, value }) => [name.slice(1), value]));
    const { conversation, from, kind, now, user } = values;
    const isFound = (item: Item): boolean => {
      if (query.includes('c.id > @from')) return item.user === user && String(item.id) > String(from);
      if (query.includes('c.kind = @kind')) return item.conversation === conversation && item.kind === kind;
      return typeof item.wake === 'number' && item.wake <= Number(now);
    };
    const found: Item[] = [];
    for (const [partition, items] of this.#items) {
      if (!partition.startsWith(`${container} `)) continue;
      for (const { item } of items.values()) if (isFound(item)) found.push(item);
    }
    if (query.includes('ORDER BY c.id')) found.sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
    const top = Number(/^SELECT TOP (\d+)/.exec(query)?.[1] ?? found.length);
    const documents = found.slice(0, top);
    return { status: 200, charge: 3, body: { Documents: documents, _count: documents.length } };
  }

  #store(partition: string, id: string, item: Item): Stored {
    this.#etags += 1;
    const stored = { item, etag: `"${this.#etags.toString(16)}"`, bytes: JSON.stringify(item).length + 200 };
    let items = this.#items.get(partition);
    if (items === undefined) {
      items = new Map();
      this.#items.set(partition, items);
    }
    items.set(id, stored);
    return stored;
  }

  #missed(): Result {
    this.counts.missed += 1;
    return { status: 412, charge: 1 };
  }
}

function unmet(before: Stored | undefined, condition: string | undefined): boolean {
  return condition !== undefined && condition !== '*' && condition !== before?.etag;
}

/** The values that an index holds of an item: two in the container that Turnwise queries, and everything where nothing was said. */
function termsOf(container: string, item: Item): number {
  if (container === 'users') return 0;
  if (container === 'conversations')
    return Number(item.wake !== undefined && item.wake !== null) + Number(item.dead !== undefined);
  return valuesIn(item);
}

function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, each) => sum + valuesIn(each), 0);
}

function patched(item: Item, operations: readonly PatchOperation[]): Item {
  const after: Item = { ...item };
  for (const { op, path, value } of operations) {
    const [name = '', place] = path.slice(1).split('/');
    if (op === 'add' && place === '-') after[name] = [...(after[name] as unknown[]), value];
    else if (op === 'incr' && place === undefined) after[name] = Number(after[name]) + Number(value);
    else if ((op === 'set' || op === 'add') && place === undefined) after[name] = value;
    else throw new Error(`The patch ${op} ${path} is not known here.`);
  }
  return after;
}

const RANGES = {
  PartitionKeyRanges: [{ id: '0', _rid: 'range', minInclusive: '', maxExclusive: 'FF', status: 'online', parents: [] }],
  _count: 1,
};

/** Says that the query's results need no work from the client. */
const PLAN = {
  partitionedQueryExecutionInfoVersion: 2,
  queryInfo: {
    distinctType: 'None',
    orderBy: [],
    orderByExpressions: [],
    groupByExpressions: [],
    aggregates: [],
    rewrittenQuery: '',
    hasSelectValue: false,
  },
  queryRanges: [{ min: '', max: 'FF', isMinInclusive: true, isMaxInclusive: false }],
};

const PARTITION_KEYS: Readonly<Record<string, string>> = { conversations: '/conversation', users: '/user' };

interface Place {
  readonly dbs: string | undefined;
  readonly database: string | undefined;
  readonly colls: string | undefined;
  readonly container: string | undefined;
}

/** The account, a database or a container: all that are asked for are there, and none can be made. */
function described(url: string, { dbs, database, colls, container }: Place): [status: number, body: unknown] {
  if (dbs !== 'dbs') return [200, account(url)];
  if (database === undefined || (colls !== undefined && container === undefined)) return [409, { code: 'Conflict' }];
  if (container === undefined) return [200, { id: database, _rid: 'db' }];
  const partitionKey = { paths: [PARTITION_KEYS[container] ?? '/id'], kind: 'Hash', version: 2 };
  return [200, { id: container, _rid: container, partitionKey }];
}

const account = (url: string): unknown => ({
  id: 'bench',
  _rid: 'bench',
  writableLocations: [{ name: 'here', databaseAccountEndpoint: url }],
  readableLocations: [{ name: 'here', databaseAccountEndpoint: url }],
  enableMultipleWriteLocations: false,
  userConsistencyPolicy: { defaultConsistencyLevel: 'Session' },
});
