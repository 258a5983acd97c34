import type { Container, Stored } from './container';
import { isObject, type Json, own, type Value } from './json';
import { badRequest, CosmosRefusal } from './refusal';
import { checkQuery } from './sql-check';
import { constantOf, orderOf, type Parameters, type Row, rowsOf, selected, valueIn } from './sql-evaluate';
import { parseQuery } from './sql-parser';
import type { Expression, Query } from './sql-syntax';

/* Queries. https://learn.microsoft.com/rest/api/cosmos-db/querying-cosmosdb-resources-using-the-rest-api */

/** A query as it came: text and parameters, both checked. */
export interface Question {
  readonly query: Query;
  readonly parameters: Parameters;
}

/** Part of what a query finds. */
export interface Page {
  readonly documents: readonly Json[];
  /** Where the next page begins; absent on the last one. */
  readonly continuation?: string;
  readonly charge: number;
}

const MAX_PAGE_ITEMS = 1_000;
const DEFAULT_PAGE_ITEMS = 100;

/** Largest page, in bytes. https://learn.microsoft.com/azure/cosmos-db/concepts-limits ("Per-request limits") */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** @throws CosmosRefusal for a query that is not understood */
export function questionOf(body: Json): Question {
  const text = isObject(body) ? own(body, 'query') : undefined;
  if (typeof text !== 'string') throw badRequest('The body has no query.');
  const given = isObject(body) ? own(body, 'parameters') : undefined;
  const parameters = new Map<string, Json>();
  for (const each of Array.isArray(given) ? given : []) {
    const [name, value] = isObject(each) ? [own(each, 'name'), own(each, 'value')] : [];
    if (typeof name !== 'string' || !/^@[A-Za-z_]\w*$/.test(name) || value === undefined) {
      throw badRequest("A parameter needs a value, and a name that begins with '@'.");
    }
    if (parameters.has(name)) throw badRequest(`Specified duplicate parameter name '${name}'.`);
    parameters.set(name, value);
  }
  const query = parseQuery(text);
  checkQuery(query, parameters);
  return { query, parameters };
}

/** Returns one page of what a query finds among items. */
export function page(
  container: Container,
  items: readonly Stored[],
  question: Question,
  size: Value,
  from: string | undefined,
): Page {
  const { query, parameters } = question;
  for (const { expression, text } of query.orderBy) {
    if (!container.indexed.has(pathOf(expression))) {
      throw badRequest(`The index path corresponding to the specified order-by item is excluded: ${text}.`);
    }
  }
  const rows = sorted(
    items.flatMap(({ item }) => rowsOf(query, item, parameters)),
    query,
  );
  const top = topOf(question);
  const found = rows.map((row) => selected(query.select, row)).filter((each) => each !== undefined);
  return cut(found.slice(0, top), sizeOf(size), from);
}

function sizeOf(size: Value): number {
  const asked = Number(size ?? DEFAULT_PAGE_ITEMS);
  if (!Number.isInteger(asked) || asked < -1) throw badRequest(`The input PageSize ${size} is invalid.`);
  return asked > 0 ? Math.min(asked, MAX_PAGE_ITEMS) : MAX_PAGE_ITEMS;
}

function cut(documents: readonly Json[], size: number, from: string | undefined): Page {
  const start = from === undefined ? 0 : startOf(from);
  let bytes = 0;
  let end = start;
  while (end < documents.length && end - start < size) {
    bytes += Buffer.byteLength(JSON.stringify(documents[end]));
    if (bytes > MAX_PAGE_BYTES && end > start) break;
    end += 1;
  }
  const charge = 2.3 + bytes / 10_240;
  const some = documents.slice(start, end);
  return end < documents.length
    ? { documents: some, continuation: `from:${end}`, charge }
    : { documents: some, charge };
}

function startOf(continuation: string): number {
  const [, start] = /^from:(\d+)$/.exec(continuation) ?? [];
  if (start === undefined) throw badRequest('Invalid continuation token.');
  return Number(start);
}

