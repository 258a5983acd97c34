import { TurnwiseError } from '../schema/errors';
import type { JsonObject, JsonValue } from '../schema/json';
import { wellFormed } from '../schema/well-formed';
import { canonicalJson, jsonCopy } from './canonical-json';
import { defineOwn, own } from './own-property';
import type { StateDocument } from './turn';

/** What one turn did to one state document. Plain JSON: it can be stored, and applied later. */
export interface StateChanges {
  /** The properties that were read or written, or that the whole document was. */
  readonly touched: 'everything' | readonly string[];
  /** New values by property. */
  readonly set: JsonObject;
  /** Properties that are gone. */
  readonly remove: readonly string[];
}

/**
 * A state document over a JSON object as it was loaded. The object is never changed: a property is copied when it is first touched,
 * and what it was then is what {@link changed} compares with.
 */
export class JsonStateDocument implements StateDocument {
  /** Canonical JSON of each touched property as it was loaded; `undefined` for one that was not there. */
  private readonly loaded = new Map<string, string | undefined>();
  private readonly live: Record<string, unknown> = {};
  private everything = false;

  /** @param snapshot JSON, as it was loaded. */
  constructor(private readonly snapshot: Readonly<Record<string, unknown>> = {}) {}

  get(property: string): unknown {
    this.touch(property);
    return own(this.live, property);
  }

  /** Setting `undefined` deletes, because JSON cannot say it. */
  set(property: string, value: unknown): void {
    this.touch(property);
    if (value === undefined) delete this.live[property];
    else defineOwn(this.live, property, value);
  }

  delete(property: string): void {
    this.touch(property);
    delete this.live[property];
  }

  all(): Record<string, unknown> {
    this.touchEverything();
    return this.live;
  }

  clear(): void {
    this.touchEverything();
    for (const property of Object.keys(this.live)) delete this.live[property];
  }

  /** Never throws: a value that JSON cannot hold is a change, and {@link toChanges} says which. */
  changed(): boolean {
    return this.properties().some((property) => {
      try {
        return this.canonical(property) !== this.loaded.get(property);
      } catch {
        return true;
      }
    });
  }

  /** The properties that were read or written so far, or that the whole document was. */
  touched(): 'everything' | readonly string[] {
    return this.everything ? 'everything' : [...this.loaded.keys()];
  }

  /**
   * What the turn did, as plain JSON that later changes of the live values do not reach.
   * @throws TurnwiseError `StateNotJson`, naming the property.
   */
  toChanges(): StateChanges {
    const set: [string, JsonValue][] = [];
    const remove: string[] = [];
    for (const property of this.properties()) {
      const now = this.canonical(property);
      if (now === this.loaded.get(property)) continue;
      const name = wellFormed(property);
      if (now === undefined) remove.push(name);
      else set.push([name, jsonCopy(this.live[property])]);
    }
    // `fromEntries` makes own properties of any name, `__proto__` included.
    return { touched: this.touched(), set: Object.fromEntries(set), remove };
  }

  /** The whole document as it is to be stored. @throws TurnwiseError `StateNotJson`, naming the property. */
  toJson(): JsonObject {
    const { set, remove } = this.toChanges();
    const next = new Map<string, JsonValue>(Object.entries(this.snapshot as JsonObject));
    for (const property of remove) next.delete(property);
    for (const [property, value] of Object.entries(set)) next.set(property, value);
    return Object.fromEntries(next);
  }

  private properties(): string[] {
    return [...new Set([...this.loaded.keys(), ...Object.keys(this.live)])];
  }

  private canonical(property: string): string | undefined {
    const value = own(this.live, property);
    if (value === undefined) return undefined;
    try {
      return canonicalJson(jsonCopy(value));
    } catch (cause) {
      throw new TurnwiseError('StateNotJson', `The property is "${property}".`, { cause });
    }
  }

  private touch(property: string): void {
    if (this.loaded.has(property)) return;
    const value = own(this.snapshot, property);
    this.loaded.set(property, value === undefined ? undefined : canonicalJson(value as JsonValue));
    if (value !== undefined) defineOwn(this.live, property, structuredClone(value));
  }

  private touchEverything(): void {
    if (this.everything) return;
    this.everything = true;
    for (const property of Object.keys(this.snapshot)) this.touch(property);
  }
}
