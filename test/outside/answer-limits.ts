import { maxHeaderSize } from 'node:http';
import { constants } from './copies';
import { declared } from './production';

/* The limits on what a trusted service may answer, each with the largest answer known. */

/** How the largest answer is known. */
export type Basis = 'documented' | 'reported' | 'estimated';

/** A limit on an answer. */
export interface AnswerLimit {
  /** What the limit is on, as the page says it. */
  readonly what: string;
  readonly unit: 'bytes' | 'keys' | 'characters';
  /** The file that has the limit; none for that of Node.js. */
  readonly file?: string;
  readonly limit: number;
  /** Largest answer known, in the same unit. */
  readonly largest: number;
  readonly basis: Basis;
  readonly source: string;
}

/** A limit must be this many times the largest answer known. */
export const LEAST_FACTOR = 4;

function limited(name: string, constant: string): { readonly file: string; readonly limit: number } {
  const file = `src/azure/${name}.ts`;
  return { file, limit: Number(declared(file, constant)) };
}

function longest(values: readonly unknown[]): number {
  return Math.max(...values.map((value) => String(value).length));
}

const storageErrors = constants(
  '@azure/storage-queue/dist/commonjs/generated/src/models/index.js',
  'KnownStorageErrorCode',
);
const identityErrors = Object.keys(constants('@azure/identity/dist/commonjs/errors.js')).filter((name) =>
  name.endsWith('Error'),
);

export const ANSWER_LIMITS: readonly AnswerLimit[] = [
  {
    what: 'OpenID metadata',
    unit: 'bytes',
    ...limited('inbound-metadata', 'MAX_METADATA_BYTES'),
    largest: 1_800,
    basis: 'estimated',
    source: "Entra's document, the longer of the two",
  },
  {
    what: 'key set',
    unit: 'bytes',
    ...limited('inbound-metadata', 'MAX_KEYS_BYTES'),
    largest: 1_000_000,
    basis: 'reported',
    source: 'Bot Service: about 870 KB in October 2026, about 1 MB in June (public code)',
  },
  {
    what: 'keys of a set',
    unit: 'keys',
    ...limited('inbound-metadata', 'MAX_KEYS'),
    largest: 250,
    basis: 'reported',
    source: 'Bot Service, October 2026 (public code)',
  },
  {
    what: 'answer to a delivery',
    unit: 'bytes',
    ...limited('bot-connector', 'MAX_ANSWER_BYTES'),
    largest: 16_384,
    basis: 'estimated',
    source: 'an HTML page of a gateway; an id has some 300 bytes, an error some 2 KB',
  },
  {
    what: 'id in an answer to a delivery',
    unit: 'characters',
    ...limited('connector-outcome', 'MAX_ID_LENGTH'),
    largest: 300,
    basis: 'estimated',
    source: 'ids of Teams, of activities in channels',
  },
  {
    what: 'error code of a channel',
    unit: 'characters',
    ...limited('connector-outcome', 'MAX_CODE_LENGTH'),
    largest: 'BotNotInConversationRoster'.length,
    basis: 'documented',
    source: 'Teams, status codes of bot conversational APIs',
  },
  {
    what: "answer of a channel's other services",
    unit: 'bytes',
    ...limited('service-request', 'MAX_ANSWER_BYTES'),
    largest: 4_500_000,
    basis: 'estimated',
    source: '10,000 members, which is the most that one answer of Teams has, of 450 bytes each; files have up to 4 MB',
  },
  {
    what: 'answer of Cosmos DB',
    unit: 'bytes',
    ...limited('cosmos-rest', 'MAX_ANSWER_BYTES'),
    largest: 2 * 1024 * 1024,
    basis: 'documented',
    source: 'an item of the largest size; writes are answered without their items',
  },
  {
    what: 'answer of a queue',
    unit: 'bytes',
    ...limited('queue-requests', 'MAX_ANSWER_BYTES'),
    largest: 4_096,
    basis: 'estimated',
    source: 'a refused signature, with the text that should have been signed',
  },
  {
    what: 'error code of a queue',
    unit: 'characters',
    ...limited('queue-requests', 'MAX_CODE_LENGTH'),
    largest: longest(Object.values(storageErrors)),
    basis: 'documented',
    source: '@azure/storage-queue, KnownStorageErrorCode',
  },
  {
    what: 'name of an error of the identity service',
    unit: 'characters',
    ...limited('token-source', 'MAX_NAME_LENGTH'),
    largest: longest(identityErrors),
    basis: 'documented',
    source: '@azure/identity, its error classes',
  },
  {
    what: 'headers of an answer',
    unit: 'bytes',
    limit: maxHeaderSize,
    largest: 3_000,
    basis: 'estimated',
    source: 'Cosmos DB; the limit is that of Node.js',
  },
];
