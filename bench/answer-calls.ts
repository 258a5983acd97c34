/** A call of a part by the process that has started it. */
export interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

export type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

/** What a part answers to, by name. */
export type Handlers = Readonly<Record<string, (argument: never) => unknown>>;

/** Makes this process a part: answers the calls of the one that started it, and ends with it. */
export function answerCalls(handlers: Handlers): void {
  process.on('message', async ({ id, name, argument }: Call) => {
    try {
      const value = await handlers[name]?.(argument as never);
      process.send?.({ id, value } satisfies Answer);
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ id: 0, value: undefined } satisfies Answer);
}
