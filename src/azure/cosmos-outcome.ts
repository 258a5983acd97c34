import type { IncomingHttpHeaders } from 'node:http';
import { defined } from '../schema/defined';
import { StoreFault } from '../turn/fault';
import { CosmosFailure } from './cosmos-failure';

/** What the service decided instead of doing as asked. Nothing was changed. */
export type Refusal =
  /** 404 without a sub-status: there is no such item. */
  | 'absent'
  /** 409: there is one already. */
  | 'exists'
  /** 412: the condition does not hold (any more). */
  | 'changed'
  /** 413: it does not fit. */
  | 'tooLarge';

const REFUSALS: Readonly<Record<number, Refusal>> = { 404: 'absent', 409: 'exists', 412: 'changed', 413: 'tooLarge' };

/** Meanings of a 404 that is not about the item, by sub-status. Every other sub-status but 0 is not about the item either. */
const NOT_FOUND: Readonly<Record<number, string>> = {
  1002: 'its replica is behind this session',
  1003: 'database or container are missing',
  1013: 'the container is still being made',
  1023: 'the store is not ready',
  1030: 'it does not know the token',
};

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

/** Returns status and sub-status of an answer that is an error; nothing for failures without one. */
export function statusOf(error: unknown): { readonly status?: number; readonly substatus?: number } {
  const { code, substatus } = partsOf(error);
  if (typeof code !== 'number') return {};
  return { status: code, ...defined({ substatus: typeof substatus === 'number' ? substatus : undefined }) };
}

/** Returns whether a 404 says that there is no such item: only a plain one does. The others are about the service. */
export function isItemMissing(error: unknown): boolean {
  const { code, substatus } = partsOf(error);
  return code === 404 && (substatus === undefined || substatus === 0);
}

/** Sub-status of a 404 about an item, container or database whose own place is missing. */
const OWNER_MISSING = 1003;

/** Returns whether the answer to a look at a database or a container says that it is not there. */
export function isContainerMissing(error: unknown): boolean {
  const { code, substatus } = partsOf(error);
  return isItemMissing(error) || (code === 404 && substatus === OWNER_MISSING);
}

/** Returns whether a request failed without a clear answer: often the first sign of a region that is going away. */
export function isDoubtful(error: unknown): boolean {
  const { code } = partsOf(error);
  return typeof code !== 'number' || code >= 500 || code === 408 || code === 410;
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
    const known = code === 404 && !isItemMissing(error) ? undefined : REFUSALS[code];
    if (known !== undefined) return known;
    if (code === 400) throw error;
    const applied = kind === 'read' || NOT_APPLIED.has(code) || code === 404 ? 'no' : 'unknown';
    const status = substatus === undefined ? `${code}` : `${code}/${substatus}`;
    const meaning = code === 404 ? NOT_FOUND[Number(substatus)] : undefined;
    throw fault(applied, `Cosmos DB answered ${status}${meaning ? `: ${meaning}` : ''}.`, error, retryAfterInMs);
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
  readonly subStatusCode?: number;
  readonly eTag?: string;
  /** Time to wait before the batch is sent again, where this operation was throttled. */
  readonly retryAfterMilliseconds?: number;
}

/** Of an operation that only failed because another one of its batch did. */
const FAILED_DEPENDENCY = 424;

/**
 * Returns the results of a batch. The service carries out all of its operations or none, and says of each how it fared.
 *
 * @throws CosmosFailure for the operation that the service refused, with its index, and for results that do not say how they fared
 */
export function appliedBatch(
  results: readonly BatchedResult[],
  headers: IncomingHttpHeaders,
): readonly BatchedResult[] {
  const index = results.findIndex(({ statusCode }) => statusCode >= 300 && statusCode !== FAILED_DEPENDENCY);
  const failed = results[index];
  if (failed !== undefined) throw failureOf(failed, headers, index);
  if (results.some(({ statusCode }) => statusCode === FAILED_DEPENDENCY) || results.length === 0) {
    throw new CosmosFailure('noResults', { headers });
  }
  return results;
}

function failureOf(
  { statusCode, subStatusCode, retryAfterMilliseconds }: BatchedResult,
  headers: IncomingHttpHeaders,
  index: number,
): CosmosFailure {
  // A wait of none says nothing: the SDKs fill it in.
  const retryAfterInMs = Number(retryAfterMilliseconds) > 0 ? Number(retryAfterMilliseconds) : undefined;
  const substatus = typeof subStatusCode === 'number' ? subStatusCode : undefined;
  return new CosmosFailure(statusCode, { headers, index, ...defined({ substatus, retryAfterInMs }) });
}
