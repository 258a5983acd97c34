import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { type Answer, type Bench, bytesTo, type Group, inChunks, type RequestRow, row } from './rows';

/** Bytes of a body that nobody has a use for. */
const LARGE = 60 * 1_048_576;
const ADDRESS = '/api/messages';
const JSON_TYPE = 'Content-Type: application/json';

/** A request of a stranger with a large body: 60 MB, and no token. */
export const LARGE_ROW: RequestRow = row('60 MB without a token', [413, 'BodyTooLarge'], (bench) => ({
  bytes: bytesTo(bench, ADDRESS, [JSON_TYPE, `Content-Length: ${LARGE}`], 'x'.repeat(LARGE)),
}));

type Changes = Readonly<Record<string, unknown>>;

/** A body made from the text of a good one. */
const text = (what: string, change: (json: string) => string | Uint8Array, answer: Answer): RequestRow =>
  row(what, answer, (bench) => ({ body: change(JSON.stringify(bench.activity())) }));

const field = (what: string, changes: Changes, answer: Answer = [400, 'FieldRefused']): RequestRow =>
  row(what, answer, (bench) => ({ body: bench.activity(changes) }));

const conversation = (what: string, id: unknown, answer: Answer = [400, 'IdRefused']): RequestRow =>
  field(what, { conversation: { id } }, answer);

const packed = (encoding: string, pack: (json: string) => Uint8Array): RequestRow =>
  row(`packed with ${encoding}, and a header that says so`, [400, 'BodyNotUtf8'], (bench) => ({
    headers: { 'content-encoding': encoding },
    body: pack(JSON.stringify(bench.activity({ text: '\u00e4'.repeat(200) }))),
  }));

const typed = (type: string | undefined): RequestRow =>
  row(type === undefined ? 'no content type' : `content type "${type}"`, [415, 'ContentTypeRefused'], (bench) => ({
    headers: { 'content-type': type },
    body: JSON.stringify(bench.activity()),
  }));

const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const withText = (bench: Bench, value: string): string => JSON.stringify(bench.activity()).replace('"hello"', value);

