import { describe, expect, test } from '@jest/globals';
import { type AppRoleOptions, createAppRoleAuth } from '../../src/azure/inbound-app-role';
import type { AppAuth } from '../../src/ports/app-auth';
import { FakeLogin, fakeKey } from '../support/fake-login';
import { createManualClock } from '../support/manual-clock';

const API = '11111111-2222-3333-4444-555555555555';
const CALLER = '66666666-7777-8888-9999-000000000000';
const BOT = '12345678-1234-1234-1234-1234567890ab';
const TENANT = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const OTHER_TENANT = '99999999-bbbb-cccc-dddd-eeeeeeeeeeee';

const clock = createManualClock();
const login = new FakeLogin({ appId: API, now: clock.now, endorsements: null });

const gate = (options: Partial<AppRoleOptions> = {}): AppAuth =>
  createAppRoleAuth({
    tenantId: TENANT,
    audiences: [API, `api://${API}`],
    roles: ['Notify.Send', 'Notify.Broadcast'],
    ownAppId: BOT,
    development: false,
    clock,
    fetch: login.fetch,
    ...options,
  });

const version1 = {
  iss: `https://sts.windows.net/${TENANT}/`,
  aud: `api://${API}`,
  tid: TENANT,
  ver: '1.0',
  appid: CALLER,
  appidacr: '2',
  oid: 'object',
  sub: 'object',
  roles: ['Notify.Send'],
  serviceurl: undefined,
};
const version2 = {
  iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
  tid: TENANT,
  ver: '2.0',
  azp: CALLER,
  azpacr: '1',
  oid: 'object',
  sub: 'object',
  roles: ['Notify.Send'],
  serviceurl: undefined,
};

const ask = (auth: AppAuth, authorization: string | undefined) => auth.authenticate({ headers: { authorization } });

async function outcome(claims: Record<string, unknown>, auth = gate()): Promise<string> {
  const result = await ask(auth, login.authorization(claims));
  return result.ok ? 'ok' : `${result.status} ${result.code}`;
}

describe('an application with an app role', () => {
  test.each([
    ['version 1', version1],
    ['version 2', version2],
  ])('is let in with a token of %s, each time, and named', async (_name, claims) => {
    const auth = gate();
    const authorization = login.authorization(claims);
    for (let repeat = 0; repeat < 2; repeat += 1) {
      expect(await ask(auth, authorization)).toEqual({
        ok: true,
        appId: CALLER,
        tenantId: TENANT,
        roles: new Set(['Notify.Send']),
      });
    }
    expect(auth.mode).toBe('app-role');
  });

  test('has those of the roles that were asked for, and no others', async () => {
    const result = await ask(
      gate(),
      login.authorization({ ...version2, roles: ['Other', 'Notify.Broadcast', 'Notify.Send', 7] }),
    );
    expect(result.ok && [...result.roles]).toEqual(['Notify.Send', 'Notify.Broadcast']);
  });

  test("is let in by a sovereign cloud's directory, where that is configured", async () => {
    const government = { ...version2, iss: `https://login.microsoftonline.us/${TENANT}/v2.0` };
    const auth = gate({ channelService: 'https://botframework.azure.us' });
    expect(await outcome(government, auth)).toBe('ok');
    expect(await outcome(version2, auth)).toBe('401 TokenIssuerRefused');
    expect(await outcome(government)).toBe('401 TokenIssuerRefused');
  });
});

