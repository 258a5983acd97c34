import { documented, either, found, literal, symbol, word } from '../copies';
import { type OutsideValue, outside, outsideEach } from '../outside-value';
import { declared, stringsAcross, stringsIn } from '../production';

/* Storage queues: REST requests, connection strings, the emulator, and what is local of it. */

const SDK = '@azure/storage-queue/dist/commonjs';
const CONSTANTS = `${SDK}/utils/constants.js`;
const EMULATOR = 'azurite/dist/src/queue/utils/constants.js';
const ACCOUNTS = 'azurite/dist/src/common/utils/constants.js';
const REQUESTS = 'src/azure/queue-requests.ts';
const CONNECTION = 'src/azure/storage-connection.ts';
const HELD = 'src/local/held-message.ts';

const header = either(symbol(CONSTANTS, 'HeaderConstants'), symbol(CONSTANTS, 'StorageQueueLoggingAllowedHeaderNames'));

export const storageQueue: readonly OutsideValue[] = [
  ...outsideEach('header', stringsIn(REQUESTS, /^x-ms-[\w-]+$/, 5), header),
  ...outsideEach(
    'header that is signed',
    stringsIn(REQUESTS, /x-ms-[\w-]+:/, 2).flatMap((text) => text.match(/x-ms-[\w-]+/g) ?? []),
    header,
  ),
  outside('version of the REST API', declared(REQUESTS, 'API_VERSION'), symbol(EMULATOR, 'ValidAPIVersions')),
  outside('scope', declared(REQUESTS, 'SCOPE'), symbol(CONSTANTS, 'StorageOAuthScopes')),
  ...outsideEach(
    'parameter of a request',
    stringsIn(REQUESTS, /^(?:messagettl|visibilitytimeout|comp)$/, 3),
    symbol(CONSTANTS, 'StorageQueueLoggingAllowedQueryParameters'),
  ),
  ...outsideEach(
    'part of the metadata',
    stringsIn(REQUESTS, /^metadata$/, 1),
    literal(`${SDK}/generated/src/models/parameters.js`),
  ),
  ...outsideEach(
    'path of messages',
    stringsIn(REQUESTS, /^\/messages$/, 1).map((path) => path.slice(1)),
    word(`${SDK}/generated/src/operations`),
  ),
  ...outsideEach(
    'content type of a message',
    stringsIn(REQUESTS, /^application\//, 1),
    literal(`${SDK}/generated/src/models/parameters.js`),
  ),
  ...outsideEach(
    'element of a message',
    stringsIn(REQUESTS, /<\w+>/, 1).flatMap((text) => text.match(/\w+/g) ?? []),
    literal(`${SDK}/generated/src/models/mappers.js`),
  ),
  ...outsideEach(
    'scheme of an authorization',
    stringsIn(REQUESTS, /^(?:SharedKey|Bearer) $/, 2).map((text) => text.trim()),
    word('azurite/dist/src/queue/authentication', EMULATOR),
  ),
  ...outsideEach('error', stringsIn(REQUESTS, /^Queue[A-Z]\w+$/, 1), literal(`${SDK}/generated/src/models/index.js`)),
  ...outsideEach(
    'error of the local queue',
    stringsIn(HELD, /^(?:Message|PopReceipt)[A-Z]\w+$/, 2),
    literal(`${SDK}/generated/src/models/index.js`),
  ),
  outside(
    'longest delay of a message in seconds',
    declared('src/azure/queue-doorbell.ts', 'MAX_DELAY_S'),
    symbol(EMULATOR, 'ENQUEUE_VISIBILITYTIMEOUT_MAX'),
  ),
  ...outsideEach(
    'part of a connection string',
    stringsIn(CONNECTION, /^[A-Z][A-Za-z]+(?:Protocol|Name|Key|Suffix|Endpoint|Signature|Uri)$/, 21),
    word(`${SDK}/utils/utils.common.js`),
  ),
  ...outsideEach(
    'short connection string',
    stringsIn(CONNECTION, /^Use\w+=true$/, 1),
    word(`${SDK}/utils/utils.common.js`),
  ),
  ...outsideEach('host of the service', stringsIn(CONNECTION, /^\.queue\.$/, 1), word(`${SDK}/utils/utils.common.js`)),
  ...outsideEach(
    'part of the connection string of the emulator',
    String(declared(CONNECTION, 'DEVELOPMENT')).split(';'),
    found(CONSTANTS, /(?:`|;\s+|;)(\w+=[^;`]+)/g),
  ),
  outside(
    'account of the emulator',
    declared('src/local/azurite.ts', 'ACCOUNT'),
    symbol(ACCOUNTS, 'EMULATOR_ACCOUNT_NAME'),
  ),
  outside('key of the emulator', declared('src/local/azurite.ts', 'KEY'), literal(ACCOUNTS)),
  ...outsideEach(
    'option of the emulator',
    stringsIn('src/local/azurite.ts', /^--\w+$/, 7).map((option) => option.slice(2)),
    word('azurite/dist/src/queue/QueueEnvironment.js', 'azurite/dist/src/common'),
  ),
  ...outsideEach(
    'end of the name of a poison queue',
    stringsAcross(['src/azure/queue-inspection.ts', 'src/local/queue-listener.ts'], /^-\w+$/, 2),
    documented('queue trigger', 'end of the name of a poison queue'),
  ),
];
