import { SYSTEM_PROPERTIES } from './item-rules';
import { isObject, type Json, type JsonObject, own, put, type Value } from './json';
import { badRequest } from './refusal';
import { checkCondition } from './sql-check';
import { parseCondition } from './sql-parser';
import type { Condition } from './sql-syntax';

/* Partial updates. https://learn.microsoft.com/azure/cosmos-db/partial-document-update ("Supported operations") */

const MAX_OPERATIONS = 10;

const KINDS = ['add', 'set', 'replace', 'remove', 'incr', 'move'] as const;

interface Operation {
  readonly op: (typeof KINDS)[number];
  readonly path: readonly string[];
  /** Path of what is moved. */
  readonly from?: readonly string[];
  readonly value?: Json;
}

export interface Patch {
  readonly condition?: Condition;
  readonly operations: readonly Operation[];
}

/** Reads the body of a patch: a list of operations, or an object with them and a condition. @throws CosmosRefusal */
export function parsePatch(body: Json | undefined, keyPath: string): Patch {
  const { condition, operations } = Array.isArray(body) ? { operations: body } : fieldsOf(body);
  if (!Array.isArray(operations) || operations.length === 0) throw badRequest('A patch has no operations.');
  if (operations.length > MAX_OPERATIONS) throw badRequest(`A patch has more than ${MAX_OPERATIONS} operations.`);
  const parsed = operations.map((each) => operationOf(each, keyPath));
  if (condition === undefined) return { operations: parsed };
  if (typeof condition !== 'string') throw badRequest("A patch's condition must be text.");
  const known = parseCondition(condition);
  checkCondition(known);
  return { condition: known, operations: parsed };
}

function fieldsOf(body: Json | undefined): { readonly condition?: Value; readonly operations: Value } {
  if (!isObject(body)) throw badRequest('A patch must be a list of operations.');
  return { condition: own(body, 'condition'), operations: own(body, 'operations') };
}

function operationOf(operation: Json, keyPath: string): Operation {
  if (!isObject(operation)) throw badRequest('An operation of a patch must be an object.');
  const op = KINDS.find((kind) => kind === own(operation, 'op'));
  if (op === undefined) throw badRequest(`A patch cannot '${String(own(operation, 'op'))}'.`);
  const path = pathOf(own(operation, 'path'), keyPath);
  const value = own(operation, 'value');
  if (op === 'move') return { op, path, from: pathOf(own(operation, 'from'), keyPath) };
  if (op === 'remove') return { op, path };
  if (value === undefined) throw badRequest(`A patch's ${op} needs a value.`);
  if (op === 'incr' && typeof value !== 'number') throw badRequest('A patch can increment by a number only.');
  return { op, path, value };
}

function pathOf(path: Value, keyPath: string): readonly string[] {
  if (typeof path !== 'string' || !/^\/./.test(path)) throw badRequest("A path of a patch must begin with '/'.");
  if (/~(?![01])/.test(path)) throw badRequest(`The path '${path}' has a '~' that stands for nothing.`);
  const names = path
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const [first = ''] = names;
  const fixed: readonly string[] = ['id', ...SYSTEM_PROPERTIES];
  if (fixed.includes(first) || `${path}/`.startsWith(`${keyPath}/`))
    throw badRequest(`A patch cannot change '${path}'.`);
  return names;
}

/** Returns the item as the operations leave it. @throws CosmosRefusal for an operation that cannot be carried out: then none is */
export function patched(item: JsonObject, operations: readonly Operation[]): JsonObject {
  const copy = structuredClone(item);
  for (const operation of operations) apply(copy, operation);
  return copy;
}

function apply(item: JsonObject, { op, path, from, value = null }: Operation): void {
  switch (op) {
    case 'add':
      add(item, path, value);
      break;
    case 'move':
      add(item, path, take(item, from ?? []));
      break;
    case 'remove':
      take(item, path);
      break;
    default:
      assign(item, op, path, value);
  }
}

function assign(item: JsonObject, op: 'set' | 'replace' | 'incr', path: readonly string[], value: Json): void {
  const { parent, name } = placeOf(item, path);
  const before = Array.isArray(parent) ? parent[indexIn(parent, name, parent.length - 1)] : own(parent, name);
  if (op === 'replace' && before === undefined) throw badRequest(`There is no '/${path.join('/')}' to replace.`);
  const after = op === 'incr' ? incremented(before, Number(value), path) : value;
  if (Array.isArray(parent)) parent[Number(name)] = structuredClone(after);
  else put(parent, name, structuredClone(after));
}

function incremented(before: Value, by: number, path: readonly string[]): number {
  if (before === undefined) return by;
  if (typeof before !== 'number') throw badRequest(`'/${path.join('/')}' is no number that could be incremented.`);
  return before + by;
}

function add(item: JsonObject, path: readonly string[], value: Json): void {
  const { parent, name } = placeOf(item, path);
  if (Array.isArray(parent)) {
    parent.splice(name === '-' ? parent.length : indexIn(parent, name, parent.length), 0, structuredClone(value));
    return;
  }
  if (name === '-') throw badRequest(`'/${path.slice(0, -1).join('/')}' is no list that could be appended to.`);
  put(parent, name, structuredClone(value));
}

function take(item: JsonObject, path: readonly string[]): Json {
  const { parent, name } = placeOf(item, path);
  if (Array.isArray(parent)) return parent.splice(indexIn(parent, name, parent.length - 1), 1)[0] as Json;
  const value = own(parent, name);
  if (value === undefined) throw badRequest(`There is no '/${path.join('/')}'.`);
  delete parent[name];
  return value;
}

/** Finds the list or object that a path leads into. @throws CosmosRefusal when there is none */
function placeOf(
  item: JsonObject,
  path: readonly string[],
): { readonly parent: Json[] | JsonObject; readonly name: string } {
  let parent: Json[] | JsonObject = item;
  for (const name of path.slice(0, -1)) {
    const next: Value = Array.isArray(parent) ? parent[indexIn(parent, name, parent.length - 1)] : own(parent, name);
    if (typeof next !== 'object' || next === null) throw badRequest(`There is no '/${path.slice(0, -1).join('/')}'.`);
    parent = next;
  }
  return { parent, name: path.at(-1) ?? '' };
}

function indexIn(list: readonly Json[], name: string, most: number): number {
  const index = /^(?:0|[1-9]\d*)$/.test(name) ? Number(name) : Number.NaN;
  if (!(index <= most)) throw badRequest(`'${name}' is no place in a list of ${list.length}.`);
  return index;
}
