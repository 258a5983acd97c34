import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { BotFrameworkAuthenticationFactory, PasswordServiceClientCredentialFactory } from 'botframework-connector';
import * as fc from 'fast-check';
import { createInboundAuth } from '../../src/azure/inbound-auth';
import type { InboundAuth } from '../../src/ports/inbound-auth';
import type { Activity } from '../../src/schema/activity';
import { encoded, type FakeLogin, fakeKey, signed, startFakeLogin } from '../support/fake-login';
import { createManualClock } from '../support/manual-clock';

const APP_ID = '11111111-2222-3333-4444-555555555555';
const TENANT = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';

/** What one request consists of. Header and claims are texts when they are not to be JSON, or not only. */
interface Request {
  readonly scheme: string;
  readonly header: unknown;
  readonly claims: unknown;
  readonly key: 'published' | 'second' | 'unendorsed' | 'stranger';
  readonly mangle: (token: string) => string;
  readonly activity: Readonly<Record<string, unknown>>;
}

let login: FakeLogin;
let close: () => Promise<void>;
let ours: InboundAuth;
let oracle: ReturnType<typeof BotFrameworkAuthenticationFactory.create>;
let keys: Record<Request['key'], ReturnType<typeof fakeKey>>;
// Whole seconds, and standing still: the oracle reads the system's clock, which the tests below hold at the same time.
const clock = createManualClock();
const now = clock.now() / 1000;

beforeAll(async () => {
  ({ login, close } = await startFakeLogin({ appId: APP_ID, now: clock.now }));
  keys = {
    published: login.key,
    second: login.rotate(),
    unendorsed: fakeKey(2048, null),
    stranger: fakeKey(),
  };
  login.keys = [keys.second, keys.unendorsed, keys.published];
  ours = createInboundAuth({
    appId: APP_ID,
    development: true,
    clock,
    channelMetadataUrl: login.metadataUrl,
  });
  oracle = BotFrameworkAuthenticationFactory.create(
    '',
    true,
    'https://login.microsoftonline.com/botframework.com',
    'https://api.botframework.com',
    login.issuer,
    'https://token.botframework.com',
    login.metadataUrl,
    login.metadataUrl,
    '',
    new PasswordServiceClientCredentialFactory(APP_ID, 'secret'),
    { requiredEndorsements: [] },
  );
});

afterAll(() => close());

beforeEach(() => {
  // The oracle prints what it refuses.
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  jest.spyOn(Date, 'now').mockImplementation(clock.now);
});

afterEach(() => {
  jest.restoreAllMocks();
});

const right = (changes: Partial<Request> = {}): Request => ({
  scheme: 'Bearer ',
  header: login.parts().header,
  claims: login.parts().claims,
  key: 'published',
  mangle: (token) => token,
  activity: { type: 'message', channelId: 'msteams', serviceUrl: login.serviceUrl },
  ...changes,
});

const authorizationOf = ({ scheme, header, claims, key, mangle }: Request): string =>
  scheme + mangle(signed(header, claims, keys[key]));

async function oursAccepts(request: Request): Promise<boolean> {
  const caller = await ours.authenticate({ headers: { authorization: authorizationOf(request) } });
  return caller.ok && caller.admit(request.activity as unknown as Activity).ok;
}

async function oracleAccepts(request: Request): Promise<boolean> {
  try {
    const activity = request.activity as unknown as Parameters<typeof oracle.authenticateRequest>[0];
    await oracle.authenticateRequest(activity, authorizationOf(request));
    return true;
  } catch {
    return false;
  }
}

