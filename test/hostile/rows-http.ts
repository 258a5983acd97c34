import { type Answer, type Bench, bytesTo, type Group, inChunks, type RequestRow, row } from './rows';

/** A request in bytes: the head of a good one with these fields added, and a good body unless another is given. */
function request(bench: Bench, fields: readonly string[], body = JSON.stringify(bench.activity())): string {
  const type = 'Content-Type: application/json';
  return bytesTo(bench, '/api/messages', [`Authorization: ${bench.login.authorization()}`, type, ...fields], body);
}

const BAD: Answer = [400, 'BadRequest'];
const NOTHING: Answer = [404, 'NotFound'];

const head = (what: string, fields: readonly string[], answer: RequestRow['answer'] = BAD): RequestRow =>
  row(what, answer, (bench) => ({ bytes: request(bench, fields) }));

const chunks = (what: string, body: string): RequestRow =>
  row(what, BAD, (bench) => ({ bytes: request(bench, ['Transfer-Encoding: chunked'], body) }));

/** A request whose body comes in one chunk. */
const chunked = (
  what: string,
  answer: Answer,
  fields: (bench: Bench) => readonly string[],
  body = (bench: Bench): string => JSON.stringify(bench.activity()),
): RequestRow =>
  row(what, answer, (bench) => ({ bytes: inChunks(bench, '/api/messages', fields(bench), body(bench)) }));

const JSON_TYPE = 'Content-Type: application/json';
const signed = (bench: Bench): string[] => [`Authorization: ${bench.login.authorization()}`, JSON_TYPE];

const length = (bench: Bench, more = 100): string =>
  `Content-Length: ${JSON.stringify(bench.activity()).length + more}`;

