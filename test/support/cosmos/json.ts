export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [property: string]: Json;
}

/** A value of a query: JSON, or undefined. */
export type Value = Json | undefined;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Returns a value's own property, or undefined: never one that every object has. */
export const own = (object: JsonObject, name: string): Value =>
  Object.hasOwn(object, name) ? object[name] : undefined;

/** Sets a property of any name, `__proto__` included. */
export function put(object: JsonObject, name: string, value: Json): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Whether two values are equal, with properties in any order. */
export function equal(left: Json, right: Json): boolean {
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((each, index) => equal(each, right[index] as Json));
  }
  if (!isObject(left) || !isObject(right)) return left === right;
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => Object.hasOwn(right, name) && equal(left[name] as Json, right[name] as Json));
}
