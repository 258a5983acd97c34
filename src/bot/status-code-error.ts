/** An error with an HTTP status. Thrown by a bot it fails the turn like any other; to answer an invoke with a status, throw an `InvokeException`. */
export class StatusCodeError extends Error {
  override readonly name = 'StatusCodeError';

  constructor(
    readonly statusCode: number,
    message?: string,
  ) {
    super(message);
  }
}
