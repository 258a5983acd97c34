import { equal, isObject, type Json, type JsonObject, own, put, type Value } from './json';
import { badRequest } from './refusal';
import { rootOf } from './sql-check';
import { FUNCTIONS } from './sql-functions';
import type { Condition, Expression, Operator, Query, Selection } from './sql-syntax';

export type Parameters = ReadonlyMap<string, Json>;

/** What the names in an expression stand for. */
interface Scope {
  readonly variables: ReadonlyMap<string, Value>;
  readonly parameters: Parameters;
}

/** Whether a condition is true of an item: undefined is not. */
export function holds(condition: Condition, item: JsonObject, parameters: Parameters = new Map()): boolean {
  return rowsOf(condition, item, parameters).length > 0;
}

/** A row that a filter let pass. */
export interface Row {
  readonly scope: Scope;
  readonly item: JsonObject;
}

/** Returns the rows of an item: one for each way to take an element from every list, of which the filter is true. */
export function rowsOf({ sources, where }: Condition, item: JsonObject, parameters: Parameters): readonly Row[] {
  const root = new Map<string, Value>();
  const [first] = sources;
  // The first source is the container, whatever it is called.
  if (first !== undefined) root.set(first.list === undefined ? first.alias : rootOf(first.list), item);
  return scopesOf({ sources, ...(where === undefined ? {} : { where }) }, { variables: root, parameters }).map(
    (scope) => ({ scope, item }),
  );
}

function scopesOf({ sources, where }: Condition, outer: Scope): readonly Scope[] {
  let scopes: readonly Scope[] = [outer];
  for (const { alias, list } of sources) {
    if (list === undefined) {
      if (!outer.variables.has(alias)) throw unresolved(alias);
      continue;
    }
    scopes = scopes.flatMap((scope) => {
      const elements = evaluate(list, scope);
      if (!Array.isArray(elements)) return [];
      return elements.map((element) => ({ ...scope, variables: new Map(scope.variables).set(alias, element) }));
    });
  }
  return where === undefined ? scopes : scopes.filter((scope) => evaluate(where, scope) === true);
}

/** Returns what a query selects of a row; undefined when that is nothing. */
export function selected(select: Selection, { scope, item }: Row): Value {
  if (select.kind === 'all') return item;
  if (select.kind === 'value') return evaluate(select.expression, scope);
  const result: JsonObject = {};
  select.items.forEach(({ expression, name }, index) => {
    const value = evaluate(expression, scope);
    if (value !== undefined) put(result, name ?? `$${index + 1}`, value);
  });
  return result;
}

export const valueIn = (expression: Expression, { scope }: Row): Value => evaluate(expression, scope);

/** Returns the value of an expression without variables. */
export function constantOf(expression: Expression, parameters: Parameters): Value {
  return evaluate(expression, { variables: new Map(), parameters });
}

const unresolved = (name: string): Error => badRequest(`Identifier '${name}' could not be resolved.`);

function evaluate(expression: Expression, scope: Scope): Value {
  const value = (of: Expression): Value => evaluate(of, scope);
  switch (expression.kind) {
    case 'constant':
      return expression.value;
    case 'parameter':
      if (!scope.parameters.has(expression.name)) throw badRequest(`There is no parameter ${expression.name}.`);
      return scope.parameters.get(expression.name);
    case 'variable':
      if (!scope.variables.has(expression.name)) throw unresolved(expression.name);
      return scope.variables.get(expression.name);
    case 'member':
      return memberOf(value(expression.of), value(expression.name));
    case 'not':
      return negated(value(expression.of));
    case 'negative':
      return calculated('-', 0, value(expression.of));
    case 'binary':
      return combined(
        expression.operator,
        () => value(expression.left),
        () => value(expression.right),
      );
    case 'in':
      return anyOf(expression.list.map((each) => () => compared('=', value(expression.of), value(each))));
    case 'between':
      return combined(
        'and',
        () => compared('>=', value(expression.of), value(expression.low)),
        () => compared('<=', value(expression.of), value(expression.high)),
      );
    case 'call':
      return FUNCTIONS.get(expression.name)?.run(expression.values.map(value));
    case 'exists':
      return exists(expression.query, scope);
    case 'array':
      return expression.items.map((each) => value(each) ?? null);
    case 'object':
      return objectOf(expression.properties.map(([name, each]) => [name, value(each)]));
  }
}