function sorted(rows: readonly Row[], { orderBy }: Query): readonly Row[] {
  if (orderBy.length === 0) return rows;
  const keyed = rows.map((row) => ({ row, keys: orderBy.map(({ expression }) => valueIn(expression, row)) }));
  keyed.sort((a, b) => {
    for (const [index, { descending }] of orderBy.entries()) {
      const order = orderOf(a.keys[index], b.keys[index]);
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  });
  return keyed.map(({ row }) => row);
}

function pathOf(expression: Expression): readonly string[] {
  if (expression.kind !== 'member' || expression.name.kind !== 'constant') return [];
  return [...pathOf(expression.of), String(expression.name.value)];
}

function topOf({ query, parameters }: Question): number | undefined {
  if (query.top === undefined) return undefined;
  const top = constantOf(query.top, parameters);
  if (typeof top !== 'number' || !Number.isInteger(top) || top < 0) throw badRequest('TOP needs a number of items.');
  return top;
}

/** Whether a query over several physical partitions has to be put together by the client. */
export const needsPlan = ({ query }: Question): boolean => query.orderBy.length > 0 || query.top !== undefined;

/** Substatus of a query that the gateway does not put together. */
const CROSS_PARTITION_QUERY_NOT_SERVABLE = 1004;

/** Makes the refusal that sends a client for a query's plan. */
export function notServable(question: Question): CosmosRefusal {
  const message =
    'The provided cross partition query can not be directly served by the gateway. This is a first chance (internal) exception that all newer clients will know how to handle gracefully.';
  const additionalErrorInfo = JSON.stringify(planOf(question));
  return new CosmosRefusal(400, message, CROSS_PARTITION_QUERY_NOT_SERVABLE, { additionalErrorInfo });
}

/** Returns how a client puts a query together: what to ask each physical partition, and how to merge the answers. */
export function planOf(question: Question): Json {
  const { query } = question;
  return {
    partitionedQueryExecutionInfoVersion: 2,
    queryInfo: {
      distinctType: 'None',
      top: topOf(question) ?? null,
      offset: null,
      limit: null,
      orderBy: query.orderBy.map(({ descending }) => (descending ? 'Descending' : 'Ascending')),
      orderByExpressions: query.orderBy.map(({ text }) => text),
      groupByExpressions: [],
      groupByAliases: [],
      aggregates: [],
      groupByAliasToAggregateType: {},
      rewrittenQuery: query.orderBy.length === 0 ? '' : rewritten(query, topOf(question)),
      hasSelectValue: query.select.kind === 'value',
      hasNonStreamingOrderBy: false,
      dCountInfo: null,
    },
    queryRanges: [{ min: '', max: 'FF', isMinInclusive: true, isMaxInclusive: false }],
  };
}

/** The text whose place a client fills with what it has seen already. */
const CLIENT_FILTER = '{documentdb-formattableorderbyquery-filter}';

/** Returns a sorted query as clients want it of each physical partition: with what the items are sorted by. */
function rewritten({ select, from, filter, orderBy, sources }: Query, top: number | undefined): string {
  const alias = sources[0]?.alias ?? 'c';
  const keys = orderBy.map(({ text }) => `{"item": ${text}}`).join(', ');
  const limit = top === undefined ? '' : `TOP ${top} `;
  const condition = filter === undefined ? CLIENT_FILTER : `((${filter}) AND ${CLIENT_FILTER})`;
  const order = orderBy.map(({ text, descending }) => `${text} ${descending ? 'DESC' : 'ASC'}`).join(', ');
  return `SELECT ${limit}${alias}._rid, [${keys}] AS orderByItems, ${payloadOf(select, alias)} AS payload FROM ${from} WHERE ${condition} ORDER BY ${order}`;
}

function payloadOf(select: Query['select'], alias: string): string {
  if (select.kind === 'all') return alias;
  if (select.kind === 'value') return select.text;
  const properties = select.items.map(({ name, text }, index) => `${JSON.stringify(name ?? `$${index + 1}`)}: ${text}`);
  return `{${properties.join(', ')}}`;
}
