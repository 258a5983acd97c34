import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import http from 'node:http';
import { APP_ID, ISSUER } from '../fakes/login.ts';
import { bodyOf, host, type Route, surroundings } from './hosted.ts';

/* What the floors are made of: a token verified, and a call made, with nothing but Node. */

/** What a floor reads of an activity. */
export interface Incoming {
  readonly id: string;
  readonly text: string;
  readonly serviceUrl: string;
  readonly conversation: { readonly id: string };
}

/** A floor: verifies, parses, does its work, acknowledges. */
export async function hostByHand(
  work: (activity: Incoming) => Promise<void>,
  more: Record<string, Route> = {},
): Promise<void> {
  await host({
    '/api/messages': async (request, response) => {
      const body = await bodyOf(request);
      if (!(await isGenuine(request))) {
        response.writeHead(401).end();
        return;
      }
      await work(JSON.parse(body) as Incoming);
      response.writeHead(200).end();
    },
    ...more,
  });
}

let keys: Promise<Map<string, KeyObject>> | undefined;

async function fetchKeys(): Promise<Map<string, KeyObject>> {
  const metadata = (await (await fetch(surroundings().metadata)).json()) as { jwks_uri: string };
  const { keys: published } = (await (await fetch(metadata.jwks_uri)).json()) as { keys: { kid: string }[] };
  return new Map(published.map((jwk) => [jwk.kid, createPublicKey({ key: jwk as never, format: 'jwk' })]));
}

/** Verifies signature, issuer, audience and times of the token in a request. */
async function isGenuine(request: http.IncomingMessage): Promise<boolean> {
  const [header = '', claims = '', signature = ''] = (request.headers.authorization ?? '')
    .slice('Bearer '.length)
    .split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
  keys ??= fetchKeys();
  const key = (await keys).get(kid);
  if (key === undefined) return false;
  if (!verify('RSA-SHA256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'))) return false;
  const { iss, aud, exp, nbf } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  const now = Date.now() / 1000;
  return iss === ISSUER && aud === APP_ID && exp > now - 300 && nbf < now + 300;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 512 });

export interface Answered {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** One call over connections that are kept. */
export function call(
  method: string,
  url: string,
  headers: http.OutgoingHttpHeaders,
  body: string | undefined,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const request = http.request(url, { method, agent, headers: { ...headers, ...length } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

export const JSON_BODY = { 'content-type': 'application/json' } as const;

/** One call of Cosmos DB's REST API, about an item or, without an id, about its container. The partition is the conversation. */
export function callCosmos(
  method: string,
  { container, conversation, id }: { readonly container: string; readonly conversation: string; readonly id?: string },
  body?: object,
  headers: http.OutgoingHttpHeaders = {},
): Promise<Answered> {
  const documents = `${surroundings().cosmos}/dbs/bench/colls/${container}/docs`;
  const partition = { 'x-ms-documentdb-partitionkey': JSON.stringify([conversation]) };
  return call(
    method,
    id === undefined ? documents : `${documents}/${encodeURIComponent(id)}`,
    { ...(body === undefined ? {} : JSON_BODY), ...partition, ...headers },
    body === undefined ? undefined : JSON.stringify(body),
  );
}
