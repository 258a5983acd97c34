import { keyAuthorization } from '../../../src/azure/cosmos-authorization';
import { Secret } from '../../../src/schema/secret';
import { constants, documented, either, literal, match, symbol } from '../copies';
import { type OutsideValue, outside, outsideEach } from '../outside-value';
import { codeBelow, declared, declaredStrings, stringsAcross, stringsIn, valuesAt } from '../production';

/* Cosmos DB's REST API: headers, versions, statuses, limits. */

const SDK = '@azure/cosmos/dist/commonjs';
const CONSTANTS = `${SDK}/common/constants.js`;
const STATUS = `${SDK}/common/statusCodes.js`;
const FILES = codeBelow('src/azure').filter((file) => file.includes('/cosmos-'));
const HEADERS = `${SDK}/utils/headers.js`;
const REST = 'src/azure/cosmos-rest.ts';
const ITEMS = 'src/azure/cosmos-rest-transport.ts';
const REQUESTS = 'src/azure/cosmos-requests.ts';
const OUTCOME = 'src/azure/cosmos-outcome.ts';
const PROBES = 'src/azure/cosmos-probes.ts';

/** HTTP writes the names of headers in any case. */
const header = symbol(CONSTANTS, 'Constants.HttpHeaders', (name) => String(name).toLowerCase());
const status = symbol(STATUS, 'StatusCodes');
const subStatus = (name: string) => symbol(STATUS, `SubStatusCodes.${name}`);

const request = { method: 'GET', type: 'docs', link: 'dbs/bots', date: 'Mon, 30 Nov 2026 12:00:00 GMT' };

/** What a request with a key shows. */
const keyed = new URLSearchParams(decodeURIComponent(String(keyAuthorization(new Secret('a2V5')).header(request))));

export const cosmos: readonly OutsideValue[] = [
  ...outsideEach('header', stringsAcross(FILES, /^x-ms-/, 21), header),
  ...outsideEach('preference', stringsIn(ITEMS, /^return=/, 1), header),
  ...outsideEach('name of a preference', Object.keys(declared(ITEMS, 'WITHOUT_CONTENT') as object), header),
  ...outsideEach('name of a condition', stringsIn(ITEMS, /^if-/, 2), header),
  outside(
    'kind of a condition of the SDK',
    stringsIn('src/azure/cosmos-sdk-transport.ts', /^If/, 1).join(),
    literal(`${SDK}/request/request.js`),
  ),
  outside('version of the REST API', declared(REST, 'VERSION'), symbol(CONSTANTS, 'Constants.CurrentVersion')),
  ...outsideEach(
    'beginning of an authorization',
    declaredStrings('src/azure/cosmos-authorization.ts', 'PREFIX'),
    symbol(CONSTANTS, 'AAD_AUTH_PREFIX'),
  ),
  outside('type of an authorization with a key', keyed.get('type'), match(HEADERS, /const type = "(\w+)"/g)),
  outside('version of an authorization with a key', keyed.get('ver'), match(HEADERS, /const version = "([\d.]+)"/g)),
  ...outsideEach(
    'scope',
    stringsIn('src/azure/cosmos-authorization.ts', /^https:/, 1),
    symbol(CONSTANTS, 'AAD_DEFAULT_SCOPE'),
  ),
  ...outsideEach(
    'kind of a resource',
    stringsIn('src/azure/cosmos-account.ts', /^(?:dbs|colls|docs)$/, 5),
    symbol(CONSTANTS, 'ResourceType'),
  ),
  ...outsideEach('kind of a resource', stringsIn(ITEMS, /^(?:dbs|colls|docs)$/, 2), symbol(CONSTANTS, 'ResourceType')),
  ...outsideEach(
    'level of consistency',
    [
      ...declaredStrings('src/azure/cosmos-account-document.ts', 'CONSISTENT_ENOUGH'),
      ...declaredStrings(REST, 'EVERY_REQUEST.x-ms-consistency-level'),
    ],
    literal(`${SDK}/documents/ConsistencyLevel.js`),
  ),
  ...outsideEach(
    'level of consistency',
    stringsIn('src/cli/checks/cosmos.ts', /^(?:Strong|BoundedStaleness|Session)$/, 3),
    literal(`${SDK}/documents/ConsistencyLevel.js`),
  ),
  outside(
    'sub-status of a read behind its session',
    declared('src/azure/cosmos-failure.ts', 'READ_SESSION_NOT_AVAILABLE'),
    subStatus('ReadSessionNotAvailable'),
  ),
  outside(
    'sub-status of a missing container',
    declared(OUTCOME, 'OWNER_MISSING'),
    documented('cosmos sub-statuses', 'OwnerResourceNotFound'),
  ),
  ...ofNotFound(),
  outside(
    'sub-status of a region that does not write',
    declared(OUTCOME, 'WRITE_FORBIDDEN'),
    subStatus('WriteForbidden'),
  ),
  outside(
    'sub-status of an account that is not there',
    declared(OUTCOME, 'ACCOUNT_NOT_FOUND'),
    subStatus('DatabaseAccountNotFound'),
  ),
  outside(
    'status of an operation of a failed batch',
    declared(OUTCOME, 'FAILED_DEPENDENCY'),
    symbol(STATUS, 'StatusCodes.FailedDependency'),
  ),
  ...outsideEach(
    'status of a write that was not applied',
    Object.values(declared(OUTCOME, 'NOT_APPLIED') as number[]),
    withOnly(['Unauthorized', 'Forbidden', 'TooManyRequests', 'RetryWith']),
  ),
  ...outsideEach(
    'status that says nothing about what was asked',
    Object.values(declared('src/azure/cosmos-scratch.ts', 'SAYS_NOTHING') as number[]),
    withOnly(['Unauthorized', 'Forbidden', 'RequestTimeout', 'Gone', 'TooManyRequests', 'RetryWith']),
  ),
  ...Object.entries({
    PRECONDITION_FAILED: symbol(STATUS, 'StatusCodes.PreconditionFailed'),
    FAILED_DEPENDENCY: symbol(STATUS, 'StatusCodes.FailedDependency'),
    BAD_REQUEST: symbol(STATUS, 'StatusCodes.BadRequest'),
    SESSION_NOT_AVAILABLE: subStatus('ReadSessionNotAvailable'),
  }).map(([name, copy]) => outside(`status that a question waits for: ${name}`, declared(PROBES, name), copy)),
  ...refusals(),
  ...advised(),
  ...outsideEach(
    'error of an identity',
    declaredStrings(OUTCOME, 'NOT_SENT').filter((name) => name.endsWith('Error')),
    literal('@azure/identity/dist/commonjs/errors.js'),
  ),
  outside(
    'most operations of a batch',
    declared(REQUESTS, 'MOST_OPERATIONS'),
    either(symbol(CONSTANTS, 'Constants.MaxBulkOperationsCount'), documented('cosmos batch', 'operations')),
  ),
  outside(
    'megabytes of a batch, with room for its envelope',
    Math.ceil(Number(declared(REQUESTS, 'MOST_BYTES')) / 1_000_000),
    documented('cosmos batch', 'megabytes of payload'),
  ),
  ...outsideEach(
    'operation of a batch',
    valuesAt(FILES, 'operationType'),
    symbol(`${SDK}/utils/batch.js`, 'BulkOperationType'),
  ),
  ...outsideEach('operation of a patch', valuesAt(FILES, 'op'), literal(`${SDK}/utils/patch.js`)),
  outside(
    'most seconds that an item may live',
    declared('src/azure/cosmos-collections.ts', 'LONGEST_TTL_S'),
    documented('cosmos limits', 'most seconds to live'),
  ),
  ...outsideEach(
    'mode of an index',
    stringsIn('src/azure/cosmos-containers.ts', /^consistent$/, 2),
    literal(`${SDK}/documents/IndexingMode.js`),
  ),
  ...outsideEach(
    'partition key of old containers',
    stringsIn('src/azure/cosmos-earlier-state.ts', /^\/_/, 2),
    documented('earlier state', 'partition key of old containers'),
  ),
];