describe('the verifier of the Bot Framework SDK as an oracle', () => {
  test('both accept what is right', async () => {
    expect([await oursAccepts(right()), await oracleAccepts(right())]).toEqual([true, true]);
  });

  test.each(['msteams', 'webchat', 'directline'])(
    'both accept a key without endorsements, on %s',
    async (channelId) => {
      const header = { ...login.parts().header, kid: keys.unendorsed.kid };
      const activity = { type: 'message', channelId, serviceUrl: login.serviceUrl };
      const request = right({ header, key: 'unendorsed', activity });
      expect([await oursAccepts(request), await oracleAccepts(request)]).toEqual([true, true]);
    },
  );

  test('both refuse what is wrong', async () => {
    const { header, claims } = login.parts();
    for (const wrong of [
      right({ key: 'stranger' }),
      right({ claims: { ...claims, aud: 'other' } }),
      right({ claims: { ...claims, iss: 'https://evil.example' } }),
      right({ claims: { ...claims, exp: now - 300 } }),
      right({ claims: { ...claims, nbf: now + 301 } }),
      right({ header: { ...header, alg: 'none' } }),
      right({ activity: { type: 'message', channelId: 'slack', serviceUrl: login.serviceUrl } }),
      right({ activity: { type: 'message', channelId: 'msteams', serviceUrl: 'https://slack.botframework.com/' } }),
    ]) {
      expect([await oursAccepts(wrong), await oracleAccepts(wrong)]).toEqual([false, false]);
    }
  });

  /**
   * What ours accepts and the oracle does not, as the Teams SDKs do. Channels name their service URL with and without the slash at its end,
   * and in other letter case, and it is the same place.
   */
  test.each([
    ['by one trailing slash', (serviceUrl: string) => serviceUrl.replace(/\/$/, '')],
    ['in letter case', (serviceUrl: string) => serviceUrl.toUpperCase()],
  ])('only ours takes a service URL that differs %s', async (_how, spelled) => {
    const request = right({
      activity: { type: 'message', channelId: 'msteams', serviceUrl: spelled(login.serviceUrl) },
    });
    expect([await oursAccepts(request), await oracleAccepts(request)]).toEqual([true, false]);
  });

  /** What it accepts and we do not, each with our reason. */
  const STRICTER: readonly (readonly [difference: string, because: string, request: () => Request])[] = [
    [
      'an activity without a channel',
      'nothing can have endorsed it',
      () => right({ activity: { type: 'message', channelId: '', serviceUrl: login.serviceUrl } }),
    ],
    [
      'an activity without a service URL',
      'replies would go nowhere, and the claim would go unchecked',
      () => right({ activity: { type: 'message', channelId: 'msteams', serviceUrl: '' } }),
    ],
    [
      'no service URL in both',
      'the claim is what pins the address of replies',
      () =>
        right({
          claims: { ...login.parts().claims, serviceurl: undefined },
          activity: { type: 'message', channelId: 'msteams' },
        }),
    ],
    [
      'a service URL that nobody knows',
      "the bot's token would follow the replies there",
      () =>
        right({
          claims: { ...login.parts().claims, serviceurl: 'https://evil.example/' },
          activity: { type: 'message', channelId: 'msteams', serviceUrl: 'https://evil.example/' },
        }),
    ],
    [
      'a service URL by plain http',
      "the bot's token would be readable on the way",
      () =>
        right({
          claims: { ...login.parts().claims, serviceurl: 'http://smba.trafficmanager.net/' },
          activity: { type: 'message', channelId: 'msteams', serviceUrl: 'http://smba.trafficmanager.net/' },
        }),
    ],
    ['no expiry', 'a token that leaks must end', () => right({ claims: { ...login.parts().claims, exp: undefined } })],
    ['no beginning', 'channels always say it', () => right({ claims: { ...login.parts().claims, nbf: undefined } })],
    [
      'an infinite expiry',
      'the same as none',
      () => right({ claims: JSON.stringify({ ...login.parts().claims, exp: 1 }).replace('"exp":1', '"exp":1e999') }),
    ],
    [
      'a claim twice',
      'two readers may read two values',
      () => right({ claims: JSON.stringify(login.parts().claims).replace('{', '{"aud":"other",') }),
    ],
    ['claims that differ by case', 'the same', () => right({ claims: { ...login.parts().claims, AUD: 'other' } })],
    [
      '65 claims',
      'channels send five; taking claims apart must not cost what the sender likes',
      () =>
        right({
          claims: {
            ...login.parts().claims,
            ...Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`c${n}`, n])),
          },
        }),
    ],
    [
      'a header of more than 8 KB',
      'the same',
      () => right({ claims: { ...login.parts().claims, filler: 'x'.repeat(8_000) } }),
    ],
    [
      'crit',
      'an extension that is not understood must be refused (RFC 7515)',
      () => right({ header: { ...login.parts().header, crit: ['b64'], b64: true } }),
    ],
    [
      'a key of its own',
      'nothing in a token may choose its key',
      () => right({ header: { ...login.parts().header, jku: 'https://evil.example/keys' } }),
    ],
    ['another type', 'a token for another use', () => right({ header: { ...login.parts().header, typ: 'at+jwt' } })],
    [
      'made for another application, in a version that is none',
      'a channel is no application',
      () => right({ claims: { ...login.parts().claims, appid: 'other' } }),
    ],
    [
      'bytes that are not UTF-8',
      'JSON is UTF-8',
      () =>
        right({
          claims: Buffer.concat([
            Buffer.from(JSON.stringify(login.parts().claims).slice(0, -1)),
            Buffer.from(',"x":"'),
            Buffer.from([0xff]),
            Buffer.from('"}'),
          ]),
        }),
    ],
  ];

  test.each(STRICTER)('only it takes %s (%s)', async (_difference, _because, request) => {
    expect([await oursAccepts(request()), await oracleAccepts(request())]).toEqual([false, true]);
  });
});

/** Values that have confused verifiers before. */
const ODD: readonly unknown[] = [
  undefined,
  null,
  '',
  ' ',
  0,
  -1,
  true,
  [],
  {},
  '0',
  'null',
  '__proto__',
  'constructor',
  '*',
];

const odd = fc.oneof(fc.constantFrom(...ODD), fc.jsonValue({ maxDepth: 1 }));
const near = (...values: readonly unknown[]) => fc.oneof(fc.constantFrom(...values), odd);

/** One thing at a time, mostly: a token that is wrong in five ways says little about each. */
const mostly = <T>(usual: T, changed: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: changed });

