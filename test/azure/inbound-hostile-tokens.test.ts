import { beforeAll, describe, expect, test } from '@jest/globals';
import { createInboundAuth } from '../../src/azure/inbound-auth';
import type { InboundAuth } from '../../src/ports/inbound-auth';
import type { ErrorCode } from '../../src/schema/errors';
import { encoded, FakeLogin, fakeKey, signed, signedWithPublicKey } from '../support/fake-login';
import { createManualClock } from '../support/manual-clock';

const APP_ID = '11111111-2222-3333-4444-555555555555';
const TENANT = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const HOUR = 3600;

const clock = createManualClock();
const now = clock.now() / 1000;
const login = new FakeLogin({ appId: APP_ID, now: clock.now });
const strangersKey = fakeKey();
const shortKey = login.rotate({ bits: 1024 });
const goodKey = login.rotate();
let auth: InboundAuth;

beforeAll(() => {
  auth = createInboundAuth({ appId: APP_ID, development: false, clock, fetch: login.fetch });
});

const claims = (changes: Record<string, unknown>) => login.authorization(changes);
const header = (changes: Record<string, unknown>) => login.authorization({}, changes);
/** A token whose header or claims are the given text, well signed. */
const raw = (parts: { header?: unknown; claims?: unknown }) => {
  const right = login.parts();
  return `Bearer ${signed(parts.header ?? right.header, parts.claims ?? right.claims, goodKey)}`;
};
const rightClaims = (changes: Record<string, unknown> = {}) => ({ ...login.parts().claims, ...changes });
const asText = (value: unknown, change: (json: string) => string) => change(JSON.stringify(value));
const manyClaims = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`claim${n}`, n]));
const directoryClaims = (changes: Record<string, unknown> = {}) => ({
  iss: `https://sts.windows.net/${TENANT}/`,
  tid: TENANT,
  ver: '1.0',
  appid: APP_ID,
  ...changes,
});

type Case = readonly [name: string, authorization: () => string | undefined, code: ErrorCode, status?: number];

