import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ERRORS } from '../../src/schema/errors';
import { FIELD_KINDS } from '../../src/schema/field-kinds';
import { parseActivity } from '../../src/schema/parse-activity';

const base = {
  type: 'message',
  id: 'a1',
  channelId: 'test',
  serviceUrl: 'https://channel.example/',
  from: { id: 'user' },
  recipient: { id: 'bot' },
  conversation: { id: 'c1' },
  text: 'hello',
};

const parse = (different: Record<string, unknown>) => parseActivity(JSON.stringify({ ...base, ...different }));
const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const withRaw = (member: string): string => `{${member},${JSON.stringify(base).slice(1)}`;

function expectRefusal(result: ReturnType<typeof parseActivity>, status: number, code: string): void {
  expect(result).toMatchObject({ ok: false, status, code });
}

describe('bodies that are refused', () => {
  const bodies: [name: string, body: string | Uint8Array, status: number, code: string][] = [
    ['nothing', '', 400, 'BodyNotJson'],
    ['not JSON', '{"type": nope', 400, 'BodyNotJson'],
    ['two values', '{} {}', 400, 'BodyNotJson'],
    ['null', 'null', 400, 'BodyNotObject'],
    ['a string', '"message"', 400, 'BodyNotObject'],
    ['a number', '42', 400, 'BodyNotObject'],
    ['a list', JSON.stringify([base]), 400, 'BodyNotObject'],
    ['bytes that are not UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), 400, 'BodyNotUtf8'],
    ['a surrogate encoded as UTF-8', new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), 400, 'BodyNotUtf8'],
    ['10,000 levels of lists', withRaw(`"value":${nested(10_000)}`), 400, 'BodyTooDeep'],
    ['10,000 levels of objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, 400, 'BodyTooDeep'],
    ['10,000 levels that never close', '['.repeat(10_000), 400, 'BodyTooDeep'],
    ['more than 1 MB', JSON.stringify({ ...base, text: 'x'.repeat(1_048_576) }), 413, 'BodyTooLarge'],
    ['more than 1 MB in bytes', new Uint8Array(1_048_577), 413, 'BodyTooLarge'],
    ['a __proto__ property', withRaw('"__proto__":{"polluted":true}'), 400, 'PropertyNameRefused'],
    ['a __proto__ property further down', withRaw('"value":[{"a":{"__proto__":1}}]'), 400, 'PropertyNameRefused'],
    ['a __proto__ property spelled with escapes', withRaw('"\\u005f_proto__":{}'), 400, 'PropertyNameRefused'],
    ['the first half of a surrogate pair', JSON.stringify({ ...base, text: 'a\ud83d' }), 400, 'BodyNotUnicode'],
    ['the second half, in capitals', withRaw('"value":"\\uDE00b"'), 400, 'BodyNotUnicode'],
    ['half of a pair in a name', withRaw('"value":[{"a\\udbff":1}]'), 400, 'BodyNotUnicode'],
    ['the halves in the wrong order', withRaw('"value":{"a":["\\ude00\\ud83d"]}'), 400, 'BodyNotUnicode'],
    ['half of a pair as it is, in a string', withRaw('"value":"\ud83d"'), 400, 'BodyNotUnicode'],
  ];
  test.each(bodies)('%s', (_name, body, status, code) => {
    expectRefusal(parseActivity(body), status, code);
  });

  test('more than the caller allows, counted in bytes of UTF-8', () => {
    const body = JSON.stringify({ ...base, text: 'é' });
    expect(parseActivity(body, body.length + 1).ok).toBe(true);
    expectRefusal(parseActivity(body, body.length), 413, 'BodyTooLarge');
  });

  test('after a refusal the prototype of everything is as it was', () => {
    parseActivity(withRaw('"__proto__":{"polluted":true}'));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('activities that are refused', () => {
  const fields: [name: string, different: Record<string, unknown>, code: string][] = [
    ['no type', { type: undefined }, 'ActivityTypeMissing'],
    ['an empty type', { type: '' }, 'ActivityTypeMissing'],
    ['a type that is null', { type: null }, 'ActivityTypeMissing'],
    ['a type that is no string', { type: 7 }, 'FieldRefused'],
    ['no conversation', { conversation: undefined }, 'ConversationMissing'],
    ['a conversation without id', { conversation: {} }, 'ConversationMissing'],
    ['a conversation with an empty id', { conversation: { id: '' } }, 'ConversationMissing'],
    ['a conversation that is a string', { conversation: 'c1' }, 'FieldRefused'],
    ['a conversation id that is a number', { conversation: { id: 1 } }, 'FieldRefused'],
    ['no channel', { channelId: undefined }, 'ChannelMissing'],
    ['a channel that is no string', { channelId: {} }, 'FieldRefused'],
    ['a message from nobody', { from: undefined }, 'SenderMissing'],
    ['a message from an account without id', { from: { name: 'x' } }, 'SenderMissing'],
    ['an invoke from nobody', { type: 'invoke', from: null }, 'SenderMissing'],
    ['a sender that is a list', { from: [] }, 'FieldRefused'],
    ['a text that is an object', { text: {} }, 'FieldRefused'],
    ['attachments that are no list', { attachments: {} }, 'FieldRefused'],
    ['entities that are strings', { entities: ['x'] }, 'FieldRefused'],
    ['members that are null', { type: 'conversationUpdate', membersAdded: [null] }, 'FieldRefused'],
    ['a service URL that is a path', { serviceUrl: '/v3' }, 'ServiceUrlRefused'],
    ['a service URL of another scheme', { serviceUrl: 'file:///etc/passwd' }, 'ServiceUrlRefused'],
    ['a service URL that is no string', { serviceUrl: 5 }, 'FieldRefused'],
  ];
  test.each(fields)('%s', (_name, different, code) => {
    expectRefusal(parse(different), 400, code);
  });

  const unusable: [name: string, id: string][] = [
    ['a control character', 'a\nb'],
    ['a NUL', 'a\0'],
    ['a C1 control character', 'a\u0085'],
    ['..', '..'],
    ['.', '.'],
    ['__proto__', '__proto__'],
    ['1,001 characters', 'x'.repeat(1001)],
    ['a length that explodes when encoded', '漢'.repeat(900)],
  ];
  const withSlashes: [name: string, id: string][] = [
    ['a slash', 'a/b'],
    ['a backslash', 'a\\b'],
    ['a way up', '../../etc'],
  ];
  const places: [place: string, put: (id: string) => Record<string, unknown>][] = [
    ['conversation.id', (id) => ({ conversation: { id } })],
    ['id', (id) => ({ id })],
    ['replyToId', (id) => ({ replyToId: id })],
    ['channelId', (id) => ({ channelId: id })],
  ];
  const accountPlaces: typeof places = [
    ['from.id', (id) => ({ from: { id } })],
    ['recipient.id', (id) => ({ recipient: { id } })],
    ['from.aadObjectId', (id) => ({ from: { id: 'user', aadObjectId: id } })],
    ['conversation.tenantId', (id) => ({ conversation: { id: 'c1', tenantId: id } })],
  ];
  test.each([...places, ...accountPlaces])('a %s with half of a surrogate pair', (_place, put) => {
    for (const id of ['a\ud800', '\udc00a']) expectRefusal(parse(put(id)), 400, 'BodyNotUnicode');
  });
  describe.each([...places, ...accountPlaces])('a %s with', (_place, put) => {
    test.each(unusable)('%s', (_name, id) => {
      expectRefusal(parse(put(id)), 400, 'IdRefused');
    });
  });
  describe.each(places)('a %s, which becomes part of a path, with', (_place, put) => {
    test.each(withSlashes)('%s', (_name, id) => {
      expectRefusal(parse(put(id)), 400, 'IdRefused');
    });
  });

  test('what it says repeats nothing of the body, and is a sentence of the catalogue', () => {
    const secret = 'S3CRET';
    const attempts = [
      `{"${secret}`,
      withRaw(`"value":${nested(200)},"x":"${secret}"`),
      JSON.stringify({ ...base, id: `${secret}/` }),
      JSON.stringify({ ...base, serviceUrl: secret }),
      JSON.stringify({ ...base, text: { secret } }),
      JSON.stringify({ ...base, type: '', text: secret }),
      JSON.stringify({ ...base, from: { secret } }),
    ];
    for (const body of attempts) {
      const result = parseActivity(body);
      expect(result.ok).toBe(false);
      if (result.ok) continue;
      expect(result.message).not.toContain(secret);
      expect(result.message.startsWith(ERRORS[result.code])).toBe(true);
    }
  });

  test('the next good activity is accepted', () => {
    expectRefusal(parse({ id: '../..' }), 400, 'IdRefused');
    expect(parse({}).ok).toBe(true);
  });
});

describe('activities that are accepted, because channels send them', () => {
  const fields: [name: string, different: Record<string, unknown>][] = [
    ['no text', { text: undefined }],
    ['a text that is null', { text: null }],
    ['no id', { id: undefined }],
    ['an empty id', { id: '' }],
    ['nulls in place of what is optional', { id: null, replyToId: null, entities: null, attachments: null }],
    ['no recipient', { recipient: undefined }],
    ['no service URL', { serviceUrl: undefined }],
    ['a local service URL', { serviceUrl: 'http://localhost:56150/_connector' }],
    ['a conversationUpdate from nobody', { type: 'conversationUpdate', from: undefined, recipient: null }],
    ['a conversationUpdate from an account without id', { type: 'conversationUpdate', from: { name: 'x' } }],
    ['an unknown type', { type: 'somethingNew' }],
    ['an id with a pipe, as Direct Line makes', { id: 'Ab3-us|0000001' }],
    ['a conversation of Teams', { conversation: { id: '19:abc@thread.tacv2;messageid=1700000000000' } }],
    ['a conversation of Slack', { conversation: { id: 'B123:T123:C123' } }],
    ['a user id with slashes', { from: { id: '29:1a/b\\c' } }],
    ['an emoji in an id', { from: { id: 'user 😀' } }],
    ['the word __proto__ as text', { text: '__proto__', value: ['__proto__'] }],
    ['properties named constructor and prototype', { channelData: { constructor: 1, prototype: { a: 1 } } }],
    ['an emoji', { text: '\u{1f600}' }],
    ['50 levels of nesting', { value: JSON.parse(nested(50)) }],
    ['many brackets in a text', { text: '[{'.repeat(5000) }],
    ['brackets behind a quote in a text', { text: `say "${'['.repeat(200)}` }],
    ['brackets behind a backslash in a text', { text: `\\${'['.repeat(200)}` }],
  ];
  test.each(fields)('%s', (_name, different) => {
    expect(parse(different)).toMatchObject({ ok: true });
  });

  test('an emoji whose halves are escaped, and text that looks like the escape of one', () => {
    const parsed = parseActivity(withRaw('"value":["\\uD83D\\uDE00","\\\\ud83d"]'));
    expect(parsed).toMatchObject({ ok: true, activity: { value: ['\u{1f600}', '\\ud83d'] } });
  });

  test('bytes, with a byte order mark or without, of which it tells the number', () => {
    const bytes = new TextEncoder().encode(JSON.stringify({ ...base, text: 'grüße' }));
    expect(parseActivity(bytes)).toMatchObject({ ok: true, bytes: bytes.length, activity: { text: 'grüße' } });
    expect(parseActivity(new Uint8Array([0xef, 0xbb, 0xbf, ...bytes])).ok).toBe(true);
  });

  test('the activity is what the text says, with everything in it', () => {
    const entities = [{ type: 'streaminfo', streamId: 's', streamSequence: 3, unknown: { deep: [1, null] } }];
    const channelData = { tenant: { id: 't' }, x: null };
    const result = parse({ entities, channelData, 'odd name': [false] });
    expect(result.ok && result.activity).toEqual({ ...base, entities, channelData, 'odd name': [false] });
  });
});

describe('each field of the table', () => {
  const wrong: Readonly<Record<string, unknown>> = {
    string: { toString: 1 },
    boolean: 'true',
    object: 'text',
    objects: [null],
    strings: [1],
  };
  /** An activity with a value at a path, in the one element of each list on the way. */
  const at = ([name = '', ...more]: readonly string[], value: unknown): Record<string, unknown> => {
    const inner = more.length === 0 ? value : at(more, value);
    return name.endsWith('[]') ? { [name.slice(0, -2)]: [inner] } : { [name]: inner };
  };
  const merged = (field: string, value: unknown): Record<string, unknown> => {
    const changes = at(field.split('.'), value);
    const [name = ''] = Object.keys(changes);
    const known = (base as Record<string, unknown>)[name];
    const isObject = (each: unknown) => typeof each === 'object' && each !== null && !Array.isArray(each);
    return isObject(known) && isObject(changes[name])
      ? { [name]: { ...(known as object), ...(changes[name] as object) } }
      : changes;
  };

  test.each(FIELD_KINDS)('%s is %s, and nothing else', (field, kind) => {
    const result = parse(merged(field, wrong[kind]));
    expectRefusal(result, 400, 'FieldRefused');
    expect(result).toMatchObject({ message: expect.stringContaining(`"${field}"`) });
    if (!/^(type|channelId|conversation|from)(\.id)?$/.test(field)) {
      expect(parse(merged(field, null))).toMatchObject({ ok: true });
    }
  });

  test('names the first that is of another kind', () => {
    expect(parse({ membersAdded: [{ id: 'a' }, { id: 7 }] })).toMatchObject({ code: 'FieldRefused' });
    expect(parse({ from: { id: 'user', aadObjectId: {} } })).toMatchObject({ code: 'FieldRefused' });
    expect(parse({ value: 1, channelData: 'x', attachments: [{ content: 7 }], entities: [{ mentioned: 7 }] }).ok).toBe(
      true,
    );
  });
});

describe('round trip', () => {
  // No field with a kind of its own begins so.
  const member = fc.string({ unit: 'grapheme' }).map((name) => `x${name}`);
  const json = fc.jsonValue({ maxDepth: 6 }).filter((value) => !JSON.stringify(value).includes('__proto__'));

  test('any JSON activity that comes in goes out again unchanged', () => {
    fc.assert(
      fc.property(fc.dictionary(member, json), json, json, (extra, value, channelData) => {
        const text = JSON.stringify({ ...extra, ...base, value, channelData, entities: [{ ...extra, type: 'x' }] });
        const result = parseActivity(new TextEncoder().encode(text));
        expect(result.ok && JSON.stringify(result.activity)).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  test('any text at all is answered, and never thrown', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
        const result = parseActivity(text);
        expect(result.ok || (result.status >= 400 && result.status < 500)).toBe(true);
      }),
    );
  });

  test('any bytes at all are answered, and never thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(parseActivity(bytes).ok).toBe(false);
      }),
    );
  });
});
