import { equal, isObject, type JsonObject, own, type Value } from './json';

interface QueryFunction {
  readonly least: number;
  readonly most: number;
  run(values: readonly Value[]): Value;
}

/** Makes a predicate on the type of one value. It is false, and not undefined, for what is not there. */
const typed = (test: (value: Value) => boolean): QueryFunction => ({
  least: 1,
  most: 1,
  run: ([value]) => test(value),
});

/** Makes a function of strings: undefined for anything else. */
const onText = (run: (text: string) => Value): QueryFunction => ({
  least: 1,
  most: 1,
  run: ([text]) => (typeof text === 'string' ? run(text) : undefined),
});

/** Makes a comparison of two strings, without regard to case where a third argument is true. */
const onTexts = (run: (text: string, part: string) => boolean): QueryFunction => ({
  least: 2,
  most: 3,
  run: ([text, part, anyCase = false]) => {
    if (typeof text !== 'string' || typeof part !== 'string' || typeof anyCase !== 'boolean') return undefined;
    return anyCase ? run(text.toLowerCase(), part.toLowerCase()) : run(text, part);
  },
});

/** Whether an element is the wanted value, or, for a part of an object, has all of its properties. */
function matches(element: Value, wanted: Value, inPart: boolean): boolean {
  if (element === undefined || wanted === undefined) return false;
  if (!inPart || !isObject(element) || !isObject(wanted)) return equal(element, wanted);
  const part: JsonObject = wanted;
  return Object.keys(part).every((name) => {
    const [has, wants] = [own(element, name), own(part, name)];
    return has !== undefined && wants !== undefined && equal(has, wants);
  });
}

/** Functions of the query language, by their names in lower case. https://learn.microsoft.com/azure/cosmos-db/nosql/query/ */
export const FUNCTIONS: ReadonlyMap<string, QueryFunction> = new Map<string, QueryFunction>([
  ['is_defined', typed((value) => value !== undefined)],
  ['is_null', typed((value) => value === null)],
  ['is_array', typed(Array.isArray)],
  ['is_object', typed(isObject)],
  ['is_bool', typed((value) => typeof value === 'boolean')],
  ['is_number', typed((value) => typeof value === 'number')],
  ['is_string', typed((value) => typeof value === 'string')],
  ['array_length', { least: 1, most: 1, run: ([list]) => (Array.isArray(list) ? list.length : undefined) }],
  [
    'array_contains',
    {
      least: 2,
      most: 3,
      run: ([list, wanted, inPart = false]) => {
        if (!Array.isArray(list) || wanted === undefined || typeof inPart !== 'boolean') return undefined;
        return list.some((element) => matches(element, wanted, inPart));
      },
    },
  ],
  ['startswith', onTexts((text, part) => text.startsWith(part))],
  ['endswith', onTexts((text, part) => text.endsWith(part))],
  ['contains', onTexts((text, part) => text.includes(part))],
  ['length', onText((text) => text.length)],
  ['lower', onText((text) => text.toLowerCase())],
  ['upper', onText((text) => text.toUpperCase())],
]);
