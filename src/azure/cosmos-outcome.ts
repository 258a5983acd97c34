import { StoreFault } from '../turn/fault';
import { CosmosFailure, READ_SESSION_NOT_AVAILABLE } from './cosmos-rest';

/** What the service decided instead of doing as asked. Nothing was changed. */
export type Refusal =
  /** 404: there is no such item. */
  | 'absent'
  /** 409: there is one already. */
  | 'exists'
  /** 412: the condition does not hold (any more). */
  | 'changed'
  /** 413: it does not fit. */
  | 'tooLarge';

const REFUSALS: Readonly<Record<number, Refusal>> = { 404: 'absent', 409: 'exists', 412: 'changed', 413: 'tooLarge' };

/** 404 with this, or about the session, is not about the item: database or container are missing. */
const OWNER_MISSING = 1003;

/** Answers to writes that were certainly not carried out: throttled, contended, not permitted, sent to a region that does not write. */
const NOT_APPLIED: ReadonlySet<number> = new Set([401, 403, 429, 449]);

/** Failures before anything was sent, and tokens that could not be had. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'CredentialUnavailableError',
  'AuthenticationError',
  'AggregateAuthenticationError',
]);

/** 403 with these says that the region does not write, or that the account is not there any more. */
const WRITE_FORBIDDEN = 3;
const ACCOUNT_NOT_FOUND = 1008;

/** Whether a failure is a reason to look where the account writes now. */
export function mayHaveMoved(error: unknown): boolean {
  const { code, substatus, notSent } = partsOf(error);
  return notSent === true || (code === 403 && (substatus === WRITE_FORBIDDEN || substatus === ACCOUNT_NOT_FOUND));
}

/** An answer's parts, by whichever error class it came. */
interface Parts {
  readonly code?: unknown;
  readonly substatus?: unknown;
  readonly name?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly retryAfterInMs?: unknown;
  /** Said by our own transport. */
  readonly notSent?: unknown;
}

const partsOf = (error: unknown): Parts => (typeof error === 'object' && error !== null ? error : {});

/** The headers of an answer that the SDK threw; empty for failures without one. */
export function headersOf(error: unknown): Readonly<Record<string, unknown>> {
  return partsOf(error).headers ?? {};
}

/**
 * What a failed request comes to: a refusal, which is an answer, or a fault.
 *
 * A read that failed changed nothing. A write that the service turned down (404, 409, 412, 413, 429, 449, 401, 403) or that never left
 * changed nothing either. Everything else may have been applied: 408, 410, 5xx, timeouts, resets, answers that broke
 * off, and whatever comes without a code.
 *
 * @returns what the service decided
 * @throws StoreFault when it did not, or that is not known; the error itself when the request was malformed (400): a defect
 */
export function refusal(error: unknown, kind: 'read' | 'write'): Refusal {
  const { code, substatus, name, retryAfterInMs, ...more } = partsOf(error);
  if (typeof code === 'number') {
    const known = substatus === READ_SESSION_NOT_AVAILABLE || substatus === OWNER_MISSING ? undefined : REFUSALS[code];
    if (known !== undefined) return known;
    if (code === 400) throw error;
    const applied = kind === 'read' || NOT_APPLIED.has(code) || code === 404 ? 'no' : 'unknown';
    const status = substatus === undefined ? `${code}` : `${code}/${substatus}`;
    throw fault(applied, `Cosmos DB answered ${status}.`, error, retryAfterInMs);
  }
  const notSent = more.notSent === true || [code, name].some((each) => typeof each === 'string' && NOT_SENT.has(each));
  throw fault(kind === 'read' || notSent ? 'no' : 'unknown', 'Cosmos DB did not answer.', error);
}

/** What a failure comes to that came before the request itself, when the account was looked at: whatever it says, it is not about the item. */
export function notOpened(error: unknown): StoreFault {
  const { code, retryAfterInMs } = partsOf(error);
  const answer = typeof code === 'number' ? `answered ${code} when its account was looked at` : 'did not answer';
  return fault('no', `Cosmos DB ${answer}.`, error, retryAfterInMs);
}

function fault(applied: 'no' | 'unknown', message: string, cause: unknown, retryAfterMs?: unknown): StoreFault {
  return new StoreFault(applied, message, typeof retryAfterMs === 'number' ? retryAfterMs : undefined, { cause });
}

/** The result of one operation of a batch. */
export interface BatchedResult {
  readonly statusCode: number;
  readonly eTag?: string;
}

/** Of an operation that only failed because another one of its batch did. */
const FAILED_DEPENDENCY = 424;

/**
 * What a batch came to. The service carries out all of its operations or none, and says of each how it fared.
 *
 * @returns `undefined` when it was applied; otherwise the operation that the service refused, and why
 * @throws StoreFault as in {@link refusal}
 */
export function batchRefusal(
  results: readonly BatchedResult[],
): { readonly index: number; readonly refusal: Refusal } | undefined {
  const index = results.findIndex(({ statusCode }) => statusCode >= 300 && statusCode !== FAILED_DEPENDENCY);
  const failed = results[index];
  if (failed !== undefined)
    return { index, refusal: refusal(new CosmosFailure(failed.statusCode, { headers: {} }), 'write') };
  if (results.some(({ statusCode }) => statusCode === FAILED_DEPENDENCY) || results.length === 0) {
    throw new StoreFault('unknown', 'Cosmos DB answered a batch without saying how it fared.');
  }
  return undefined;
}
