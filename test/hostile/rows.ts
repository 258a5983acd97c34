import type { Behaviour, FakeConnector } from '../support/fake-connector';
import type { TokenBench } from './token-bench';

/*
 * What strangers, channels and broken services try, as data: one row per case, run against the compiled app by `hostile.test.ts` and listed in
 * `docs/security.md`. A new address of the app gets a file of rows of its own and its groups a place in `GROUPS`.
 */

/** What the endpoint has to answer: the status, and the code in the body. */
export type Answer = readonly [status: number, code: string];

/** One request. What is not said is as in a good one: POST to the messaging endpoint, a good token, a good activity as JSON. */
export interface HostileRequest {
  readonly path?: string;
  readonly method?: string;
  /** Added to those of a good request; `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** An object is sent as JSON, text and bytes as they are. */
  readonly body?: object | string | Uint8Array;
}

/** Bytes for a connection, for what no client would send. `end` closes our side after them. */
export interface HostileBytes {
  readonly bytes: string | Uint8Array;
  readonly end?: boolean;
}

/** What the rows are made with. */
export interface Bench extends TokenBench {
  readonly port: number;
  /** The channel's service, at the address that tokens name. */
  readonly connector: Pick<FakeConnector, 'url'>;
  /** An activity that is right, in a conversation that never was: it would begin one. */
  activity(changes?: Readonly<Record<string, unknown>>): Record<string, unknown>;
}

/** A request that is turned away, leaving nothing behind. */
export interface RequestRow {
  readonly what: string;
  readonly request: (bench: Bench) => HostileRequest | HostileBytes;
  /** Several where it depends on when the other side notices. */
  readonly answer: Answer | readonly Answer[];
}

/** A queue message that this app has not made, as text of the queue: `ignored`, or `set aside` in the poison queue. */
export interface RingRow {
  readonly what: string;
  readonly message: (bench: Bench) => string;
  readonly ends: 'ignored' | 'set aside';
}

/** Answers of a channel to one message of the bot: how often it is sent, and what becomes of it in the end. */
export interface ConnectorRow {
  readonly what: string;
  /** Of the service, call by call; when they are over it takes what it gets. */
  readonly answers: (elsewhere: string) => readonly Behaviour[];
  readonly calls: number;
  /** `delivered`, or the reason of the dead letter. */
  readonly ends: string;
}

export interface Group<Row> {
  readonly name: string;
  readonly rows: readonly Row[];
}

/** Rows of requests from a table of tokens, header values and the like. */
export const row = (what: string, answer: RequestRow['answer'], request: RequestRow['request']): RequestRow => ({
  what,
  answer,
  request,
});

/** A POST request in bytes. */
export function bytesTo(bench: Bench, address: string, fields: readonly string[], body: string): string {
  return [`POST ${address} HTTP/1.1`, `Host: 127.0.0.1:${bench.port}`, ...fields, '', body].join('\r\n');
}

/** A POST request in bytes, whose body comes in one chunk: without a length. */
export function inChunks(bench: Bench, address: string, fields: readonly string[], body: string): string {
  const chunk = body === '' ? '' : `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`;
  return bytesTo(bench, address, [...fields, 'Transfer-Encoding: chunked', 'Connection: close'], `${chunk}0\r\n\r\n`);
}