const HOSTILE: Record<string, readonly Case[]> = {
  missing: [
    ['no header', () => undefined, 'TokenMissing'],
    ['an empty header', () => '', 'TokenMissing'],
    ['another scheme', () => `Basic ${Buffer.from('a:b').toString('base64')}`, 'TokenMissing'],
    ['the token without a scheme', () => login.token(), 'TokenMissing'],
    ['the scheme in other letters', () => `bearer ${login.token()}`, 'TokenMissing'],
    ['the scheme and nothing else', () => 'Bearer ', 'TokenMalformed'],
    ['the scheme and a space less', () => 'Bearer', 'TokenMissing'],
    ['white space before', () => ` ${login.authorization()}`, 'TokenMissing'],
  ],
  malformed: [
    ['two spaces', () => `Bearer  ${login.token()}`, 'TokenMalformed'],
    ['white space after', () => `${login.authorization()} `, 'TokenMalformed'],
    ['a line break after', () => `${login.authorization()}\n`, 'TokenMalformed'],
    ['two tokens', () => `${login.authorization()}, ${login.authorization()}`, 'TokenMalformed'],
    ['one part', () => 'Bearer abc', 'TokenMalformed'],
    ['two parts', () => `Bearer ${login.token().split('.').slice(0, 2).join('.')}`, 'TokenMalformed'],
    ['four parts', () => `${login.authorization()}.abc`, 'TokenMalformed'],
    ['five parts, encrypted', () => 'Bearer e30.e30.e30.e30.e30', 'TokenMalformed'],
    ['three dots', () => 'Bearer ...', 'TokenMalformed'],
    ['no signature', () => `Bearer ${login.token().split('.').slice(0, 2).join('.')}.`, 'TokenMalformed'],
    ['base64 with padding', () => login.authorization().replace('.', '=.'), 'TokenMalformed'],
    ['another base64 alphabet', () => login.authorization().replace('.', '+/.'), 'TokenMalformed'],
    [
      'padding bits set',
      () => raw({ claims: asText(rightClaims(), (json) => json) }).replace(/\.(\w+)\./, '.$1Z.'),
      'TokenMalformed',
    ],
    ['a header that is not JSON', () => raw({ header: 'header' }), 'TokenMalformed'],
    ['claims that are not JSON', () => raw({ claims: 'claims' }), 'TokenMalformed'],
    ['claims that are a list', () => raw({ claims: [login.parts().claims] }), 'TokenMalformed'],
    ['claims that are null', () => raw({ claims: 'null' }), 'TokenMalformed'],
    ['claims that are text', () => raw({ claims: '"claims"' }), 'TokenMalformed'],
    ['a header that is a number', () => raw({ header: '1' }), 'TokenMalformed'],
    [
      'claims that are not UTF-8',
      () => raw({ claims: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }),
      'TokenMalformed',
    ],
    ['a byte order mark', () => raw({ claims: asText(rightClaims(), (json) => `\ufeff${json}`) }), 'TokenMalformed'],
    [
      'something after the claims',
      () => raw({ claims: asText(rightClaims(), (json) => `${json}{}`) }),
      'TokenMalformed',
    ],
    ['nine levels of nesting', () => claims({ deep: [[[[[[[['x']]]]]]]] }), 'TokenMalformed'],
    ['deep nesting', () => raw({ claims: `${'['.repeat(2000)}${']'.repeat(2000)}` }), 'TokenMalformed'],
  ],
  huge: [
    ['a header of 15 KB', () => `Bearer ${'a'.repeat(15_000)}.b.c`, 'TokenTooLarge'],
    ['a well-formed token of 15 KB', () => claims({ filler: 'x'.repeat(11_000) }), 'TokenTooLarge'],
    ['a header of 1 MB', () => `Bearer ${'a.'.repeat(500_000)}`, 'TokenTooLarge'],
    ['65 claims', () => claims(manyClaims(60)), 'TokenMalformed'],
    ['300 claims', () => raw({ claims: manyClaims(300) }), 'TokenMalformed'],
    ['17 header fields', () => header(manyClaims(13)), 'TokenMalformed'],
    ['a key id of 300 characters', () => header({ kid: 'k'.repeat(300) }), 'TokenMalformed'],
  ],
  algorithm: [
    [
      'none, unsigned',
      () => `Bearer ${encoded({ ...login.parts().header, alg: 'none' })}.${encoded(rightClaims())}.AA`,
      'TokenAlgorithmRefused',
    ],
    ['none, signed', () => header({ alg: 'none' }), 'TokenAlgorithmRefused'],
    ['None', () => header({ alg: 'None' }), 'TokenAlgorithmRefused'],
    [
      'HS256 with the public key',
      () => `Bearer ${signedWithPublicKey({ ...login.parts().header, alg: 'HS256' }, rightClaims(), goodKey)}`,
      'TokenAlgorithmRefused',
    ],
    [
      'RS256 with a MAC by the public key',
      () => `Bearer ${signedWithPublicKey(login.parts().header, rightClaims(), goodKey)}`,
      'TokenSignatureRefused',
    ],
    ['ES256', () => header({ alg: 'ES256' }), 'TokenAlgorithmRefused'],
    ['PS256', () => header({ alg: 'PS256' }), 'TokenAlgorithmRefused'],
    ['RS1', () => header({ alg: 'RS1' }), 'TokenAlgorithmRefused'],
    ['rs256', () => header({ alg: 'rs256' }), 'TokenAlgorithmRefused'],
    ['a list', () => header({ alg: ['RS256'] }), 'TokenAlgorithmRefused'],
    ['no algorithm', () => header({ alg: undefined }), 'TokenAlgorithmRefused'],
    ['an inherited name', () => header({ alg: 'constructor' }), 'TokenAlgorithmRefused'],
    [
      'RS512 over a signature by RS256',
      () => {
        const [, body = '', signature = ''] = login.token().split('.');
        return `Bearer ${encoded({ ...login.parts().header, alg: 'RS512' })}.${body}.${signature}`;
      },
      'TokenSignatureRefused',
    ],
  ],
  'key and extensions': [
    ['no key id', () => header({ kid: undefined }), 'TokenMalformed'],
    ['an empty key id', () => header({ kid: '' }), 'TokenMalformed'],
    ['a key id that is a number', () => header({ kid: 1 }), 'TokenMalformed'],
    ['a key id that is a path', () => header({ kid: '../../dev/null' }), 'TokenKeyUnknown'],
    ['an inherited name as key id', () => header({ kid: '__proto__' }), 'TokenKeyUnknown'],
    [
      'a key that is not published',
      () => `Bearer ${login.token({}, { kid: strangersKey.kid }, strangersKey)}`,
      'TokenKeyUnknown',
    ],
    [
      "a stranger's key under a published id",
      () => `Bearer ${login.token({}, {}, strangersKey)}`,
      'TokenSignatureRefused',
    ],
    ['another published key', () => `Bearer ${login.token({}, {}, login.keys[0])}`, 'TokenSignatureRefused'],
    ['a key of 1024 bits', () => `Bearer ${login.token({}, { kid: shortKey.kid }, shortKey)}`, 'TokenSignatureRefused'],
    ['crit', () => header({ crit: ['exp'] }), 'TokenMalformed'],
    ['an empty crit', () => header({ crit: [] }), 'TokenMalformed'],
    ['crit that is null', () => header({ crit: null }), 'TokenMalformed'],
    ['b64', () => header({ b64: false, crit: ['b64'] }), 'TokenMalformed'],
    ['b64 without crit', () => header({ b64: false }), 'TokenMalformed'],
    ['its own key', () => `Bearer ${login.token({}, { jwk: strangersKey.jwk }, strangersKey)}`, 'TokenMalformed'],
    ['an address for its key', () => header({ jku: 'https://evil.example/keys' }), 'TokenMalformed'],
    ['another type', () => header({ typ: 'at+jwt' }), 'TokenMalformed'],
    ['a type that is no text', () => header({ typ: ['JWT'] }), 'TokenMalformed'],
    ['the signature cut', () => login.authorization().slice(0, -4), 'TokenSignatureRefused'],
    [
      'the signature of another token',
      () => {
        const [first = '', second = ''] = login.token().split('.');
        return `Bearer ${first}.${second}.${login.token({ jti: 'other' }).split('.')[2]}`;
      },
      'TokenSignatureRefused',
    ],
    [
      'claims exchanged',
      () => {
        const [first = '', , third = ''] = login.token().split('.');
        return `Bearer ${first}.${encoded(rightClaims({ serviceurl: 'https://smba.trafficmanager.net/emea/' }))}.${third}`;
      },
      'TokenSignatureRefused',
    ],
  ],
  time: [
    ['expired an hour ago', () => claims({ nbf: now - 2 * HOUR, exp: now - HOUR }), 'TokenExpired'],
    ['expired beyond the skew', () => claims({ exp: now - 300 }), 'TokenExpired'],
    ['valid in an hour', () => claims({ nbf: now + HOUR }), 'TokenNotYetValid'],
    ['valid beyond the skew', () => claims({ nbf: now + 301 }), 'TokenNotYetValid'],
    ['never valid', () => claims({ exp: 0 }), 'TokenExpired'],
    ['a negative expiry', () => claims({ exp: -1 }), 'TokenExpired'],
    ['no expiry', () => claims({ exp: undefined }), 'TokenClaimRefused'],
    ['no beginning', () => claims({ nbf: undefined }), 'TokenClaimRefused'],
    ['an expiry that is text', () => claims({ exp: String(now + HOUR) }), 'TokenClaimRefused'],
    ['an expiry that is a list', () => claims({ exp: [now + HOUR] }), 'TokenClaimRefused'],
    ['an expiry that is true', () => claims({ exp: true }), 'TokenClaimRefused'],
    ['an expiry that is null', () => claims({ exp: null }), 'TokenClaimRefused'],
    [
      'an infinite expiry',
      () => raw({ claims: asText(rightClaims({ exp: 1 }), (json) => json.replace('"exp":1', '"exp":1e999')) }),
      'TokenClaimRefused',
    ],
    ['a beginning that is text', () => claims({ nbf: '0' }), 'TokenClaimRefused'],
    ['a beginning that is null', () => claims({ nbf: null }), 'TokenClaimRefused'],
    ['milliseconds for seconds', () => claims({ nbf: now * 1000, exp: (now + HOUR) * 1000 }), 'TokenNotYetValid'],
  ],
  issuer: [
    ['somebody else', () => claims({ iss: 'https://evil.example' }), 'TokenIssuerRefused'],
    ['none', () => claims({ iss: undefined }), 'TokenIssuerRefused'],
    ['empty', () => claims({ iss: '' }), 'TokenIssuerRefused'],
    ['a list with the right one', () => claims({ iss: [login.issuer] }), 'TokenIssuerRefused'],
    ['a slash more', () => claims({ iss: `${login.issuer}/` }), 'TokenIssuerRefused'],
    ['another case', () => claims({ iss: login.issuer.toUpperCase() }), 'TokenIssuerRefused'],
    ['another cloud', () => claims({ iss: 'https://api.botframework.us' }), 'TokenIssuerRefused'],
    ['an inherited name', () => claims({ iss: '__proto__' }), 'TokenIssuerRefused'],
    [
      "the bot's own outbound token",
      () => claims(directoryClaims({ aud: 'https://api.botframework.com' })),
      'TokenIssuerRefused',
    ],
    [
      "the bot's own outbound token, version 2",
      () =>
        claims({
          iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
          tid: TENANT,
          ver: '2.0',
          azp: APP_ID,
          aud: 'https://api.botframework.com',
        }),
      'TokenIssuerRefused',
    ],
    [
      'emulator-shaped',
      () =>
        claims(
          directoryClaims({
            iss: 'https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/',
            tid: 'd6d49420-f39b-4df7-a1dc-d59a935871db',
          }),
        ),
      'TokenIssuerRefused',
    ],
    ['of a foreign tenant', () => claims(directoryClaims()), 'TokenIssuerRefused'],
    [
      "a user's token",
      () => claims(directoryClaims({ scp: 'User.Read', upn: 'user@example.com' })),
      'TokenIssuerRefused',
    ],
    [
      "a Direct Line user's token",
      () => claims({ iss: 'https://directline.botframework.com/', bot: 'b', conv: 'c' }),
      'TokenIssuerRefused',
    ],
  ],
  audience: [
    ['somebody else', () => claims({ aud: '99999999-2222-3333-4444-555555555555' }), 'TokenAudienceRefused'],
    ['none', () => claims({ aud: undefined }), 'TokenAudienceRefused'],
    ['empty', () => claims({ aud: '' }), 'TokenAudienceRefused'],
    ['a list with the right one', () => claims({ aud: [APP_ID] }), 'TokenAudienceRefused'],
    ['a list with more', () => claims({ aud: ['https://api.botframework.com', APP_ID] }), 'TokenAudienceRefused'],
    ['an object', () => claims({ aud: { [APP_ID]: true } }), 'TokenAudienceRefused'],
    ['a number', () => claims({ aud: 0 }), 'TokenAudienceRefused'],
    ['null', () => claims({ aud: null }), 'TokenAudienceRefused'],
    ['a prefix', () => claims({ aud: `api://${APP_ID}` }), 'TokenAudienceRefused'],
    ['the connector service', () => claims({ aud: 'https://api.botframework.com' }), 'TokenAudienceRefused'],
    ['white space after', () => claims({ aud: `${APP_ID} ` }), 'TokenAudienceRefused'],
  ],
  'odd claims': [
    ['no service URL', () => claims({ serviceurl: undefined }), 'TokenClaimRefused'],
    ['an empty service URL', () => claims({ serviceurl: '' }), 'TokenClaimRefused'],
    ['a service URL that is null', () => claims({ serviceurl: null }), 'TokenClaimRefused'],
    ['a service URL that is zero', () => claims({ serviceurl: 0 }), 'TokenClaimRefused'],
    ['a list of service URLs', () => claims({ serviceurl: [login.serviceUrl] }), 'TokenClaimRefused'],
    [
      'the service URL under another case',
      () => claims({ serviceurl: undefined, serviceUrl: login.serviceUrl }),
      'TokenClaimRefused',
    ],
    ['two service URLs by case', () => claims({ serviceUrl: 'https://evil.example/' }), 'TokenMalformed'],
    [
      'an audience twice',
      () => raw({ claims: asText(rightClaims(), (json) => `{"aud":"evil",${json.slice(1)}`) }),
      'TokenMalformed',
    ],
    [
      'an audience twice, one escaped',
      () => raw({ claims: asText(rightClaims(), (json) => `{"\\u0061ud":"evil",${json.slice(1)}`) }),
      'TokenMalformed',
    ],
    [
      'a service URL twice',
      () =>
        raw({ claims: asText(rightClaims(), (json) => `${json.slice(0, -1)},"serviceurl":"https://evil.example/"}`) }),
      'TokenMalformed',
    ],
    [
      'an algorithm twice',
      () => raw({ header: asText(login.parts().header, (json) => `{"alg":"none",${json.slice(1)}`) }),
      'TokenMalformed',
    ],
    [
      '__proto__',
      () =>
        raw({
          claims: asText(
            rightClaims({ aud: undefined }),
            (json) => `{"__proto__":{"aud":"${APP_ID}"},${json.slice(1)}`,
          ),
        }),
      'TokenMalformed',
    ],
    ['made for another application', () => claims({ appid: 'other', ver: '1.0' }), 'CallerNotAllowed', 403],
    ['made for another application, version 2', () => claims({ azp: 'other', ver: '2.0' }), 'CallerNotAllowed', 403],
    ['the anonymous skill', () => claims({ appid: 'AnonymousSkill' }), 'CallerNotAllowed', 403],
    ['an application that is no text', () => claims({ appid: [APP_ID] }), 'CallerNotAllowed', 403],
  ],
};

