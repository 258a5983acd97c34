/** Limits of a {@link BoundedMap}. */
export interface MapLimits<V> {
  readonly maxEntries: number;
  /** Most bytes that all entries together may take, by {@link bytesOf}. */
  readonly maxBytes: number;
  /** Returns the bytes that a value takes. Default: none, for numbers and small objects. */
  readonly bytesOf?: (value: V) => number;
}

/** Bytes of an entry beside its key and its value: the map's own, and the object around the value. */
const ENTRY_BYTES = 200;

/** Returns the bytes that a text may take in memory: up to two for each UTF-16 unit. */
export function textBytes(text: string): number {
  return 2 * text.length;
}

/**
 * A map in memory that forgets what was set longest ago when it has too many entries or takes too many bytes. For what can be found again
 * elsewhere. An entry that alone is over the limit is not kept.
 */
export class BoundedMap<K extends string, V> {
  readonly #entries = new Map<K, V>();
  readonly #limits: MapLimits<V>;
  #bytes = 0;

  constructor(limits: MapLimits<V>) {
    this.#limits = limits;
  }

  /** Bytes that the entries take, as they are counted here. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  /** Sets a value, which is then the latest. */
  set(key: K, value: V): void {
    this.delete(key);
    this.#entries.set(key, value);
    this.#bytes += this.#bytesOf(key, value);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.maxEntries && this.#bytes <= this.#limits.maxBytes) return;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    const value = this.#entries.get(key);
    if (value === undefined || !this.#entries.delete(key)) return;
    this.#bytes -= this.#bytesOf(key, value);
  }

  #bytesOf(key: K, value: V): number {
    return ENTRY_BYTES + textBytes(key) + (this.#limits.bytesOf?.(value) ?? 0);
  }
}