const claimChange = fc.record(
  {
    iss: near(
      'https://api.botframework.com',
      'https://api.botframework.com/',
      'https://api.botframework.us',
      `https://sts.windows.net/${TENANT}/`,
      ['https://api.botframework.com'],
    ),
    aud: near(APP_ID, [APP_ID], APP_ID.toUpperCase(), 'https://api.botframework.com'),
    exp: fc.oneof(
      near(now, now - 299, now - 300, now - 301, String(now)),
      fc.double({ min: now - 400, max: now + 400, noNaN: true }),
    ),
    nbf: fc.oneof(
      near(now, now + 299, now + 300, now + 301),
      fc.double({ min: now - 400, max: now + 400, noNaN: true }),
    ),
    serviceurl: near(
      'https://smba.trafficmanager.net/teams',
      'https://smba.trafficmanager.net/teams/',
      'https://slack.botframework.com/',
      'https://evil.example/',
    ),
    ver: near('1.0', '2.0'),
    appid: near(APP_ID, 'other', 'AnonymousSkill'),
    azp: near(APP_ID, 'other'),
    tid: near(TENANT, ''),
    Aud: odd,
    extra: odd,
  },
  { requiredKeys: [] },
);

const headerChange = fc.record(
  {
    alg: near('RS256', 'RS384', 'RS512', 'HS256', 'PS256', 'none', 'ES256', 'rs256'),
    kid: near('published', 'second', 'unendorsed', 'stranger'),
    typ: near('JWT', 'jwt', 'at+jwt'),
    crit: odd,
    x5t: odd,
  },
  { requiredKeys: [] },
);

const activityChange = fc.record(
  {
    channelId: fc.constantFrom('msteams', 'webchat', 'directline', 'emulator', '', ' ', 'MSTEAMS', 'AseChannel'),
    serviceUrl: fc.constantFrom(
      'https://smba.trafficmanager.net/teams',
      'https://smba.trafficmanager.net/teams/',
      'https://slack.botframework.com/',
      'https://evil.example/',
      '',
      'http://127.0.0.1:1/',
      undefined,
    ),
  },
  { requiredKeys: [] },
);

/** Changes to the finished token: characters exchanged, left out and added, parts of other tokens. */
const mangling = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(5000), fc.nat(2), fc.constantFrom('A', 'z', '0', '-', '_', '.', '=', ' ', '\n', 'é', '\0'))
      .map(([at, cut, add]) => (token: string) => {
        const index = at % (token.length + 1);
        return token.slice(0, index) + add + token.slice(index + cut);
      }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      (t: string) => `${t} `,
      (t: string) => ` ${t}`,
      (t: string) => `${t}.`,
      (t: string) => t.split('.').slice(0, 2).join('.'),
      (t: string) => `${t.split('.').slice(0, 2).join('.')}.`,
    ),
  },
);

describe('random tokens', () => {
  test('what we accept, the oracle accepts, but for the spelling of the service URL', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(
        mostly('Bearer ', fc.constantFrom('bearer ', 'Bearer', 'Bearer  ', '', 'Basic ')),
        mostly({}, headerChange),
        mostly({}, claimChange),
        mostly<Request['key']>('published', fc.constantFrom('second', 'unendorsed', 'stranger')),
        mostly({}, activityChange),
        mostly((token: string) => token, mangling),
        async (scheme, headers, claims, key, activity, mangle) => {
          const { kid = key, ...rest } = headers as { kid?: unknown };
          const header = { ...login.parts().header, ...rest, kid: kidOf(kid) };
          const base = right();
          const request: Request = {
            scheme,
            header,
            claims: { ...login.parts().claims, ...claims },
            key,
            mangle,
            activity: { ...base.activity, ...activity },
          };
          if (!(await oursAccepts(request))) return;
          accepted += 1;
          // The oracle checks tokens for this channel by the rules of App Service Environments, with another issuer.
          if (request.activity.channelId === 'AseChannel') return;
          // As the oracle would have it, and with slash and letter case taken out of the question.
          const claimed = (request.claims as Record<string, unknown>).serviceurl;
          const same = { ...request, activity: { ...request.activity, serviceUrl: claimed } };
          expect(await oracleAccepts(same)).toBe(true);
        },
      ),
      { numRuns: 1_500 },
    );
    // The property says nothing unless a good part of the tokens gets in.
    expect(accepted).toBeGreaterThan(200);
  }, 120_000);

  test('no text for a header makes the gate throw, or lets anybody in', async () => {
    const piece = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('Bearer ', '.', '..', 'e30', encoded({ alg: 'RS256', kid: 'k' }), encoded('[]'), encoded('null')),
      fc.json().map((json) => encoded(json)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), fc.boolean(), async (pieces, bearer) => {
        const authorization = (bearer ? 'Bearer ' : '') + pieces.join('');
        const result = await ours.authenticate({ headers: { authorization } });
        expect(result).toMatchObject({ ok: false, status: 401 });
      }),
      { numRuns: 1_000 },
    );
  });
});

const kidOf = (kid: unknown): unknown =>
  typeof kid === 'string' && kid in keys ? keys[kid as Request['key']].kid : kid;
