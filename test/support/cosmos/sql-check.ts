import type { Json } from './json';
import { badRequest } from './refusal';
import type { Condition, Expression, Query } from './sql-syntax';

/**
 * Makes sure that every name in a condition stands for something, whatever the items are: a query over nothing is refused like any other.
 * @throws CosmosRefusal for a name or a parameter that is not known
 */
export function checkCondition(condition: Condition, parameters: ReadonlyMap<string, Json> = new Map()): void {
  new Check(parameters).from(condition, new Set(), true);
}

/** As {@link checkCondition}, for a whole query. */
export function checkQuery(query: Query, parameters: ReadonlyMap<string, Json>): void {
  new Check(parameters).query(query, new Set(), true);
}

type Names = ReadonlySet<string>;

class Check {
  readonly #parameters: ReadonlyMap<string, Json>;

  constructor(parameters: ReadonlyMap<string, Json>) {
    this.#parameters = parameters;
  }

  query(query: Query, outer: Names, isRoot: boolean): void {
    const names = this.from(query, outer, isRoot);
    const { select, top, orderBy } = query;
    if (select.kind === 'all' && query.sources.length > 1)
      throw badRequest("'SELECT *' is only valid with a single input set.");
    if (select.kind === 'value') this.#check(select.expression, names);
    if (select.kind === 'list') for (const { expression } of select.items) this.#check(expression, names);
    if (top !== undefined) this.#check(top, new Set());
    for (const { expression } of orderBy) this.#check(expression, names);
  }

  from({ sources, where }: Condition, outer: Names, isRoot: boolean): Names {
    const names = new Set(outer);
    sources.forEach(({ alias, list }, index) => {
      if (list === undefined) {
        if (!isRoot || index > 0) this.#check({ kind: 'variable', name: alias }, names);
        names.add(alias);
        return;
      }
      if (isRoot && index === 0) names.add(rootOf(list));
      this.#check(list, names);
      names.add(alias);
    });
    if (where !== undefined) this.#check(where, names);
    return names;
  }

  #check(expression: Expression, names: Names): void {
    if (expression.kind === 'parameter' && !this.#parameters.has(expression.name)) {
      throw badRequest(`There is no parameter ${expression.name}.`);
    }
    if (expression.kind === 'variable' && !names.has(expression.name)) {
      throw badRequest(`Identifier '${expression.name}' could not be resolved.`);
    }
    if (expression.kind === 'exists') this.query(expression.query, names, false);
    for (const part of partsOf(expression)) this.#check(part, names);
  }
}

/** Returns the expressions that an expression is made of. */
function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'member':
      return [expression.of, expression.name];
    case 'not':
    case 'negative':
      return [expression.of];
    case 'binary':
      return [expression.left, expression.right];
    case 'in':
      return [expression.of, ...expression.list];
    case 'between':
      return [expression.of, expression.low, expression.high];
    case 'call':
      return expression.values;
    case 'array':
      return expression.items;
    case 'object':
      return expression.properties.map(([, value]) => value);
    default:
      return [];
  }
}

/** Returns the name that a path begins with. */
export function rootOf(path: Expression): string {
  if (path.kind === 'variable') return path.name;
  if (path.kind === 'member') return rootOf(path.of);
  throw badRequest('A source must be a path.');
}
