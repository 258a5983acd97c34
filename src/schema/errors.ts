/**
 * The one catalogue of coded errors. Every code that can reach a bot author, an operator or a caller of the endpoint stands
 * here, with what to do about it; `docs/errors.md` lists the same codes, and a test holds the two together.
 */
export const ERRORS = {
  StoreUnusable: 'The store cannot be used.',
  NotFound: 'There is nothing at this address.',
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a code of {@link ERRORS}; `message` is the catalogue's sentence, with `detail` after it where there is one. */
export class TurnwiseError extends Error {
  override readonly name: string = 'TurnwiseError';
  constructor(
    readonly code: ErrorCode,
    detail?: string,
    options?: ErrorOptions,
  ) {
    super(detail === undefined ? ERRORS[code] : `${ERRORS[code]} ${detail}`, options);
  }
}

/** An expected failure as a value: what parsing and the gate answer instead of throwing. */
export interface Failure {
  readonly ok: false;
  /** The HTTP status that says this best. */
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Makes a {@link Failure} from the catalogue. `detail` must not repeat what the caller sent. */
export function failure(status: number, code: ErrorCode, detail?: string): Failure {
  return { ok: false, status, code, message: detail === undefined ? ERRORS[code] : `${ERRORS[code]} ${detail}` };
}
