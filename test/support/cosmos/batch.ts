import type { Container, Done, Operation } from './container';
import { type KeyValue, keyMismatch, keyOfHeader } from './item-rules';
import { isObject, type Json, type JsonObject, own } from './json';
import { badRequest, CosmosRefusal } from './refusal';

/* Transactional batches. https://learn.microsoft.com/azure/cosmos-db/nosql/transactional-batch ("Limitations") */

const MAX_OPERATIONS = 100;

const KINDS: Readonly<Record<string, Operation['kind']>> = {
  Create: 'create',
  Upsert: 'upsert',
  Replace: 'replace',
  Delete: 'delete',
  Patch: 'patch',
  Read: 'read',
};

/** Of an operation that failed only because another one of its batch did. */
const FAILED_DEPENDENCY = 424;

export interface BatchAnswer {
  /** 200, or 207 when an operation failed. */
  readonly status: number;
  readonly results: readonly JsonObject[];
  readonly charge: number;
}

/** Carries out a batch as a whole, or nothing of it. @throws CosmosRefusal when it is no batch */
export function runBatch(container: Container, key: KeyValue, body: Json, minimal: boolean): BatchAnswer {
  if (!Array.isArray(body) || body.length === 0) throw badRequest('Batch request has no operations.');
  if (body.length > MAX_OPERATIONS)
    throw badRequest(`Batch request has more operations than what is supported (${MAX_OPERATIONS}).`);
  const operations = body.map((each) => operationOf(each, key));
  let failed = -1;
  let refusal: CosmosRefusal | undefined;
  try {
    return container.transact(key, (operate) => {
      const done = operations.map((operation, index) => {
        failed = index;
        return operate(operation);
      });
      return {
        status: 200,
        results: done.map((each) => resultOf(each, minimal)),
        charge: sum(done.map(({ charge }) => charge)),
      };
    });
  } catch (error) {
    if (!(error instanceof CosmosRefusal)) throw error;
    refusal = error;
  }
  const { status, substatus } = refusal;
  const results = operations.map((_, index) =>
    index === failed
      ? { statusCode: status, subStatusCode: substatus, requestCharge: 1 }
      : { statusCode: FAILED_DEPENDENCY, requestCharge: 0 },
  );
  return { status: 207, results, charge: operations.length };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

function resultOf({ status, stored, charge }: Done, minimal: boolean): JsonObject {
  return {
    statusCode: status,
    requestCharge: charge,
    ...(stored === undefined ? {} : { eTag: stored.etag }),
    ...(stored === undefined || minimal ? {} : { resourceBody: stored.item }),
  };
}

function operationOf(given: Json, key: KeyValue): Operation {
  if (!isObject(given)) throw badRequest('An operation of a batch must be an object.');
  const kind = KINDS[String(own(given, 'operationType'))];
  if (kind === undefined) throw badRequest(`A batch cannot '${String(own(given, 'operationType'))}'.`);
  const body = own(given, 'resourceBody');
  const said = own(given, 'partitionKey');
  if (said !== undefined && keyOfHeader(String(said)) !== key) throw keyMismatch();
  return {
    kind,
    id: textIn(given, 'id'),
    body,
    ifMatch: textIn(given, 'ifMatch'),
    ifNoneMatch: textIn(given, 'ifNoneMatch'),
  };
}

function textIn(given: JsonObject, name: string): string | undefined {
  const value = own(given, name);
  if (value === undefined || typeof value === 'string') return value;
  throw badRequest(`The ${name} of an operation of a batch must be text.`);
}