export const BODY_GROUPS: readonly Group<RequestRow>[] = [
  {
    name: 'encoding of the body',
    rows: [
      text('nothing', () => '', [400, 'BodyNotJson']),
      text('blanks', () => ' \r\n\t ', [400, 'BodyNotJson']),
      text('no JSON', () => 'type=message&text=hello', [400, 'BodyNotJson']),
      text('XML', () => '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', [400, 'BodyNotJson']),
      text('JSON that ends too early', (json) => json.slice(0, -5), [400, 'BodyNotJson']),
      text('a comma too many', (json) => json.replace(/}$/, ',}'), [400, 'BodyNotJson']),
      text('a comment', (json) => `/**/${json}`, [400, 'BodyNotJson']),
      text('a number that is none', (json) => json.replace('"hello"', 'NaN'), [400, 'BodyNotJson']),
      text('a control character in a text', (json) => json.replace('hello', 'hel\u0000lo'), [400, 'BodyNotJson']),
      text('two activities', (json) => `${json}\n${json}`, [400, 'BodyNotJson']),
      text('a list', (json) => `[${json}]`, [400, 'BodyNotObject']),
      text('null', () => 'null', [400, 'BodyNotObject']),
      text('a number', () => '1e400', [400, 'BodyNotObject']),
      text('a text', () => '"message"', [400, 'BodyNotObject']),
      text('UTF-16', (json) => Buffer.from(`\ufeff${json}`, 'utf16le'), [400, 'BodyNotUtf8']),
      text('UTF-16 without a mark', (json) => Buffer.from(json, 'utf16le'), [400, 'BodyNotJson']),
      text('Latin-1', (json) => Buffer.from(json.replace('hello', '\u00fc\u00df'), 'latin1'), [400, 'BodyNotUtf8']),
      text('UTF-8 that is cut short', () => Buffer.from('{"type":"\xe2\x82"}', 'latin1'), [400, 'BodyNotUtf8']),
      text('UTF-8 in more bytes than needed', (json) => Buffer.from(json.replace('h', '\xc1\xa8'), 'latin1'), [
        400,
        'BodyNotUtf8',
      ]),
      text('packed, with nothing that says so', (json) => gzipSync(json), [400, 'BodyNotUtf8']),
      packed('gzip', gzipSync),
      packed('deflate', deflateSync),
      packed('br', brotliCompressSync),
      row('UTF-16, and a header that says so', [400, 'BodyNotUtf8'], (bench) => ({
        headers: { 'content-type': 'application/json; charset=utf-16' },
        body: Buffer.from(`\ufeff${JSON.stringify(bench.activity())}`, 'utf16le'),
      })),
      ...[
        undefined,
        '',
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/jsonp',
        'text/plain; application/json',
      ].map(typed),
    ],
  },
  {
    name: 'size and depth of the body',
    rows: [
      row('10 MB', [413, 'BodyTooLarge'], (bench) => ({ body: bench.activity({ text: 'x'.repeat(10_485_760) }) })),
      LARGE_ROW,
      row('60 MB in chunks, without a token', [413, 'BodyTooLarge'], (bench) => ({
        bytes: inChunks(bench, ADDRESS, [JSON_TYPE], 'x'.repeat(LARGE)),
      })),
      row('a byte more than 1 MB', [413, 'BodyTooLarge'], (bench) => {
        const json = JSON.stringify(bench.activity());
        return { body: json.replace('hello', 'x'.repeat(1_048_577 - json.length + 'hello'.length)) };
      }),
      row('10,000 levels of lists', [400, 'BodyTooDeep'], (bench) => ({ body: withText(bench, nested(10_000)) })),
      row('101 levels', [400, 'BodyTooDeep'], (bench) => ({ body: withText(bench, nested(100)) })),
      text('10,000 levels of objects', () => `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, [400, 'BodyTooDeep']),
      text('a million open brackets', () => '['.repeat(1_000_000), [400, 'BodyTooDeep']),
    ],
  },
  {
    name: 'half a character',
    rows: [
      text('in a text', (json) => json.replace('hello', 'hello \\ud83d'), [400, 'BodyNotUnicode']),
      text('in a name', (json) => json.replace('{', '{"\\udc00":1,'), [400, 'BodyNotUnicode']),
    ],
  },
  {
    name: 'names of properties',
    rows: [
      text('__proto__', (json) => json.replace('{', '{"__proto__":{"isAdmin":true},'), [400, 'PropertyNameRefused']),
      text('__proto__ in disguise', (json) => json.replace('"hello"', '{"\\u005f_proto__":{"isAdmin":true}}'), [
        400,
        'PropertyNameRefused',
      ]),
      text('__proto__ in a list', (json) => json.replace('"hello"', '[[{"__proto__":null}]]'), [
        400,
        'PropertyNameRefused',
      ]),
      text(
        '__proto__ of the conversation',
        (json) => json.replace('"conversation":{', '"conversation":{"__proto__":{},'),
        [400, 'PropertyNameRefused'],
      ),
    ],
  },
  {
    name: 'fields of the activity',
    rows: [
      text('an empty object', () => '{}', [400, 'ActivityTypeMissing']),
      field("the runtime's own channel", { channelId: 'Turnwise' }, [403, 'ChannelReserved']),
      field('no type', { type: undefined }, [400, 'ActivityTypeMissing']),
      field('an empty type', { type: '' }, [400, 'ActivityTypeMissing']),
      field('a type that is a number', { type: 1 }),
      field('a type that is a list', { type: ['message'] }),
      field('a conversation that is none', { conversation: undefined }, [400, 'ConversationMissing']),
      field('a conversation that is null', { conversation: null }, [400, 'ConversationMissing']),
      field('a conversation that is a text', { conversation: 'c' }),
      field('a conversation that is a list', { conversation: [{ id: 'c' }] }),
      field('a conversation without an id', { conversation: {} }, [400, 'ConversationMissing']),
      field('no sender', { from: undefined }, [400, 'SenderMissing']),
      field('a sender without an id', { from: { name: 'User' } }, [400, 'SenderMissing']),
      field('a sender that is a text', { from: 'user' }),
      field('attachments that are none', { attachments: ['x'] }),
      field('attachments that are an object', { attachments: { length: 1 } }),
      field('entities that are null', { entities: [null] }),
      field('a text that is an object', { text: { toString: 'x' } }),
      field('an id that is a number', { id: 7 }),
      field('an Entra id that is an object', { from: { id: 'u', aadObjectId: { $ne: null } } }),
      field('a name of the sender that is a list', { from: { id: 'u', name: ['User'] } }),
      field('a tenant that is a number', { conversation: { id: 'never', tenantId: 7 } }),
      field('a kind of conversation that is a list', { conversation: { id: 'never', conversationType: ['personal'] } }),
      field('a group that is a text', { conversation: { id: 'never', isGroup: 'false' } }),
      field('a caller that is an object', { callerId: { startsWith: 1 } }),
      field('a time that is a number', { timestamp: 0 }),
      field('a member whose id is an object', { membersAdded: [{ id: {} }] }),
      field('a reference that is a list', { relatesTo: [] }),
    ],
  },
  {
    name: 'ids',
    rows: [
      conversation('a number', 7, [400, 'FieldRefused']),
      conversation('an object', { $ne: null }, [400, 'FieldRefused']),
      conversation('a list', ['c'], [400, 'FieldRefused']),
      conversation('empty', '', [400, 'ConversationMissing']),
      conversation('zero', 0, [400, 'FieldRefused']),
      conversation('a slash', 'a/b'),
      conversation('a backslash', 'a\\b'),
      conversation('..', '..'),
      conversation('.', '.'),
      conversation('__proto__', '__proto__'),
      conversation('half a character', 'a\ud800b', [400, 'BodyNotUnicode']),
      conversation('a line feed', 'a\nb'),
      conversation('a zero byte', 'a\u0000'),
      conversation('a delete character', 'a\u007f'),
      conversation('a control character of Latin-1', 'a\u0085b'),
      conversation('2,000 characters', 'x'.repeat(2_000)),
      field('a slash in the channel', { channelId: 'a/b' }, [400, 'IdRefused']),
      field('.. as the id of the activity', { id: '..' }, [400, 'IdRefused']),
      field('what it replies to, with slashes', { replyToId: '../1' }, [400, 'IdRefused']),
      field('half a character in the sender', { from: { id: '\udfff' } }, [400, 'BodyNotUnicode']),
      field('2,000 characters in the sender', { from: { id: 'x'.repeat(2_000) } }, [400, 'IdRefused']),
      field('5,000 characters in the Entra id', { from: { id: 'u', aadObjectId: 'x'.repeat(5_000) } }, [
        400,
        'IdRefused',
      ]),
      field('5,000 characters in the tenant', { conversation: { id: 'never', tenantId: 'x'.repeat(5_000) } }, [
        400,
        'IdRefused',
      ]),
      field('a zero byte in the recipient', { recipient: { id: '\u0000' } }, [400, 'IdRefused']),
    ],
  },
];
