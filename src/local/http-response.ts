import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpCookie, HttpData, TypedData } from './core-api';

/** Connection matters are between this server and its client; a function cannot decide them. */
const OWN_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date']);

/** Writes what a function returned. A function that returns nothing answers 204, as under the host. */
export function writeResponse(response: ServerResponse, data: HttpData | null | undefined): void {
  if (!data) {
    response.writeHead(204).end();
    return;
  }
  response.statusCode = Number(data.statusCode ?? '200');
  for (const [name, value] of Object.entries(data.headers ?? {})) {
    if (!OWN_HEADERS.has(name.toLowerCase())) response.setHeader(name, value);
  }
  for (const cookie of data.cookies ?? []) response.appendHeader('set-cookie', serializeCookie(cookie));
  response.end(bytesOf(data.body));
}

function bytesOf(body: TypedData | null | undefined): Uint8Array {
  if (!body) return new Uint8Array();
  if (body.bytes) return body.bytes;
  const text = body.string ?? body.json ?? body.int ?? body.double;
  return Buffer.from(text === undefined || text === null ? '' : String(text));
}

function serializeCookie(cookie: HttpCookie): string {
  const parts = [`${cookie.name ?? ''}=${encodeURIComponent(cookie.value ?? '')}`];
  const maxAge = cookie.maxAge?.value;
  const expires = cookie.expires?.value?.seconds;
  if (typeof expires === 'number') parts.push(`Expires=${new Date(expires * 1000).toUTCString()}`);
  if (typeof maxAge === 'number') parts.push(`Max-Age=${Math.trunc(maxAge)}`);
  if (cookie.domain?.value) parts.push(`Domain=${cookie.domain.value}`);
  if (cookie.path?.value) parts.push(`Path=${cookie.path.value}`);
  if (cookie.secure?.value) parts.push('Secure');
  if (cookie.httpOnly?.value) parts.push('HttpOnly');
  if (cookie.sameSite === 'lax') parts.push('SameSite=Lax');
  if (cookie.sameSite === 'strict') parts.push('SameSite=Strict');
  if (cookie.sameSite === 'explicitNone') parts.push('SameSite=None');
  return parts.join('; ');
}

/** An answer of the server itself, before or instead of a function's: a code and a sentence, in JSON. */
export function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(refusalBody(code, message));
}

/** Returns the body of an answer of the server itself. */
export function refusalBody(code: string, message: string): string {
  return JSON.stringify({ error: { code, message } });
}

/** Answers bytes that could not be read as a request, where there is no response object yet; then the connection ends. */
export function refuseUnread(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code, message] = UNREAD.get(error.code ?? '') ?? [
    '400 Bad Request',
    'BadRequest',
    'This is not an HTTP request that can be read.',
  ];
  const body = refusalBody(code, message);
  const headers = [
    'content-type: application/json; charset=utf-8',
    `content-length: ${body.length}`,
    'connection: close',
  ];
  socket.end(`HTTP/1.1 ${[status, ...headers].join('\r\n')}\r\n\r\n${body}`);
}

const UNREAD: ReadonlyMap<string, readonly [status: string, code: string, message: string]> = new Map([
  [
    'HPE_HEADER_OVERFLOW',
    ['431 Request Header Fields Too Large', 'HeadersTooLarge', 'The headers of the request are larger than 32 KB.'],
  ],
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    ['408 Request Timeout', 'RequestTimeout', 'The request did not arrive completely in time; send it again.'],
  ],
]);
