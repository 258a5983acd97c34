import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { runBatch } from './batch';
import { Container, type Done, type Operation, type Stored } from './container';
import { type KeyValue, keyOfHeader, parseBody, sizeOf } from './item-rules';
import { isObject, type Json, type JsonObject, own } from './json';
import { needsPlan, notServable, page, planOf, type Question, questionOf } from './queries';
import { badRequest, CosmosRefusal, codeOf } from './refusal';
import { checkSession, sessionOf } from './sessions';

export interface ServiceRequest {
  readonly method: string;
  /** As in the request line, with its escapes. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Database {
  readonly id: string;
  readonly rid: string;
  readonly containers: Map<string, Container>;
}

/** Substatus of a 404 that is about what the resource would be in. */
const OWNER_MISSING = 1003;

/** What an answer says: its body, if any, and headers of its own. */
interface Said {
  readonly status: number;
  readonly body?: Json;
  /** The body as text already. */
  readonly text?: string;
  readonly etag?: string;
  readonly charge?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An account of Azure Cosmos DB for NoSQL in memory, as strict as the service says that it is. `docs/decisions/cosmos-stand-in.md` */
export class CosmosService {
  readonly #databases = new Map<string, Database>();
  #named = 0;

  constructor(
    private readonly now: () => number,
    /** Physical partitions of each container. */
    private readonly ranges = 2,
  ) {}

  /** Answers a request. */
  answer(request: ServiceRequest): ServiceAnswer {
    const container = this.#containerOf(request.path);
    try {
      return answerOf(this.#run(request), container, request);
    } catch (error) {
      if (!(error instanceof CosmosRefusal)) throw error;
      const { status, substatus, message, details } = error;
      const body: JsonObject = { code: codeOf(status), message, ...(details as JsonObject) };
      return answerOf({ status, body, headers: { 'x-ms-substatus': String(substatus) } }, container, request);
    }
  }

  /** Answers a point read as a replica does that is so many writes of the item behind; undefined when that is not known. */
  earlier({ path, headers }: ServiceRequest, back: number): ServiceAnswer | undefined {
    const container = this.#containerOf(path);
    const [, , , , , id = ''] = partsOf(path);
    const stored = container?.earlier(keyOfHeader(textOf(headers, 'x-ms-documentdb-partitionkey')), id, back);
    if (stored === undefined) return undefined;
    const said: Said =
      stored === 'absent'
        ? {
            status: 404,
            body: { code: 'NotFound', message: 'Entity does not exist.' },
            headers: { 'x-ms-substatus': '0' },
          }
        : { status: 200, text: stored.text, etag: stored.etag };
    return answerOf(said, undefined, { path, headers });
  }

  #containerOf(path: string): Container | undefined {
    const [kind, database = '', inside, container = ''] = partsOf(path);
    if (kind !== 'dbs' || inside !== 'colls') return undefined;
    return this.#databases.get(database)?.containers.get(container);
  }

  #run(request: ServiceRequest): Said {
    const parts = partsOf(request.path);
    if (request.headers.authorization === undefined) {
      throw new CosmosRefusal(
        401,
        'Required Header authorization is missing. Ensure a valid Authorization token is passed.',
      );
    }
    sizeOf(request.body);
    if (parts.length === 0) return { status: 200, body: accountOf(request) };
    if (parts[0] !== 'dbs' || (parts.length > 2 && parts[2] !== 'colls')) throw badRequest('Request url is invalid.');
    if (parts.length <= 2) return this.#onDatabases(request, parts[1]);
    const database = this.#databases.get(parts[1] ?? '');
    if (database === undefined) throw new CosmosRefusal(404, 'Owner resource does not exist', OWNER_MISSING);
    if (parts.length <= 4) return this.#onContainers(request, database, parts[3]);
    const container = database.containers.get(parts[3] ?? '');
    if (container === undefined) throw new CosmosRefusal(404, 'Owner resource does not exist', OWNER_MISSING);
    if (parts[4] === 'pkranges' && parts.length === 5) return { status: 200, body: rangesOf(container) };
    if (parts[4] !== 'docs' || parts.length > 6) throw badRequest('Request url is invalid.');
    return onItems(request, container, parts[5]);
  }

