import type { ErrorCode } from '../../src/schema/errors';
import { encoded, signedWithPublicKey } from '../support/fake-login';
import { APP_ID, TENANT, type TokenBench } from './token-bench';

/** A token that is turned away. */
export interface TokenRow {
  readonly what: string;
  readonly authorization: () => string | undefined;
  readonly status: number;
  readonly code: ErrorCode;
  /** What a web server makes of it before the gate sees it, where that differs: `accepted` if blanks around a value do not count. */
  readonly overHttp?: readonly [status: number, code: string] | 'accepted' | 'cannot be sent';
}

type Case = readonly [
  what: string,
  authorization: () => string | undefined,
  code: ErrorCode,
  status?: number,
  overHttp?: TokenRow['overHttp'],
];

const HOUR = 3600;

const manyClaims = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`claim${n}`, n]));

const directoryClaims = (changes: Record<string, unknown> = {}) => ({
  iss: `https://sts.windows.net/${TENANT}/`,
  tid: TENANT,
  ver: '1.0',
  appid: APP_ID,
  ...changes,
});

/** Tokens that are wrong, by group. */
export function hostileTokens(bench: TokenBench): Readonly<Record<string, readonly TokenRow[]>> {
  const groups: Record<string, readonly Case[]> = { ...formOf(bench), ...signatureOf(bench), ...claimsOf(bench) };
  return Object.fromEntries(
    Object.entries(groups).map(([name, cases]) => [
      name,
      cases.map(([what, authorization, code, status = 401, overHttp]) => ({
        what,
        authorization,
        code,
        status,
        ...(overHttp === undefined ? {} : { overHttp }),
      })),
    ]),
  );
}

function formOf(bench: TokenBench): Record<string, readonly Case[]> {
  const { login } = bench;
  return {
    missing: [
      ['no header', () => undefined, 'TokenMissing'],
      ['an empty header', () => '', 'TokenMissing'],
      ['another scheme', () => `Basic ${Buffer.from('a:b').toString('base64')}`, 'TokenMissing'],
      ['the token without a scheme', () => login.token(), 'TokenMissing'],
      ['the scheme in other letters', () => `bearer ${login.token()}`, 'TokenMissing'],
      ['the scheme and nothing else', () => 'Bearer ', 'TokenMalformed', 401, [401, 'TokenMissing']],
      ['the scheme and a space less', () => 'Bearer', 'TokenMissing'],
      ['the scheme in capitals', () => `BEARER ${login.token()}`, 'TokenMissing'],
      ['white space before', () => ` ${login.authorization()}`, 'TokenMissing', 401, 'accepted'],
    ],
    malformed: [
      ['two spaces', () => `Bearer  ${login.token()}`, 'TokenMalformed'],
      ['white space after', () => `${login.authorization()} `, 'TokenMalformed', 401, 'accepted'],
      ['a line break after', () => `${login.authorization()}\n`, 'TokenMalformed', 401, 'cannot be sent'],
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
        () => bench.raw({ claims: JSON.stringify(bench.rightClaims()) }).replace(/\.(\w+)\./, '.$1Z.'),
        'TokenMalformed',
      ],
      [
        'padding bits set in the signature',
        () => login.authorization().replace(/.$/, (last) => ({ A: 'B', Q: 'R', g: 'h', w: 'x' })[last] ?? '='),
        'TokenMalformed',
      ],
      ['a letter that is no ASCII', () => login.authorization().replace('ey', '\u00e9y'), 'TokenMalformed'],
      ['a token within the claims', () => bench.raw({ claims: login.token() }), 'TokenMalformed'],
      ['a header that is not JSON', () => bench.raw({ header: 'header' }), 'TokenMalformed'],
      ['claims that are not JSON', () => bench.raw({ claims: 'claims' }), 'TokenMalformed'],
      ['claims that are a list', () => bench.raw({ claims: [login.parts().claims] }), 'TokenMalformed'],
      ['claims that are null', () => bench.raw({ claims: 'null' }), 'TokenMalformed'],
      ['claims that are text', () => bench.raw({ claims: '"claims"' }), 'TokenMalformed'],
      ['a header that is a number', () => bench.raw({ header: '1' }), 'TokenMalformed'],
      [
        'claims that are not UTF-8',
        () => bench.raw({ claims: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }),
        'TokenMalformed',
      ],
      ['a byte order mark', () => bench.rawClaims((json) => `\ufeff${json}`), 'TokenMalformed'],
      ['something after the claims', () => bench.rawClaims((json) => `${json}{}`), 'TokenMalformed'],
      ['nine levels of nesting', () => bench.claims({ deep: [[[[[[[['x']]]]]]]] }), 'TokenMalformed'],
      ['deep nesting', () => bench.raw({ claims: `${'['.repeat(2000)}${']'.repeat(2000)}` }), 'TokenMalformed'],
    ],
    huge: [
      ['a header of 15 KB', () => `Bearer ${'a'.repeat(15_000)}.b.c`, 'TokenTooLarge'],
      ['a well-formed token of 15 KB', () => bench.claims({ filler: 'x'.repeat(11_000) }), 'TokenTooLarge'],
      ['a header of 1 MB', () => `Bearer ${'a.'.repeat(500_000)}`, 'TokenTooLarge', 401, [431, 'HeadersTooLarge']],
      ['65 claims', () => bench.claims(manyClaims(60)), 'TokenMalformed'],
      ['300 claims', () => bench.raw({ claims: manyClaims(300) }), 'TokenMalformed'],
      ['17 header fields', () => bench.header(manyClaims(13)), 'TokenMalformed'],
      ['a key id of 300 characters', () => bench.header({ kid: 'k'.repeat(300) }), 'TokenMalformed'],
    ],
  };
}