const cases = Object.entries(HOSTILE).flatMap(([group, rows]) =>
  rows.map(([name, authorization, code, status = 401]) => ({ group, name, authorization, code, status })),
);

const activity = {
  type: 'message',
  channelId: 'msteams',
  serviceUrl: login.serviceUrl,
  from: { id: 'user' },
  recipient: { id: 'bot' },
  conversation: { id: 'c' },
};

describe('a token that is wrong', () => {
  test('there are enough ways to be wrong', () => {
    expect(cases.length).toBeGreaterThanOrEqual(100);
    expect(new Set(cases.map(({ group, name }) => `${group}: ${name}`)).size).toBe(cases.length);
  });

  test.each(cases)('$group: $name', async ({ authorization, code, status }) => {
    const value = authorization();
    const refused = await auth.authenticate({ headers: { authorization: value } });
    expect(refused).toMatchObject({ ok: false, status, code });
    // Nothing that the caller sent comes back.
    if (refused.ok || value === undefined) return;
    for (const sent of ['evil', 'example', APP_ID, TENANT, login.issuer, login.serviceUrl, ...value.split('.')]) {
      if (sent.length > 3 && sent !== 'Bearer ') expect(refused.message).not.toContain(sent);
    }
    const next = await auth.authenticate({ headers: { authorization: login.authorization() } });
    expect(next.ok && next.admit(activity)).toMatchObject({ ok: true });
  });

  test('they all together had the keys fetched once', () => {
    expect(login.requests.keys).toBe(1);
  });
});

