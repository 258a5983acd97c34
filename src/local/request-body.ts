import type { IncomingMessage, ServerResponse } from 'node:http';
import { deferred } from './deferred';
import { refusalBody, refuse } from './http-response';

/** Bytes of all bodies together that are held at a time, unless four bodies of the largest size are more. */
const MAX_HELD_BYTES = 33_554_432;
/** Bytes of a refused body that are read and dropped, so that the client finds the answer before its connection ends. */
const MAX_DROPPED_BYTES = 262_144;
/** Time in ms for the client of a refused body to read the answer. */
const ANSWER_READ_MS = 2_000;

/** Result of reading a body: its bytes, the reason for not having read it, or `gone` when the client went away. */
export type ReadBody =
  | { readonly kind: 'read'; readonly bytes: Buffer; release(): void }
  | { readonly kind: 'tooLarge' | 'tooBusy' | 'gone' };

/**
 * Reads request bodies within two limits: one for each body, and one for all bodies together, from their first byte until the request
 * is answered. Senders of many unfinished bodies thus cannot fill the memory.
 */
export class RequestBodies {
  /** Largest body, in bytes. */
  readonly limit: number;
  readonly #maxHeld: number;
  #held = 0;

  constructor(limit: number) {
    this.limit = limit;
    this.#maxHeld = Math.max(MAX_HELD_BYTES, 4 * limit);
  }

  /** Tells whether a request announces a body over the limit. */
  announcesTooMuch(request: IncomingMessage): boolean {
    return Number(request.headers['content-length'] ?? 0) > this.limit;
  }

  /**
   * Reads the whole body. A body without a Content-Length is read, within the limit, and dropped: the host passes a body on only if the
   * request has one.
   */
  async read(request: IncomingMessage): Promise<ReadBody> {
    if (this.announcesTooMuch(request)) return { kind: 'tooLarge' };
    const dropped = request.headers['content-length'] === undefined;
    const { promise, resolve } = deferred<ReadBody>();
    const chunks: Buffer[] = [];
    let size = 0;
    let held = 0;
    const release = (): void => {
      this.#held -= held;
      held = 0;
    };
    const stop = (kind: 'tooLarge' | 'tooBusy'): void => {
      request.off('data', onData);
      request.pause();
      release();
      resolve({ kind });
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > this.limit) stop('tooLarge');
      else if (!dropped && this.#held + chunk.length > this.#maxHeld) stop('tooBusy');
      else if (!dropped) {
        chunks.push(chunk);
        held += chunk.length;
        this.#held += chunk.length;
      }
    };
    let ended = false;
    const onGone = (): void => {
      // Once the body has ended, its bytes are released with the answer.
      if (ended) return;
      release();
      resolve({ kind: 'gone' });
    };
    request.on('data', onData);
    request.once('end', () => {
      ended = true;
      resolve({ kind: 'read', bytes: Buffer.concat(chunks), release });
    });
    request.once('error', onGone);
    request.once('close', onGone);
    return promise;
  }
}

/**
 * Refuses a request whose body has not been read. A long body is not read to its end: the connection ends once the client has had time to read
 * the answer, or has sent a little more. Closing it at once could cost the client the answer.
 */
export function refuseWithoutBody(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
): void {
  if (isShort(request)) {
    refuse(response, status, code, message);
    // One that has begun to be read stays in the connection otherwise, before the client's next request.
    request.resume();
    return;
  }
  const body = refusalBody(code, message);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  // The response is complete for the client. For this server it is not, because its end would end the connection.
  response.write(body);
  let dropped = 0;
  request.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > MAX_DROPPED_BYTES) request.pause();
  });
  const timer = setTimeout(() => request.destroy(), ANSWER_READ_MS);
  request.once('end', () => response.end());
  request.once('close', () => clearTimeout(timer));
  request.on('error', () => undefined);
  request.resume();
}

/** Tells whether what is left of a request is so short that the server reads it and keeps the connection. */
function isShort({ headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return false;
  return Number(headers['content-length'] ?? 0) <= MAX_DROPPED_BYTES;
}
