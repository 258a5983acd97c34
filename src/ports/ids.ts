/** Identifiers as an argument, so that a simulated run can be replayed. */
export interface Ids {
  /** A new identifier, unique across instances, `[a-z0-9-]` only. */
  next(): string;
}
