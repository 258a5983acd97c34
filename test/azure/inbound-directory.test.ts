import { describe, expect, test } from '@jest/globals';
import { createInboundAuth, type InboundAuthOptions } from '../../src/azure/inbound-auth';
import type { Activity } from '../../src/schema/activity';
import { FakeLogin } from '../support/fake-login';
import { createManualClock } from '../support/manual-clock';

const APP_ID = '11111111-2222-3333-4444-555555555555';
const PARENT = '66666666-7777-8888-9999-000000000000';
const TENANT = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const OTHER_TENANT = '99999999-bbbb-cccc-dddd-eeeeeeeeeeee';
const PARENT_URL = 'https://parent.example.com/api/skills';

const clock = createManualClock();
/** One login service stands for both: the tokens tell them apart. */
const login = new FakeLogin({ appId: APP_ID, now: clock.now });
const gate = (options: Partial<InboundAuthOptions> = {}) =>
  createInboundAuth({ appId: APP_ID, tenantId: TENANT, development: false, clock, fetch: login.fetch, ...options });

const version1 = {
  iss: `https://sts.windows.net/${TENANT}/`,
  tid: TENANT,
  ver: '1.0',
  appid: PARENT,
  oid: 'o',
  sub: 'o',
  serviceurl: undefined,
};
const version2 = {
  iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
  tid: TENANT,
  ver: '2.0',
  azp: PARENT,
  serviceurl: undefined,
};

async function outcome(
  auth: ReturnType<typeof gate>,
  claims: Record<string, unknown>,
  serviceUrl: unknown = PARENT_URL,
) {
  const caller = await auth.authenticate({ headers: { authorization: login.authorization(claims) } });
  const result = caller.ok ? caller.admit({ channelId: 'msteams', serviceUrl } as Activity) : caller;
  return result.ok ? 'ok' : `${result.status} ${result.code}`;
}

describe('a bot that calls this one as its skill', () => {
  const withSkill = gate({ skills: [{ appId: PARENT, tenantId: TENANT, serviceUrl: PARENT_URL }] });

  test.each([
    ['version 1', version1],
    ['version 2', version2],
  ])('is let in with a token of %s when it is configured, and only then', async (_name, claims) => {
    expect(await outcome(withSkill, claims)).toBe('ok');
    expect(await outcome(gate(), claims)).toBe('401 TokenIssuerRefused');
    expect(await outcome(gate({ development: true, allowEmulator: true }), claims)).toBe('403 CallerNotAllowed');
  });

  test.each<readonly [string, Record<string, unknown>, string]>([
    ['another application', { ...version1, appid: 'other' }, '403 CallerNotAllowed'],
    ['no application', { ...version1, appid: undefined }, '403 CallerNotAllowed'],
    ['an application that is a list', { ...version1, appid: [PARENT] }, '403 CallerNotAllowed'],
    [
      'the application under the name of the other version',
      { ...version1, appid: undefined, azp: PARENT },
      '403 CallerNotAllowed',
    ],
    ['the application under both names', { ...version1, azp: PARENT }, '403 CallerNotAllowed'],
    ['both names, version 2', { ...version2, appid: PARENT }, '403 CallerNotAllowed'],
    ['no version', { ...version1, ver: undefined }, '403 CallerNotAllowed'],
    ['another version', { ...version1, ver: '3.0' }, '403 CallerNotAllowed'],
    ['a version that is a number', { ...version1, ver: 1 }, '403 CallerNotAllowed'],
    ['the other version', { ...version1, ver: '2.0', appid: undefined, azp: PARENT }, '403 CallerNotAllowed'],
    [
      'a foreign tenant',
      { ...version1, iss: `https://sts.windows.net/${OTHER_TENANT}/`, tid: OTHER_TENANT },
      '401 TokenIssuerRefused',
    ],
    ['a foreign tenant in the claim only', { ...version1, tid: OTHER_TENANT }, '403 CallerNotAllowed'],
    [
      'a foreign tenant in the issuer only',
      { ...version1, iss: `https://sts.windows.net/${OTHER_TENANT}/` },
      '401 TokenIssuerRefused',
    ],
    ['no tenant', { ...version1, tid: undefined }, '403 CallerNotAllowed'],
    ['another audience', { ...version1, aud: 'other' }, '401 TokenAudienceRefused'],
    ['the connector as audience', { ...version1, aud: 'https://api.botframework.com' }, '401 TokenAudienceRefused'],
    ["a user's token", { ...version1, scp: 'user_impersonation' }, '403 CallerNotAllowed'],
    ["a user's token by its kind", { ...version2, idtyp: 'user' }, '403 CallerNotAllowed'],
    ["a user's token by its subject", { ...version1, sub: 'p' }, '403 CallerNotAllowed'],
    ["the bot's own token", { ...version1, appid: APP_ID }, '403 CallerNotAllowed'],
    [
      "the bot's own outbound token",
      { ...version1, appid: APP_ID, aud: 'https://api.botframework.com' },
      '401 TokenAudienceRefused',
    ],
    ['the anonymous skill', { ...version1, appid: 'AnonymousSkill' }, '403 CallerNotAllowed'],
    ['expired', { ...version1, exp: 1 }, '401 TokenExpired'],
  ])('is refused: %s', async (_name, claims, expected) => {
    expect(await outcome(withSkill, claims)).toBe(expected);
  });

  test.each<readonly [unknown, string]>([
    [`${PARENT_URL}/`, 'ok'],
    ['https://evil.example.com/api/skills', '403 ServiceUrlNotTrusted'],
    ['https://smba.trafficmanager.net/teams/', '403 ServiceUrlNotTrusted'],
    ['', '403 ServiceUrlNotTrusted'],
    [null, '403 ServiceUrlNotTrusted'],
  ])('may have replies sent to %p: %s', async (serviceUrl, expected) => {
    expect(await outcome(withSkill, version1, serviceUrl)).toBe(expected);
  });

  test('is known to the bot by what its token says, and gets its replies at the address that it is configured with', async () => {
    const caller = await withSkill.authenticate({ headers: { authorization: login.authorization(version1) } });
    const said = { channelId: 'msteams', serviceUrl: `${PARENT_URL}/`, callerId: 'urn:botframework:azure' } as Activity;
    expect(caller.ok && caller.admit(said)).toEqual({
      ok: true,
      pinned: { serviceUrl: PARENT_URL, callerId: `urn:botframework:aadappid:${PARENT}` },
    });
  });

  test('leaves channels what they were', async () => {
    expect(await outcome(withSkill, {}, login.serviceUrl)).toBe('ok');
    expect(await outcome(withSkill, { ...version1, iss: login.issuer, serviceurl: login.serviceUrl })).toBe(
      '403 CallerNotAllowed',
    );
  });

  test.each([
    [{ appId: APP_ID, tenantId: TENANT, serviceUrl: PARENT_URL }, "bot's own"],
    [{ appId: '', tenantId: TENANT, serviceUrl: PARENT_URL }, "bot's own"],
    [{ appId: PARENT, tenantId: 'common', serviceUrl: PARENT_URL }, 'tenant'],
    [{ appId: PARENT, tenantId: TENANT, serviceUrl: 'http://parent.example.com' }, 'https'],
    [{ appId: PARENT, tenantId: TENANT, serviceUrl: 'http://localhost:3978' }, 'https'],
    [{ appId: PARENT, tenantId: TENANT, serviceUrl: '' }, 'https'],
  ])('cannot be configured as %p', (skill, message) => {
    expect(() => gate({ skills: [skill] })).toThrow(message);
  });
});

