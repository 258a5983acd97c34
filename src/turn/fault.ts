/**
 * A store call that did not answer with an outcome. `applied: 'no'`: it changed nothing (throttled, busy, unreachable).
 * `applied: 'unknown'`: it may have (timeout, reset); every primitive may be repeated with the same arguments to find out.
 * Neither is ever a reason to acknowledge, to commit, or to count an attempt.
 */
export class StoreFault extends Error {
  override readonly name = 'StoreFault';
  constructor(
    readonly applied: 'no' | 'unknown',
    message: string,
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
