import { isObject, type JsonObject } from './json';

/** Which paths of a container are indexed. https://learn.microsoft.com/azure/cosmos-db/index-policy */
export interface IndexedPaths {
  /** Whether items can be sorted by a path, and how its values are counted. */
  has(path: readonly string[]): boolean;
  /** Whether anything at or below a path can be indexed. */
  leadsTo(path: readonly string[]): boolean;
}

interface Rule {
  readonly names: readonly string[];
  readonly included: boolean;
}

/** Always indexed, whatever the policy says, where there is an index at all. */
const ALWAYS: ReadonlySet<string> = new Set(['id', '_ts']);

/** Reads a policy: of the paths that cover a property, the longest decides. Without a policy everything is indexed. */
export function indexedPaths(policy: unknown): IndexedPaths {
  const given: JsonObject = isObject(policy) ? policy : { includedPaths: [{ path: '/*' }] };
  const rules = [...rulesOf(given, 'includedPaths', true), ...rulesOf(given, 'excludedPaths', false)];
  const isOn = given.indexingMode !== 'none';
  return {
    leadsTo: (path) => rules.some(({ names, included }) => included && isNear(names, path)),
    has: (path) => {
      if (!isOn) return false;
      if (path.length === 1 && ALWAYS.has(path[0] ?? '')) return true;
      const covering = rules.filter(({ names }) => covers(names, path));
      const longest = Math.max(-1, ...covering.map(({ names }) => names.length));
      return covering.some(({ names, included }) => included && names.length === longest);
    },
  };
}

function rulesOf(policy: JsonObject, kind: 'includedPaths' | 'excludedPaths', included: boolean): readonly Rule[] {
  const paths = Array.isArray(policy[kind]) ? policy[kind] : [];
  return paths.flatMap((each) => {
    const path = isObject(each) ? each.path : undefined;
    return typeof path === 'string'
      ? [
          {
            names: path
              .slice(1)
              .split('/')
              .map(unquoted)
              .filter((name) => name !== '[]'),
            included,
          },
        ]
      : [];
  });
}

const unquoted = (name: string): string => name.replace(/^"(.*)"$/, '$1');

/** Whether a rule such as `/wake/?` (this value) or `/body/*` (everything below) covers a path. */
function covers(names: readonly string[], path: readonly string[]): boolean {
  const last = names.at(-1);
  const fixed = names.slice(0, -1);
  if (last === '?' ? path.length !== fixed.length : path.length < fixed.length) return false;
  return fixed.every((name, index) => name === path[index]);
}

/** Whether a rule is about a path or something above or below it. */
const isNear = (names: readonly string[], path: readonly string[]): boolean =>
  names.every((name, index) => index >= path.length || name === '*' || name === '?' || name === path[index]);

/** Counts the indexed values of an item, without those that the service indexes in any case. */
export function termsOf(item: JsonObject, paths: IndexedPaths): number {
  let terms = 0;
  const count = (value: unknown, path: readonly string[]): void => {
    if (Array.isArray(value)) for (const each of value) count(each, path);
    else if (isObject(value)) {
      for (const [name, each] of Object.entries(value))
        if (paths.leadsTo([...path, name])) count(each, [...path, name]);
    } else if (paths.has(path) && !ALWAYS.has(path[0] ?? '')) terms += 1;
  };
  count(item, []);
  return terms;
}
