/** An answer with which the service refuses a request. */
export class CosmosRefusal extends Error {
  override readonly name = 'CosmosRefusal';

  constructor(
    readonly status: number,
    message: string,
    readonly substatus = 0,
    /** More for the body than code and message. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** Makes the refusal of a request that is malformed. */
export function badRequest(message: string, substatus = 0): CosmosRefusal {
  return new CosmosRefusal(400, message, substatus);
}

/** Names of statuses as the service has them in `code` of a body. */
const CODES: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  412: 'PreconditionFailed',
  413: 'RequestEntityTooLarge',
};

export const codeOf = (status: number): string => CODES[status] ?? String(status);
