/** The value of a property that is the object's own. */
export function own(object: Readonly<Record<string, unknown>>, property: string): unknown {
  return Object.getOwnPropertyDescriptor(object, property)?.value;
}

/** Assigning to `__proto__` would change the prototype; defining it makes it a property like any other. */
export function defineOwn(object: Record<string, unknown>, property: string, value: unknown): void {
  Object.defineProperty(object, property, { value, writable: true, enumerable: true, configurable: true });
}