/** Whether a query within a query finds anything that is defined. */
function exists({ select, sources, where }: Query, scope: Scope): boolean {
  const scopes = scopesOf({ sources, ...(where === undefined ? {} : { where }) }, scope);
  return scopes.some((each) => select.kind !== 'value' || evaluate(select.expression, each) !== undefined);
}

function objectOf(properties: readonly (readonly [string, Value])[]): JsonObject {
  const result: JsonObject = {};
  for (const [name, value] of properties) if (value !== undefined) put(result, name, value);
  return result;
}

function memberOf(of: Value, name: Value): Value {
  if (Array.isArray(of)) return typeof name === 'number' ? of[name] : undefined;
  return isObject(of) && typeof name === 'string' ? own(of, name) : undefined;
}

const negated = (value: Value): Value => (typeof value === 'boolean' ? !value : undefined);

/** Returns true when one is, undefined when one could be, and otherwise false. */
function anyOf(values: readonly (() => Value)[]): Value {
  let left: Value = false;
  for (const value of values) left = combined('or', () => left, value);
  return left;
}

const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%']);

function combined(operator: Operator, left: () => Value, right: () => Value): Value {
  if (operator === 'and' || operator === 'or') return logical(operator === 'or', left(), right());
  if (operator === '??') return left() ?? right();
  if (operator === '||') {
    const [a, b] = [left(), right()];
    return typeof a === 'string' && typeof b === 'string' ? a + b : undefined;
  }
  return ARITHMETIC.has(operator) ? calculated(operator, left(), right()) : compared(operator, left(), right());
}

/**
 * Joins two values by OR (decided by true) or AND (decided by false). What is no boolean is undefined, and so is the result unless the
 * other value decides it.
 */
function logical(decides: boolean, left: Value, right: Value): Value {
  if (left === decides || right === decides) return decides;
  return left === !decides && right === !decides ? !decides : undefined;
}

function calculated(operator: string, left: Value, right: Value): Value {
  if (typeof left !== 'number' || typeof right !== 'number') return undefined;
  const results: Readonly<Record<string, number>> = {
    '+': left + right,
    '-': left - right,
    '*': left * right,
    '/': left / right,
    '%': left % right,
  };
  const result = results[operator];
  return result !== undefined && Number.isFinite(result) ? result : undefined;
}

/**
 * Compares two values. Values of different types, undefined, and lists or objects by anything but equality compare to undefined: so
 * `null <= 1` is not true, and neither is `not (null <= 1)`.
 */
function compared(operator: Operator, left: Value, right: Value): Value {
  if (left === undefined || right === undefined || rank(left) !== rank(right)) return undefined;
  if (operator === '=') return equal(left, right);
  if (typeof left === 'object' && left !== null) return undefined;
  if (operator === '!=') return !equal(left, right);
  const order = orderOf(left, right);
  const results: Readonly<Record<string, boolean>> = {
    '<': order < 0,
    '<=': order <= 0,
    '>': order > 0,
    '>=': order >= 0,
  };
  return results[operator];
}

/** The order of types: what is not there comes first. */
function rank(value: Value): number {
  if (value === undefined) return 0;
  if (value === null) return 1;
  if (Array.isArray(value)) return 5;
  return { boolean: 2, number: 3, string: 4, object: 6 }[typeof value as 'boolean' | 'number' | 'string' | 'object'];
}

/** Compares two values for sorting. */
export function orderOf(left: Value, right: Value): number {
  const [a, b] = [rank(left), rank(right)];
  if (a !== b) return a - b;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  return typeof left === 'object' ? 0 : Number(left) - Number(right);
}
