import { gzipSync } from 'node:zlib';
import type { Bench, HostileRequest } from './rows';

/** What looks dangerous and is not: it is served like anything else. */
export interface OddRow {
  readonly what: string;
  readonly request: (bench: Bench, served: Record<string, unknown>) => HostileRequest;
}

const field = (what: string, changes: Readonly<Record<string, unknown>>): OddRow => ({
  what,
  request: (_bench, served) => ({ body: { ...served, ...changes } }),
});

const text = (what: string, change: (json: string) => string): OddRow => ({
  what,
  request: (_bench, served) => ({ body: change(JSON.stringify(served)) }),
});

const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

export const ODD_ROWS: readonly OddRow[] = [
  // Names that every object has: a table that is asked for them must say that it has none.
  ...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'].map((name) =>
    // The handler takes its time, so that a deadline of nonsense would show.
    field(`an invoke named ${name}`, {
      name,
      value: [
        ['sleep', 100],
        ['add', 'served'],
        ['answer', 'served'],
      ],
    }),
  ),
  field('properties named like those of every object', { constructor: { prototype: 1 }, prototype: {}, toString: 1 }),
  field('a locale that is no language', { locale: 'constructor' }),
  text('a character whose halves are escaped', (json) => json.replace('{', '{"value":"\\ud83d\\ude00",')),
  field('text that turns around', { text: '\u202eevil\u202c' }),
  field('5,000 new members', { membersAdded: Array.from({ length: 5_000 }, (_, id) => ({ id: `m${id}` })) }),
  field('a packed text', { text: gzipSync('x').toString('latin1') }),
  text('a byte order mark', (json) => `\ufeff${json}`),
  text('a number that is too large', (json) => json.replace(/}$/, ',"channelData":{"n":1e400}}')),
  text('98 levels', (json) => json.replace(/}$/, `,"channelData":${nested(98)}}`)),
  text('a service URL twice, the second right', (json) => json.replace('{', '{"serviceUrl":"https://evil.example/",')),
  {
    what: 'a service URL without the slash that the token has',
    request: ({ connector }, served) => ({ body: { ...served, serviceUrl: connector.url.replace(/\/$/, '') } }),
  },
  {
    what: 'a service URL in capitals',
    request: ({ connector }, served) => ({ body: { ...served, serviceUrl: connector.url.toUpperCase() } }),
  },
  {
    what: 'a token of a key without endorsements',
    request: (bench, served) => ({
      headers: {
        authorization: `Bearer ${bench.login.token({}, { kid: bench.silentKey.kid }, bench.silentKey)}`,
      },
      body: served,
    }),
  },
  {
    what: 'another spelling of the content type',
    request: (_bench, served) => ({
      headers: { 'content-type': 'Application/JSON ; Charset=UTF-8' },
      body: JSON.stringify(served),
    }),
  },
  {
    what: 'a caller who says to be somebody',
    request: (_bench, served) => ({
      headers: { 'x-forwarded-for': '127.0.0.1', 'x-ms-client-principal': 'e30=', forwarded: 'for=127.0.0.1' },
      body: { ...served, callerId: 'urn:botframework:aadappid:somebody' },
    }),
  },
];

/** Ids that have to be kept apart, and come back as they were. */
export const ODD_IDS: readonly string[] = [
  'a:b;c=1@thread.v2',
  '%2e%2e%2f',
  'constructor',
  'toString',
  "'; DROP TABLE heads; --",
  '\u{1f600}\u00e4',
  'a b?c#d&e',
  '\u202ea',
  '\u212a',
  'k',
];