function signatureOf(bench: TokenBench): Record<string, readonly Case[]> {
  const { login } = bench;
  return {
    algorithm: [
      [
        'none, unsigned',
        () => `Bearer ${encoded({ ...login.parts().header, alg: 'none' })}.${encoded(bench.rightClaims())}.AA`,
        'TokenAlgorithmRefused',
      ],
      ['none, signed', () => bench.header({ alg: 'none' }), 'TokenAlgorithmRefused'],
      ['None', () => bench.header({ alg: 'None' }), 'TokenAlgorithmRefused'],
      [
        'HS256 with the public key',
        () =>
          `Bearer ${signedWithPublicKey({ ...login.parts().header, alg: 'HS256' }, bench.rightClaims(), bench.goodKey)}`,
        'TokenAlgorithmRefused',
      ],
      [
        'RS256 with a MAC by the public key',
        () => `Bearer ${signedWithPublicKey(login.parts().header, bench.rightClaims(), bench.goodKey)}`,
        'TokenSignatureRefused',
      ],
      ['ES256', () => bench.header({ alg: 'ES256' }), 'TokenAlgorithmRefused'],
      ['PS256', () => bench.header({ alg: 'PS256' }), 'TokenAlgorithmRefused'],
      ['RS1', () => bench.header({ alg: 'RS1' }), 'TokenAlgorithmRefused'],
      ['rs256', () => bench.header({ alg: 'rs256' }), 'TokenAlgorithmRefused'],
      ['a list', () => bench.header({ alg: ['RS256'] }), 'TokenAlgorithmRefused'],
      ['a blank after it', () => bench.header({ alg: 'RS256 ' }), 'TokenAlgorithmRefused'],
      ['a zero byte after it', () => bench.header({ alg: 'RS256\u0000' }), 'TokenAlgorithmRefused'],
      ['no algorithm', () => bench.header({ alg: undefined }), 'TokenAlgorithmRefused'],
      ['an inherited name', () => bench.header({ alg: 'constructor' }), 'TokenAlgorithmRefused'],
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
      ['no key id', () => bench.header({ kid: undefined }), 'TokenMalformed'],
      ['an empty key id', () => bench.header({ kid: '' }), 'TokenMalformed'],
      ['a key id that is a number', () => bench.header({ kid: 1 }), 'TokenMalformed'],
      ['a key id that is a path', () => bench.header({ kid: '../../dev/null' }), 'TokenKeyUnknown'],
      ['an inherited name as key id', () => bench.header({ kid: '__proto__' }), 'TokenKeyUnknown'],
      [
        'a key that is not published',
        () => `Bearer ${login.token({}, { kid: bench.strangersKey.kid }, bench.strangersKey)}`,
        'TokenKeyUnknown',
      ],
      [
        "a stranger's key under a published id",
        () => `Bearer ${login.token({}, {}, bench.strangersKey)}`,
        'TokenSignatureRefused',
      ],
      ['another published key', () => `Bearer ${login.token({}, {}, login.keys[0])}`, 'TokenSignatureRefused'],
      [
        'a key of 1024 bits',
        () => `Bearer ${login.token({}, { kid: bench.shortKey.kid }, bench.shortKey)}`,
        'TokenSignatureRefused',
      ],
      ['crit', () => bench.header({ crit: ['exp'] }), 'TokenMalformed'],
      ['an empty crit', () => bench.header({ crit: [] }), 'TokenMalformed'],
      ['crit that is null', () => bench.header({ crit: null }), 'TokenMalformed'],
      ['b64', () => bench.header({ b64: false, crit: ['b64'] }), 'TokenMalformed'],
      ['b64 without crit', () => bench.header({ b64: false }), 'TokenMalformed'],
      [
        'its own key',
        () => `Bearer ${login.token({}, { jwk: bench.strangersKey.jwk }, bench.strangersKey)}`,
        'TokenMalformed',
      ],
      ['an address for its key', () => bench.header({ jku: 'https://evil.example/keys' }), 'TokenMalformed'],
      [
        'its own certificate',
        () => `Bearer ${login.token({}, { x5c: ['MIIB'], x5t: bench.strangersKey.kid }, bench.strangersKey)}`,
        'TokenSignatureRefused',
      ],
      ['another type', () => bench.header({ typ: 'at+jwt' }), 'TokenMalformed'],
      ['a type that is no text', () => bench.header({ typ: ['JWT'] }), 'TokenMalformed'],
      [
        'a signature of zeros',
        () => login.authorization().replace(/[^.]+$/, (signature) => 'A'.repeat(signature.length)),
        'TokenSignatureRefused',
      ],
      ['a byte more than the signature', () => `${login.authorization().slice(0, -1)}AAA`, 'TokenSignatureRefused'],
      ['the signature cut', () => login.authorization().slice(0, -6), 'TokenSignatureRefused'],
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
          return `Bearer ${first}.${encoded(bench.rightClaims({ serviceurl: 'https://smba.trafficmanager.net/emea/' }))}.${third}`;
        },
        'TokenSignatureRefused',
      ],
    ],
  };
}

