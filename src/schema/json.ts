/** What JSON can hold. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  [property: string]: JsonValue;
}

/** A JSON object with any properties: what the schema does not name passes through untouched. */
export interface Extensible {
  [property: string]: unknown;
}

/** A string for which some values are known: editors offer them, and any other string is still allowed. */
export type Open<Known extends string> = Known | (string & Record<never, never>);

/**
 * A value whose shape only the bot knows, and reads freely: `activity.value.choice`. It is what `JSON.parse` gives, and what the Bot Framework SDK's types
 * say at the same places: code that moves here has to compile. `docs/decisions/untyped-values.md`.
 */
export type Untyped = ReturnType<JSON['parse']>;