describe('the Emulator', () => {
  const own = { ...version1, appid: APP_ID };
  const LOCAL_URL = 'http://localhost:51234';
  const auth = gate({ development: true, allowEmulator: true });

  test('is let in when that is configured, and only then', async () => {
    expect(await outcome(auth, own, LOCAL_URL)).toBe('ok');
    expect(await outcome(auth, { ...version2, azp: APP_ID }, LOCAL_URL)).toBe('ok');
    expect(await outcome(gate({ development: true }), own, LOCAL_URL)).toBe('401 TokenIssuerRefused');
  });

  test('is for development only', () => {
    expect(() => gate({ allowEmulator: true })).toThrow('development only');
  });

  test('comes from the tenant of the bot, or the common one of bots that have none', async () => {
    const common = 'd6d49420-f39b-4df7-a1dc-d59a935871db';
    const claims = { ...own, iss: `https://sts.windows.net/${common}/`, tid: common };
    expect(await outcome(auth, claims, LOCAL_URL)).toBe('401 TokenIssuerRefused');
    expect(await outcome(gate({ development: true, allowEmulator: true, tenantId: '' }), claims, LOCAL_URL)).toBe('ok');
  });

  test.each<readonly [string, Record<string, unknown>, unknown, string]>([
    [
      "the bot's own outbound token",
      { ...own, aud: 'https://api.botframework.com' },
      LOCAL_URL,
      '401 TokenAudienceRefused',
    ],
    ['another application', { ...own, appid: PARENT }, LOCAL_URL, '403 CallerNotAllowed'],
    ["a user's token", { ...own, scp: 'x' }, LOCAL_URL, '403 CallerNotAllowed'],
    ['replies to elsewhere', own, 'https://evil.example/', '403 ServiceUrlNotTrusted'],
    ['replies to a channel', own, 'https://smba.trafficmanager.net/teams/', '403 ServiceUrlNotTrusted'],
    ['no address for replies', own, null, '403 ServiceUrlNotTrusted'],
  ])('is refused: %s', async (_name, claims, serviceUrl, expected) => {
    expect(await outcome(auth, claims, serviceUrl)).toBe(expected);
  });
});