export const HTTP_GROUPS: readonly Group<RequestRow>[] = [
  {
    name: 'requests',
    rows: [
      ...['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'].map((method) =>
        row(method, NOTHING, () => ({ method })),
      ),
      row('GET, and a header that says POST', NOTHING, () => ({
        method: 'GET',
        headers: { 'x-http-method-override': 'POST' },
      })),
      row('another address', NOTHING, () => ({ path: '/api/messages/x' })),
      row('an address with an encoded slash', NOTHING, () => ({ path: '/api%2fmessages' })),
      row('an address that is not well encoded', BAD, () => ({ path: '/api/messages%' })),
      row("the host's own addresses", NOTHING, () => ({ path: '/admin/functions/turns' })),
      row('the token in the address', [401, 'TokenMissing'], (bench) => ({
        path: `/api/messages?access_token=${bench.login.token()}`,
        headers: { authorization: undefined },
      })),
      row('the token in a cookie', [401, 'TokenMissing'], (bench) => ({
        headers: { authorization: undefined, cookie: `Authorization=${bench.login.token()}` },
      })),
      row('the token in the body', [401, 'TokenMissing'], (bench) => ({
        headers: { authorization: undefined },
        body: bench.activity({ authorization: bench.login.authorization() }),
      })),
      row('the token for a proxy', [401, 'TokenMissing'], (bench) => ({
        headers: { authorization: undefined, 'proxy-authorization': bench.login.authorization() },
      })),
      row("the platform's word for who it is", [401, 'TokenMissing'], () => ({
        headers: { authorization: undefined, 'x-ms-client-principal-id': 'admin', 'x-ms-client-principal-idp': 'aad' },
      })),
      row('a function key', [401, 'TokenMissing'], () => ({
        headers: { authorization: undefined, 'x-functions-key': 'master' },
      })),
      row('from this machine, as before there was an app id', [401, 'TokenMissing'], (bench) => ({
        headers: { authorization: undefined, host: `localhost:${bench.port}` },
      })),
      row('two tokens, the second right', [401, 'TokenMalformed'], (bench) => ({
        bytes: request(bench, [`Authorization: ${bench.login.authorization()}`, 'Connection: close', length(bench, 0)]),
      })),
    ],
  },
  {
    name: 'bodies without a length',
    rows: [
      chunked('a good activity in a chunk', [411, 'LengthRequired'], signed),
      chunked('a good activity in a chunk, without a token', [401, 'TokenMissing'], () => [JSON_TYPE]),
      chunked('a form in a chunk', [415, 'ContentTypeRefused'], (bench) => [
        ...signed(bench).slice(0, 1),
        'Content-Type: text/plain',
      ]),
      chunked('2 MB in a chunk', [413, 'BodyTooLarge'], signed, () => `"${'x'.repeat(2_000_000)}"`),
      chunked('a chunk that is empty', [411, 'LengthRequired'], signed, () => ''),
      row('neither a body nor a length', [411, 'LengthRequired'], (bench) => ({
        bytes: request(bench, ['Connection: close'], ''),
      })),
      row('a length of zero', [400, 'BodyNotJson'], (bench) => ({
        bytes: request(bench, ['Connection: close', 'Content-Length: 0'], ''),
      })),
    ],
  },
  {
    name: 'connections',
    rows: [
      head('a negative length', ['Content-Length: -1']),
      head('a length that is no number', ['Content-Length: many']),
      head('two lengths', ['Content-Length: 5', 'Content-Length: 6']),
      head('a length in two numbers', ['Content-Length: 5, 6']),
      head('a length and chunks', ['Content-Length: 5', 'Transfer-Encoding: chunked']),
      head('an encoding that is no chunks', ['Transfer-Encoding: xchunked']),
      head('chunks, and then something else', ['Transfer-Encoding: chunked, identity']),
      head('100 KB of headers', [`X-Large: ${'x'.repeat(100_000)}`, 'Content-Length: 0'], [431, 'HeadersTooLarge']),
      head('1,000 headers of 100 bytes', Array(1_000).fill(`X-Many: ${'x'.repeat(90)}`), [431, 'HeadersTooLarge']),
      row('101 headers', [431, 'HeadersTooLarge'], (bench) => ({
        bytes: request(bench, [...Array(101).fill('X-Many: x'), 'Content-Length: 0', 'Connection: close'], ''),
      })),
      row('an address of 9,000 characters', [414, 'AddressTooLong'], (bench) => ({
        bytes: request(bench, ['Content-Length: 0', 'Connection: close'], '').replace(
          ' HTTP',
          `?q=${'x'.repeat(9_000)} HTTP`,
        ),
      })),
      head('a header that is none', ['nonsense', 'Content-Length: 0']),
      head('a blank in the name of a header', ['Content -Length: 0']),
      head('a zero byte in a header', ['X-Zero: a\u0000b', 'Content-Length: 0']),
      head('a line feed alone in a header', ['X-Feed: a\nContent-Length: 0']),
      head('a header over two lines', ['X-Folded: a', ' b', 'Content-Length: 0']),
      chunks('chunks that are none', 'zz\r\n{}\r\n'),
      chunks('a chunk of a negative size', '-5\r\n{}\r\n'),
      chunks('a chunk of more than there can be', 'fffffffffffffffff\r\n{}\r\n'),
      row('what is not HTTP', BAD, () => ({ bytes: '\u0016\u0003\u0001\u0002\u0000\r\n\r\n' })),
      row('HTTP/2 without having asked', BAD, () => ({ bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' })),
      row('a blank in the address', BAD, (bench) => ({
        bytes: request(bench, []).replace('/api/messages', '/api/mess ages'),
      })),
      row('a body that ends before its length', [BAD, [0, '']], (bench) => ({
        bytes: request(bench, [length(bench)]),
        end: true,
      })),
      row('no host', BAD, (bench) => ({
        bytes: request(bench, ['Content-Length: 0']).replace(/Host: [^\r]+\r\n/, ''),
      })),
    ],
  },
];

/** Connections that take their time: each is over after 15 s at the latest. */
export const SLOW_ROWS: readonly RequestRow[] = [
  row('a head that does not end', [408, 'RequestTimeout'], (bench) => ({
    bytes: request(bench, ['X-Slow: ']).replace(/X-Slow.*$/s, 'X-Slow: a'),
  })),
  row('a body that does not come', [408, 'RequestTimeout'], (bench) => ({ bytes: request(bench, [length(bench)]) })),
  row('chunks that do not end', [408, 'RequestTimeout'], (bench) => ({
    bytes: request(bench, ['Transfer-Encoding: chunked'], '5\r\n{"a":\r\n'),
  })),
];