  #onDatabases({ method, body }: ServiceRequest, id: string | undefined): Said {
    if (method === 'POST' && id === undefined) {
      const name = nameIn(parseBody(body));
      if (this.#databases.has(name)) throw new CosmosRefusal(409, 'Resource with specified id or name already exists.');
      const database = { id: name, rid: this.#rid(4), containers: new Map() };
      this.#databases.set(name, database);
      return { status: 201, body: describe(database) };
    }
    if (method === 'GET' && id === undefined)
      return { status: 200, body: { Databases: [...this.#databases.values()].map(describe) } };
    const database = this.#databases.get(id ?? '');
    if (database === undefined) throw new CosmosRefusal(404, 'Resource Not Found.');
    if (method === 'GET') return { status: 200, body: describe(database) };
    if (method !== 'DELETE') throw notAllowed(method);
    this.#databases.delete(database.id);
    return { status: 204 };
  }

  #onContainers({ method, body }: ServiceRequest, database: Database, id: string | undefined): Said {
    const { containers } = database;
    if (method === 'POST' && id === undefined) {
      const definition = parseBody(body);
      const name = nameIn(definition);
      if (containers.has(name)) throw new CosmosRefusal(409, 'Resource with specified id or name already exists.');
      const made = this.#container(definition as JsonObject);
      containers.set(name, made);
      return { status: 201, body: made.definition };
    }
    if (method === 'GET' && id === undefined) {
      return {
        status: 200,
        body: { DocumentCollections: [...containers.values()].map(({ definition }) => definition) },
      };
    }
    const container = containers.get(id ?? '');
    if (container === undefined) throw new CosmosRefusal(404, 'Resource Not Found.');
    if (method === 'GET') return { status: 200, body: container.definition };
    if (method !== 'DELETE') throw notAllowed(method);
    containers.delete(id ?? '');
    return { status: 204 };
  }

  #container(definition: JsonObject): Container {
    const rid = this.#rid(8);
    const own = {
      ...definition,
      _rid: rid,
      _self: `colls/${rid}/`,
      _etag: `"${rid}"`,
      _ts: Math.floor(this.now() / 1_000),
    };
    return new Container(own, rid, this.ranges, this.now);
  }

  /** Makes a resource id of so many bytes. */
  #rid(bytes: number): string {
    this.#named += 1;
    const id = Buffer.alloc(bytes);
    id.writeUInt32BE(this.#named);
    return id.toString('base64').replaceAll('/', '-');
  }
}

/** The names in a path, without escapes. */
function partsOf(path: string): readonly string[] {
  const [bare = ''] = path.split('?');
  try {
    return bare
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    throw badRequest('The path has an escape that stands for nothing.');
  }
}

function nameIn(body: Json): string {
  const id = isObject(body) ? own(body, 'id') : undefined;
  if (typeof id !== 'string' || id === '') throw badRequest('The input content is invalid: it has no id.');
  return id;
}

const describe = ({ id, rid }: Database): JsonObject => ({
  id,
  _rid: rid,
  _self: `dbs/${rid}/`,
  _etag: `"${rid}"`,
  _colls: 'colls/',
});

const notAllowed = (method: string): CosmosRefusal => new CosmosRefusal(405, `${method} is not possible here.`);

function accountOf({ headers }: ServiceRequest): JsonObject {
  const location = [{ name: 'Stand-in', databaseAccountEndpoint: `http://${headers.host ?? 'localhost'}/` }];
  return {
    _self: '',
    id: 'stand-in',
    _rid: 'stand-in.documents.azure.com',
    media: '//media/',
    addresses: '//addresses/',
    _dbs: '//dbs/',
    writableLocations: location,
    readableLocations: location,
    enableMultipleWriteLocations: false,
    userConsistencyPolicy: { defaultConsistencyLevel: 'Session' },
    queryEngineConfiguration: '{}',
  };
}

function rangesOf({ rid, ranges }: Container): JsonObject {
  const bound = (range: number): string => {
    if (range === 0) return '';
    return range === ranges
      ? 'FF'
      : Math.floor((range * 256) / ranges)
          .toString(16)
          .padStart(2, '0')
          .toUpperCase();
  };
  const list = Array.from({ length: ranges }, (_, range) => ({
    id: String(range),
    minInclusive: bound(range),
    maxExclusive: bound(range + 1),
    status: 'online',
    parents: [],
  }));
  return { _rid: rid, PartitionKeyRanges: list, _count: list.length };
}

function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

const isSet = (headers: IncomingHttpHeaders, name: string): boolean => /^true$/i.test(textOf(headers, name) ?? '');

const isMinimal = (headers: IncomingHttpHeaders): boolean => /^return=minimal$/i.test(textOf(headers, 'prefer') ?? '');

function onItems(request: ServiceRequest, container: Container, id: string | undefined): Said {
  const { method, headers, body } = request;
  if (id === undefined && method === 'POST') {
    if (isSet(headers, 'x-ms-cosmos-is-query-plan-request'))
      return { status: 200, body: planOf(questionOf(parseBody(body))) };
    if (isSet(headers, 'x-ms-documentdb-isquery')) return query(request, container, questionOf(parseBody(body)));
    if (isSet(headers, 'x-ms-cosmos-is-batch-request')) return batch(request, container);
  }
  if (id === undefined && method === 'GET') return query(request, container, questionOf({ query: 'SELECT * FROM c' }));
  const kind = id === undefined ? (isSet(headers, 'x-ms-documentdb-is-upsert') ? 'upsert' : 'create') : KINDS[method];
  if (kind === undefined || (id === undefined && method !== 'POST')) throw notAllowed(method);
  return onItem(request, container, { kind, id });
}

const KINDS: Readonly<Record<string, Operation['kind']>> = {
  GET: 'read',
  PUT: 'replace',
  DELETE: 'delete',
  PATCH: 'patch',
};

function keyOf({ headers }: ServiceRequest): KeyValue {
  return keyOfHeader(textOf(headers, 'x-ms-documentdb-partitionkey'));
}

function onItem(request: ServiceRequest, container: Container, { kind, id }: Pick<Operation, 'kind' | 'id'>): Said {
  const { headers } = request;
  const key = keyOf(request);
  if (kind === 'read') checkSession(request.headers, container, [container.rangeOf(key)]);
  const body = kind === 'read' || kind === 'delete' ? undefined : parseBody(request.body);
  const conditions = { ifMatch: textOf(headers, 'if-match'), ifNoneMatch: textOf(headers, 'if-none-match') };
  const done = container.transact(key, (operate) => operate({ kind, id, body, ...conditions }));
  return saidOf(done, kind !== 'read' && isMinimal(headers));
}

function saidOf({ status, stored, charge }: Done, minimal: boolean): Said {
  if (stored === undefined) return { status, charge };
  const { text, etag } = stored;
  return minimal || status === 304 ? { status, etag, charge } : { status, text, etag, charge };
}

function batch(request: ServiceRequest, container: Container): Said {
  const { headers } = request;
  if (!isSet(headers, 'x-ms-cosmos-batch-atomic')) throw badRequest('Only transactional batches are known here.');
  const { status, results, charge } = runBatch(container, keyOf(request), parseBody(request.body), isMinimal(headers));
  return { status, body: [...results], charge };
}

function query(request: ServiceRequest, container: Container, question: Question): Said {
  const { headers, method } = request;
  if (method === 'POST' && textOf(headers, 'content-type') !== 'application/query+json') {
    throw badRequest('A query must have the content type application/query+json.');
  }
  const items = itemsFor(request, container, question);
  const found = page(
    container,
    items,
    question,
    textOf(headers, 'x-ms-max-item-count'),
    textOf(headers, 'x-ms-continuation'),
  );
  const { documents, continuation, charge } = found;
  return {
    status: 200,
    body: { _rid: container.rid, Documents: [...documents], _count: documents.length },
    charge,
    headers: {
      'x-ms-item-count': String(documents.length),
      ...(continuation === undefined ? {} : { 'x-ms-continuation': continuation }),
    },
  };
}

/** Returns the items that a query is put to: those of a partition, of a physical partition, or all. @throws CosmosRefusal */
function itemsFor(request: ServiceRequest, container: Container, question: Question): readonly Stored[] {
  const { headers, method } = request;
  if (headers['x-ms-documentdb-partitionkey'] !== undefined) {
    const key = keyOf(request);
    checkSession(headers, container, [container.rangeOf(key)]);
    return container.items({ key });
  }
  const id = textOf(headers, 'x-ms-documentdb-partitionkeyrangeid');
  if (id !== undefined) {
    const range = Number(id);
    if (!(range < container.ranges)) throw new CosmosRefusal(410, 'The partition key range is gone.', 1002);
    checkSession(headers, container, [range]);
    return container.items({ range });
  }
  if (method === 'POST' && !isSet(headers, 'x-ms-documentdb-query-enablecrosspartition')) {
    throw badRequest(
      'Cross partition query is required but disabled. Please set x-ms-documentdb-query-enablecrosspartition to true, specify x-ms-documentdb-partitionkey, or revise your query to avoid this exception.',
    );
  }
  if (needsPlan(question)) throw notServable(question);
  checkSession(
    headers,
    container,
    Array.from({ length: container.ranges }, (_, range) => range),
  );
  return container.items(undefined);
}

function answerOf(
  { status, body, text, etag, charge = 1, headers = {} }: Said,
  container: Container | undefined,
  request: Pick<ServiceRequest, 'path' | 'headers'>,
): ServiceAnswer {
  const session = container === undefined ? undefined : sessionOf(container, request.headers);
  const names = request.path.split('/').slice(1, 5).join('/');
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'x-ms-activity-id': randomUUID(),
      'x-ms-request-charge': String(Math.round(charge * 100) / 100),
      'x-ms-serviceversion': 'version=2.14.0.0',
      ...(etag === undefined ? {} : { etag }),
      ...(session === undefined ? {} : { 'x-ms-session-token': session }),
      ...(container === undefined ? {} : { 'x-ms-content-path': container.rid, 'x-ms-alt-content-path': names }),
      ...headers,
    },
    body: text ?? (body === undefined ? '' : JSON.stringify(body)),
  };
}