/** The sub-statuses of a 404 that is not about the item, in the order of their numbers. */
function ofNotFound(): OutsideValue[] {
  const names = [
    'ReadSessionNotAvailable',
    'OwnerResourceNotFound',
    'CollectionCreateInProgress',
    'StoreNotReady',
    'AuthTokenNotFoundInCache',
  ];
  const codes = Object.keys(declared(OUTCOME, 'NOT_FOUND') as object).map(Number);
  if (codes.length !== names.length) throw new Error(`There are ${codes.length} sub-statuses of a 404.`);
  return names.map((name, index) =>
    outside(`sub-status of a 404: ${name}`, codes[index], documented('cosmos sub-statuses', name)),
  );
}

/** The statuses of refusals, each with the name that the SDK has for what it means here. */
function refusals(): OutsideValue[] {
  const names = {
    absent: 'NotFound',
    exists: 'Conflict',
    changed: 'PreconditionFailed',
    tooLarge: 'RequestEntityTooLarge',
  };
  const codes = Object.entries(declared(OUTCOME, 'REFUSALS') as Readonly<Record<string, keyof typeof names>>);
  return codes.map(([code, refusal]) =>
    outside(`status of ${refusal}`, Number(code), symbol(STATUS, `StatusCodes.${names[refusal]}`)),
  );
}

/** The statuses on which there is advice, each with what the advice takes it for. */
function advised(): OutsideValue[] {
  const advice = Object.entries(declared('src/azure/cosmos-account.ts', 'ADVICE') as Readonly<Record<string, string>>);
  const about = (text: string): string | undefined => advice.find(([, each]) => each.includes(text))?.[0];
  return [
    outside('status of a missing role', about('has no role'), documented('cosmos forbidden', 'a missing role')),
    outside(
      'status of a request of the control plane',
      about('control plane'),
      documented('cosmos forbidden', 'a request of the control plane'),
    ),
  ];
}

/** One of some statuses, by their names. */
function withOnly(names: readonly string[]) {
  const codes = constants(STATUS, 'StatusCodes');
  return { ...status, has: (value: string | number) => names.some((name) => codes[name] === value) };
}
