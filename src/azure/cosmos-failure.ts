import type { IncomingHttpHeaders } from 'node:http';
import { defined } from '../schema/defined';

/** Substatus of a 404 that is not about the item: the replica is behind the session. */
export const READ_SESSION_NOT_AVAILABLE = 1002;

/** Details of a failure beside its code. */
export interface FailureDetails {
  readonly headers: IncomingHttpHeaders;
  /** Nothing of the request has left this process. */
  readonly notSent?: boolean;
  /** Instead of the header's, for one operation of a batch. */
  readonly substatus?: number;
  readonly retryAfterInMs?: number;
  /** The operation of a batch that failed. */
  readonly index?: number;
}

/** Reason for there being no good answer, in the properties that `src/azure/cosmos-outcome.ts` knows the SDK's errors by. */
export class CosmosFailure extends Error {
  override readonly name = 'CosmosFailure';
  /** The status, or the system's error code. */
  readonly code: number | string;
  readonly substatus?: number;
  readonly headers: IncomingHttpHeaders;
  readonly retryAfterInMs?: number;
  /** Nothing of the request has left this process. */
  readonly notSent: boolean;
  /** The operation of a batch that failed. */
  readonly index?: number;

  constructor(code: number | string, { headers, notSent = false, substatus, retryAfterInMs, index }: FailureDetails) {
    super(`Cosmos DB: ${code}`);
    this.code = code;
    this.headers = headers;
    this.notSent = notSent;
    Object.assign(
      this,
      defined({
        substatus: substatus ?? numberIn(headers['x-ms-substatus']),
        retryAfterInMs: retryAfterInMs ?? numberIn(headers['x-ms-retry-after-ms']),
        index,
      }),
    );
  }
}

const numberIn = (header: string | readonly string[] | undefined): number | undefined =>
  header === undefined ? undefined : Number(header);