function claimsOf(bench: TokenBench): Record<string, readonly Case[]> {
  const { login } = bench;
  return {
    time: [
      ['expired an hour ago', () => bench.claims({ nbf: bench.now - 2 * HOUR, exp: bench.now - HOUR }), 'TokenExpired'],
      ['expired beyond the skew', () => bench.claims({ exp: bench.now - 300 }), 'TokenExpired'],
      ['valid in an hour', () => bench.claims({ nbf: bench.now + HOUR }), 'TokenNotYetValid'],
      ['valid beyond the skew', () => bench.claims({ nbf: bench.now + 301 + bench.slack }), 'TokenNotYetValid'],
      ['never valid', () => bench.claims({ exp: 0 }), 'TokenExpired'],
      ['a negative expiry', () => bench.claims({ exp: -1 }), 'TokenExpired'],
      ['no expiry', () => bench.claims({ exp: undefined }), 'TokenClaimRefused'],
      ['no beginning', () => bench.claims({ nbf: undefined }), 'TokenClaimRefused'],
      ['an expiry that is text', () => bench.claims({ exp: String(bench.now + HOUR) }), 'TokenClaimRefused'],
      ['an expiry that is a list', () => bench.claims({ exp: [bench.now + HOUR] }), 'TokenClaimRefused'],
      ['an expiry that is true', () => bench.claims({ exp: true }), 'TokenClaimRefused'],
      ['an expiry that is null', () => bench.claims({ exp: null }), 'TokenClaimRefused'],
      [
        'an infinite expiry',
        () => bench.rawClaims((json) => json.replace('"exp":1', '"exp":1e999'), { exp: 1 }),
        'TokenClaimRefused',
      ],
      ['a beginning that is text', () => bench.claims({ nbf: '0' }), 'TokenClaimRefused'],
      ['a beginning that is null', () => bench.claims({ nbf: null }), 'TokenClaimRefused'],
      [
        'milliseconds for seconds',
        () => bench.claims({ nbf: bench.now * 1000, exp: (bench.now + HOUR) * 1000 }),
        'TokenNotYetValid',
      ],
    ],
    issuer: [
      ['somebody else', () => bench.claims({ iss: 'https://evil.example' }), 'TokenIssuerRefused'],
      ['none', () => bench.claims({ iss: undefined }), 'TokenIssuerRefused'],
      ['empty', () => bench.claims({ iss: '' }), 'TokenIssuerRefused'],
      ['a list with the right one', () => bench.claims({ iss: [login.issuer] }), 'TokenIssuerRefused'],
      ['a slash more', () => bench.claims({ iss: `${login.issuer}/` }), 'TokenIssuerRefused'],
      ['another case', () => bench.claims({ iss: login.issuer.toUpperCase() }), 'TokenIssuerRefused'],
      ['a zero byte more', () => bench.claims({ iss: `${login.issuer}\u0000` }), 'TokenIssuerRefused'],
      [
        'letters that look the same',
        () => bench.claims({ iss: login.issuer.replace('o', '\u043e') }),
        'TokenIssuerRefused',
      ],
      ['another cloud', () => bench.claims({ iss: 'https://api.botframework.us' }), 'TokenIssuerRefused'],
      ['an inherited name', () => bench.claims({ iss: '__proto__' }), 'TokenIssuerRefused'],
      [
        "the bot's own outbound token",
        () => bench.claims(directoryClaims({ aud: 'https://api.botframework.com' })),
        'TokenIssuerRefused',
      ],
      [
        "the bot's own outbound token, version 2",
        () =>
          bench.claims({
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
          bench.claims(
            directoryClaims({
              iss: 'https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/',
              tid: 'd6d49420-f39b-4df7-a1dc-d59a935871db',
            }),
          ),
        'TokenIssuerRefused',
      ],
      ['of a foreign tenant', () => bench.claims(directoryClaims()), 'TokenIssuerRefused'],
      [
        "a user's token",
        () => bench.claims(directoryClaims({ scp: 'User.Read', upn: 'user@example.com' })),
        'TokenIssuerRefused',
      ],
      [
        "a Direct Line user's token",
        () => bench.claims({ iss: 'https://directline.botframework.com/', bot: 'b', conv: 'c' }),
        'TokenIssuerRefused',
      ],
    ],
    audience: [
      ['somebody else', () => bench.claims({ aud: '99999999-2222-3333-4444-555555555555' }), 'TokenAudienceRefused'],
      ['none', () => bench.claims({ aud: undefined }), 'TokenAudienceRefused'],
      ['empty', () => bench.claims({ aud: '' }), 'TokenAudienceRefused'],
      ['a list with the right one', () => bench.claims({ aud: [APP_ID] }), 'TokenAudienceRefused'],
      [
        'a list with more',
        () => bench.claims({ aud: ['https://api.botframework.com', APP_ID] }),
        'TokenAudienceRefused',
      ],
      ['an object', () => bench.claims({ aud: { [APP_ID]: true } }), 'TokenAudienceRefused'],
      ['a number', () => bench.claims({ aud: 0 }), 'TokenAudienceRefused'],
      ['null', () => bench.claims({ aud: null }), 'TokenAudienceRefused'],
      ['a prefix', () => bench.claims({ aud: `api://${APP_ID}` }), 'TokenAudienceRefused'],
      ['the connector service', () => bench.claims({ aud: 'https://api.botframework.com' }), 'TokenAudienceRefused'],
      ['white space after', () => bench.claims({ aud: `${APP_ID} ` }), 'TokenAudienceRefused'],
      ['other digits', () => bench.claims({ aud: APP_ID.replace('1', '\uff11') }), 'TokenAudienceRefused'],
      ['a character of no width', () => bench.claims({ aud: `\u200b${APP_ID}` }), 'TokenAudienceRefused'],
      [
        'the audience under another name that reads the same',
        () => bench.claims({ aud: undefined, '\u0430ud': APP_ID }),
        'TokenAudienceRefused',
      ],
    ],
    'odd claims': [
      ['no service URL', () => bench.claims({ serviceurl: undefined }), 'TokenClaimRefused'],
      ['an empty service URL', () => bench.claims({ serviceurl: '' }), 'TokenClaimRefused'],
      ['a service URL that is null', () => bench.claims({ serviceurl: null }), 'TokenClaimRefused'],
      ['a service URL that is zero', () => bench.claims({ serviceurl: 0 }), 'TokenClaimRefused'],
      ['a list of service URLs', () => bench.claims({ serviceurl: [login.serviceUrl] }), 'TokenClaimRefused'],
      [
        'the service URL under another case',
        () => bench.claims({ serviceurl: undefined, serviceUrl: login.serviceUrl }),
        'TokenClaimRefused',
      ],
      ['two service URLs by case', () => bench.claims({ serviceUrl: 'https://evil.example/' }), 'TokenMalformed'],
      ['an audience twice', () => bench.rawClaims((json) => `{"aud":"evil",${json.slice(1)}`), 'TokenMalformed'],
      [
        'an audience twice, one escaped',
        () => bench.rawClaims((json) => `{"\\u0061ud":"evil",${json.slice(1)}`),
        'TokenMalformed',
      ],
      [
        'a service URL twice',
        () => bench.rawClaims((json) => `${json.slice(0, -1)},"serviceurl":"https://evil.example/"}`),
        'TokenMalformed',
      ],
      [
        'an algorithm twice',
        () =>
          bench.raw({
            header: ((json: string) => `{"alg":"none",${json.slice(1)}`)(JSON.stringify(login.parts().header)),
          }),
        'TokenMalformed',
      ],
      [
        '__proto__',
        () => bench.rawClaims((json) => `{"__proto__":{"aud":"${APP_ID}"},${json.slice(1)}`, { aud: undefined }),
        'TokenMalformed',
      ],
      ['made for another application', () => bench.claims({ appid: 'other', ver: '1.0' }), 'CallerNotAllowed', 403],
      [
        'made for another application, version 2',
        () => bench.claims({ azp: 'other', ver: '2.0' }),
        'CallerNotAllowed',
        403,
      ],
      ['the anonymous skill', () => bench.claims({ appid: 'AnonymousSkill' }), 'CallerNotAllowed', 403],
      ['an application that is no text', () => bench.claims({ appid: [APP_ID] }), 'CallerNotAllowed', 403],
    ],
  };
}