describe('a token that is right', () => {
  test.each<readonly [string, () => string]>([
    ['as channels send it', () => login.authorization()],
    ['signed by RS384', () => header({ alg: 'RS384' })],
    ['signed by RS512', () => header({ alg: 'RS512' })],
    ['without a type', () => header({ typ: undefined })],
    ['with other header fields', () => header({ x5t: 'abc', x5c: ['abc'], nonce: 'n' })],
    ['by another published key', () => `Bearer ${login.token({}, { kid: login.keys[0]?.kid }, login.keys[0])}`],
    ['just expired, within the skew', () => claims({ exp: now - 299 })],
    ['just not valid, within the skew', () => claims({ nbf: now + 300 })],
    ['with an expiry that is no integer', () => claims({ exp: now + 0.5 })],
    [
      'with claims nobody needs',
      () => claims({ tid: TENANT, nested: { aud: 'x', 'a:"b': [{}] }, text: '{":"}', ver: '1.0' }),
    ],
    ['made for the bot itself', () => claims({ appid: APP_ID, azp: APP_ID })],
  ])('%s', async (_name, authorization) => {
    const value = authorization();
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const admitted = await auth.authenticate({ headers: { authorization: value } });
      expect(admitted.ok && admitted.admit(activity)).toMatchObject({ ok: true });
    }
  });
});
