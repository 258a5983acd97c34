/**
 * Where the runtime's events go. The list of events, with the fields each may carry, is `src/runtime/events.ts`; fields are
 * ids, counts, durations and codes: never message text, names, tokens or state.
 */
export interface Log {
  event(
    level: 'debug' | 'info' | 'warn' | 'error',
    name: string,
    fields: Readonly<Record<string, string | number | boolean>>,
  ): void;
}
