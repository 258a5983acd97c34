/** Leaves out what is `undefined`: a property that is there has a value. */
export function defined<V, K extends string>(fields: Record<K, V | undefined>): { [k in K]?: V } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [k in K]?: V };
}
