/**
 * Thrown by a handler whose next attempt would fail the same way: the activity becomes a dead letter at once, after `onTurnError`.
 * Any error with a property `retry` that is false says the same.
 */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly retry = false;
}

/**
 * Thrown by a handler that knows when another attempt may succeed. The attempt counts like any other; the pause before the next is at
 * least `retryAfterMs`. Any error with a number `retryAfterMs` says the same.
 */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';

  constructor(
    message: string,
    readonly retryAfterMs: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