describe('refused is', () => {
  test.each<readonly [string, Record<string, unknown>, string]>([
    ['no role', { ...version2, roles: undefined }, '403 RoleMissing'],
    ['an empty list of roles', { ...version2, roles: [] }, '403 RoleMissing'],
    ['another role', { ...version2, roles: ['Notify'] }, '403 RoleMissing'],
    ['a role in other letters', { ...version2, roles: ['notify.send'] }, '403 RoleMissing'],
    ['a role as a text', { ...version2, roles: 'Notify.Send' }, '403 RoleMissing'],
    ['roles as an object', { ...version2, roles: { 'Notify.Send': true } }, '403 RoleMissing'],
    ['a role within a list', { ...version2, roles: [['Notify.Send']] }, '403 RoleMissing'],
    ['the role as a scope', { ...version2, roles: undefined, scp: 'Notify.Send' }, '403 CallerNotAllowed'],
    ['a user with the role', { ...version2, scp: 'user_impersonation' }, '403 CallerNotAllowed'],
    ['a user with the role and an empty scope', { ...version2, scp: '' }, '403 CallerNotAllowed'],
    ['a user by the kind of token', { ...version2, idtyp: 'user' }, '403 CallerNotAllowed'],
    ['a user by the subject', { ...version2, sub: 'pairwise' }, '403 CallerNotAllowed'],
    ['an id token', { ...version2, azp: undefined, oid: 'user', sub: 'pairwise' }, '403 CallerNotAllowed'],
    ['no subject', { ...version2, oid: undefined, sub: undefined }, '403 CallerNotAllowed'],
    ['an empty subject', { ...version2, oid: '', sub: '' }, '403 CallerNotAllowed'],
    ['a subject that is a list', { ...version2, oid: ['o'], sub: ['o'] }, '403 CallerNotAllowed'],
    ['an application that has proved nothing', { ...version2, azpacr: '0' }, '403 CallerNotAllowed'],
    ['the same, version 1', { ...version1, appidacr: '0' }, '403 CallerNotAllowed'],
    ['no application', { ...version2, azp: undefined }, '403 CallerNotAllowed'],
    ['an empty application', { ...version2, azp: '' }, '403 CallerNotAllowed'],
    ['an application that is a list', { ...version2, azp: [CALLER] }, '403 CallerNotAllowed'],
    ['the application under both names', { ...version2, appid: CALLER }, '403 CallerNotAllowed'],
    ["the application under the other version's name", { ...version2, ver: '1.0' }, '403 CallerNotAllowed'],
    ['no version', { ...version2, ver: undefined }, '403 CallerNotAllowed'],
    ["the bot's own token", { ...version2, azp: BOT }, '403 CallerNotAllowed'],
    ["the bot's own token in other letters", { ...version2, azp: BOT.toUpperCase() }, '403 CallerNotAllowed'],
    [
      "the bot's own outbound token",
      { ...version1, appid: BOT, aud: 'https://api.botframework.com' },
      '401 TokenAudienceRefused',
    ],
    ["a channel's token", { iss: 'https://api.botframework.com' }, '401 TokenIssuerRefused'],
    [
      "a channel's token with roles",
      { ...version2, iss: 'https://api.botframework.com', serviceurl: login.serviceUrl },
      '401 TokenIssuerRefused',
    ],
    [
      'a foreign tenant',
      { ...version2, tid: OTHER_TENANT, iss: `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0` },
      '401 TokenIssuerRefused',
    ],
    ['a foreign tenant in the claim only', { ...version2, tid: OTHER_TENANT }, '403 CallerNotAllowed'],
    ['no tenant', { ...version2, tid: undefined }, '403 CallerNotAllowed'],
    [
      'the common issuer',
      { ...version2, iss: 'https://login.microsoftonline.com/common/v2.0' },
      '401 TokenIssuerRefused',
    ],
    ["the other version's issuer", { ...version2, iss: version1.iss }, '403 CallerNotAllowed'],
    ["the bot's app id as audience", { ...version2, aud: BOT }, '401 TokenAudienceRefused'],
    ['the audience in a list', { ...version2, aud: [API] }, '401 TokenAudienceRefused'],
    ['another audience', { ...version2, aud: 'https://graph.microsoft.com' }, '401 TokenAudienceRefused'],
    ['no audience', { ...version2, aud: undefined }, '401 TokenAudienceRefused'],
    ['a prefix of the audience', { ...version1, aud: `api://${API}/notify` }, '401 TokenAudienceRefused'],
    ['an expired token', { ...version2, exp: 1 }, '401 TokenExpired'],
    ['an early token', { ...version2, nbf: clock.now() / 1000 + 301 }, '401 TokenNotYetValid'],
    ['a token without times', { ...version2, exp: undefined }, '401 TokenClaimRefused'],
  ])('%s', async (_name, claims, expected) => {
    const auth = gate();
    expect(await outcome(claims, auth)).toBe(expected);
    expect(await outcome(version2, auth)).toBe('ok');
  });

  test('no token, and what is none', async () => {
    for (const [authorization, code] of [
      [undefined, 'TokenMissing'],
      ['', 'TokenMissing'],
      ['Bearer x', 'TokenMalformed'],
      [`Bearer ${'a'.repeat(10_000)}.b.c`, 'TokenTooLarge'],
    ] as const) {
      expect(await ask(gate(), authorization)).toMatchObject({ ok: false, status: 401, code });
    }
  });

  test('everybody while there are no keys', async () => {
    const auth = gate({ fetch: () => Promise.reject(new Error('down')) });
    expect(await outcome(version2, auth)).toBe('503 KeysUnavailable');
  });
});

describe('a key of the directory that says whose tokens it signs', () => {
  const signedBy = async (issuer: unknown, claims: Record<string, unknown> = version2): Promise<string> => {
    const key = fakeKey(2048, null);
    const own = new FakeLogin({ appId: API, now: clock.now });
    own.keys = [{ ...key, jwk: { ...key.jwk, issuer } }];
    const result = await ask(gate({ fetch: own.fetch }), own.authorization(claims));
    return result.ok ? 'ok' : `${result.status} ${result.code}`;
  };

  test.each([
    ['https://login.microsoftonline.com/{tenantid}/v2.0'],
    [`https://login.microsoftonline.com/${TENANT}/v2.0`],
    [undefined],
  ])('signs tokens of its tenant: %s', async (issuer) => {
    expect([await signedBy(issuer), await signedBy(issuer, version1)]).toEqual(['ok', 'ok']);
  });

  test.each([
    // The key of the directory of personal accounts is published beside those of the others.
    ['https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0'],
    [`https://login.microsoftonline.com/${OTHER_TENANT}/v2.0`],
    ['https://evil.example/{tenantid}/v2.0'],
    [''],
  ])('signs no token of another: %s', async (issuer) => {
    expect([await signedBy(issuer), await signedBy(issuer, version1)]).toEqual([
      '401 TokenKeyUnknown',
      '401 TokenKeyUnknown',
    ]);
  });
});

test.each<readonly [Partial<AppRoleOptions>, string]>([
  [{ tenantId: 'common' }, 'tenant'],
  [{ tenantId: 'contoso.onmicrosoft.com' }, 'tenant'],
  [{ tenantId: '' }, 'tenant'],
  [{ audiences: [] }, 'audience'],
  [{ audiences: [API, ''] }, 'audience'],
  [{ roles: [] }, 'app role'],
  [{ roles: [' '] }, 'app role'],
  [{ channelService: 'https://cloud.example' }, 'known clouds'],
  [{ directoryMetadataUrl: 'http://keys.example/' }, 'https'],
  [{ directoryMetadataUrl: 'http://127.0.0.1:1/' }, 'https'],
])('it cannot be configured with %p', (options, message) => {
  expect(() => gate(options)).toThrow(
    expect.objectContaining({ code: 'SettingInvalid', message: expect.stringContaining(message) }),
  );
});
