/**
 * A value that must not be seen: a password, a key, a connection string. It does not show in `JSON.stringify`, in string
 * concatenation or under `console.log`; whoever needs it says so with {@link Secret.reveal}.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one call that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }
}
