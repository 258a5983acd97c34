import { describe, expect, test } from '@jest/globals';
import { createInboundAuth } from '../../src/azure/inbound-auth';
import type { Activity } from '../../src/schema/activity';
import type { ErrorCode } from '../../src/schema/errors';
import { FakeLogin } from '../support/fake-login';
import { createManualClock } from '../support/manual-clock';

const APP_ID = '11111111-2222-3333-4444-555555555555';

const clock = createManualClock();
const login = new FakeLogin({ appId: APP_ID, now: clock.now });
const auth = createInboundAuth({ appId: APP_ID, development: false, clock, fetch: login.fetch });
const activity: Activity = {
  type: 'message',
  channelId: 'msteams',
  serviceUrl: login.serviceUrl,
  from: { id: 'user' },
  recipient: { id: 'bot' },
  conversation: { id: 'c' },
  text: 'hello',
};

describe('what a token says against what the activity says', () => {
  const from = (changes: Record<string, unknown>) => ({ ...activity, ...changes }) as Activity;
  const trafficManager = 'https://smba.trafficmanager.net/teams';

  test.each<readonly [string, Record<string, unknown>, Record<string, unknown>, ErrorCode]>([
    ['another service URL', {}, { serviceUrl: 'https://smba.trafficmanager.net/emea/' }, 'ServiceUrlNotClaimed'],
    ['another host', {}, { serviceUrl: 'https://evil.example/teams/' }, 'ServiceUrlNotClaimed'],
    ['no service URL', {}, { serviceUrl: undefined }, 'ServiceUrlNotClaimed'],
    ['an empty service URL', {}, { serviceUrl: '' }, 'ServiceUrlNotClaimed'],
    ['a service URL that is zero', {}, { serviceUrl: 0 }, 'ServiceUrlNotClaimed'],
    ['a service URL that is null', {}, { serviceUrl: null }, 'ServiceUrlNotClaimed'],
    ['a service URL that is a list', {}, { serviceUrl: [login.serviceUrl] }, 'ServiceUrlNotClaimed'],
    ['two slashes', { serviceurl: trafficManager }, { serviceUrl: `${trafficManager}//` }, 'ServiceUrlNotClaimed'],
    ['white space', {}, { serviceUrl: `${login.serviceUrl} ` }, 'ServiceUrlNotClaimed'],
    [
      'an untrusted host in both',
      { serviceurl: 'https://evil.example/' },
      { serviceUrl: 'https://evil.example/' },
      'ServiceUrlNotTrusted',
    ],
    [
      'plain http in both',
      { serviceurl: 'http://smba.trafficmanager.net/teams/' },
      { serviceUrl: 'http://smba.trafficmanager.net/teams/' },
      'ServiceUrlNotTrusted',
    ],
    [
      'a neighbour in Traffic Manager in both',
      { serviceurl: 'https://evil.trafficmanager.net/' },
      { serviceUrl: 'https://evil.trafficmanager.net/' },
      'ServiceUrlNotTrusted',
    ],
    [
      'loopback in both, in production',
      { serviceurl: 'http://127.0.0.1:3978/' },
      { serviceUrl: 'http://127.0.0.1:3978/' },
      'ServiceUrlNotTrusted',
    ],
    ['no address in both', { serviceurl: '/' }, { serviceUrl: '' }, 'ServiceUrlNotTrusted'],
    ['a channel that is not endorsed', {}, { channelId: 'directline' }, 'ChannelNotEndorsed'],
    ['no channel', {}, { channelId: undefined }, 'ChannelNotEndorsed'],
    ['an empty channel', {}, { channelId: '' }, 'ChannelNotEndorsed'],
    ['white space for a channel', {}, { channelId: ' ' }, 'ChannelNotEndorsed'],
    ['a channel that is zero', {}, { channelId: 0 }, 'ChannelNotEndorsed'],
    ['a channel in another case', {}, { channelId: 'MSTeams' }, 'ChannelNotEndorsed'],
    ['a channel that is a list', {}, { channelId: ['msteams'] }, 'ChannelNotEndorsed'],
    ['an inherited name for a channel', {}, { channelId: 'constructor' }, 'ChannelNotEndorsed'],
  ])('%s', async (_name, claimed, said, code) => {
    const caller = await auth.authenticate({ headers: { authorization: login.authorization(claimed) } });
    expect(caller.ok && caller.admit(from(said))).toMatchObject({ ok: false, status: 403, code });
  });

  test.each([
    [trafficManager, `${trafficManager}/`],
    [`${trafficManager}/`, trafficManager],
    [trafficManager, trafficManager],
    [trafficManager, trafficManager.toUpperCase()],
    [trafficManager.replace('teams', 'Teams'), `${trafficManager}/`],
  ])('one trailing slash and letter case make no difference: %s, %s', async (claimed, said) => {
    const caller = await auth.authenticate({
      headers: { authorization: login.authorization({ serviceurl: claimed }) },
    });
    expect(caller.ok && caller.admit(from({ serviceUrl: said }))).toEqual({
      ok: true,
      pinned: { serviceUrl: claimed, callerId: 'urn:botframework:azure', vouched: true },
    });
  });

  test.each([
    [
      'https://botframework.azure.us',
      'https://api.botframework.us',
      'https://smba.infra.gov.teams.microsoft.us/',
      'urn:botframework:azureusgov',
    ],
    [
      'https://botframework.azure.cn',
      'https://api.botframework.azure.cn',
      'https://slack.botframework.azure.cn/',
      undefined,
    ],
  ])('the cloud says who has called: %s', async (channelService, issuer, serviceUrl, callerId) => {
    const cloud = new FakeLogin({ appId: APP_ID, now: clock.now, issuer, serviceUrl });
    const gate = createInboundAuth({ appId: APP_ID, development: false, clock, channelService, fetch: cloud.fetch });
    const caller = await gate.authenticate({ headers: { authorization: cloud.authorization() } });
    expect(caller.ok && caller.admit(from({ serviceUrl, callerId: 'urn:botframework:aadappid:forged' }))).toEqual({
      ok: true,
      pinned: { serviceUrl, vouched: true, ...(callerId === undefined ? {} : { callerId }) },
    });
  });

  const admittedUnder = async (endorsements: unknown, channelId: string) => {
    const other = new FakeLogin({ appId: APP_ID, now: clock.now, endorsements: endorsements as string[] });
    const gate = createInboundAuth({ appId: APP_ID, development: false, clock, fetch: other.fetch });
    const caller = await gate.authenticate({ headers: { authorization: other.authorization() } });
    return caller.ok && caller.admit(from({ channelId }));
  };

  test.each([
    ['without endorsements', null],
    ['with an empty list of endorsements', []],
  ])('a key %s signs for any channel, and vouches for nothing', async (_name, endorsements) => {
    for (const channelId of ['webchat', 'directline', 'msteams']) {
      const pinned = { serviceUrl: login.serviceUrl, callerId: 'urn:botframework:azure' };
      expect(await admittedUnder(endorsements, channelId)).toEqual({ ok: true, pinned });
    }
  });

  test.each([
    ['that are no list', 'msteams'],
    ['without a text', [42]],
    ['with another text', ['msteams ']],
  ])('a key with endorsements %s signs for no channel', async (_name, endorsements) => {
    expect(await admittedUnder(endorsements, 'msteams')).toMatchObject({ ok: false, code: 'ChannelNotEndorsed' });
  });

  test('a channel that does not fill in identity fields itself is not vouched for', async () => {
    const admitted = await admittedUnder(['msteams', 'webchat'], 'webchat');
    expect(admitted).toEqual({
      ok: true,
      pinned: { serviceUrl: login.serviceUrl, callerId: 'urn:botframework:azure' },
    });
  });

  test.each([
    ['the audience', { aud: APP_ID.toUpperCase() }],
    ['the application', { appid: APP_ID.toUpperCase() }],
    ['the authorized party', { azp: APP_ID.toUpperCase() }],
  ])('the letter case of %s does not count', async (_name, claims) => {
    const hex = 'abcdefab-cdef-abcd-efab-cdefabcdefab';
    const [[name, value]] = Object.entries(claims) as [[string, string]];
    const lettered = new FakeLogin({ appId: hex, now: clock.now });
    const gate = createInboundAuth({ appId: hex, development: false, clock, fetch: lettered.fetch });
    const caller = await gate.authenticate({
      headers: {
        authorization: lettered.authorization({ [name]: value.replace(APP_ID.toUpperCase(), hex.toUpperCase()) }),
      },
    });
    expect(caller.ok && caller.admit(activity)).toMatchObject({ ok: true });
  });

  test('an operator can add a host, by exact name and over https', async () => {
    const hosts = new Set(['smba.agents.example']);
    const gate = createInboundAuth({
      appId: APP_ID,
      development: false,
      clock,
      fetch: login.fetch,
      serviceHosts: hosts,
    });
    const at = async (serviceUrl: string) => {
      const caller = await gate.authenticate({
        headers: { authorization: login.authorization({ serviceurl: serviceUrl }) },
      });
      return caller.ok && caller.admit(from({ serviceUrl }));
    };
    expect(await at('https://SMBA.agents.example/teams/')).toMatchObject({ ok: true });
    for (const refused of [
      'http://smba.agents.example/',
      'https://smba.agents.example:8443/',
      'https://x.smba.agents.example/',
      'https://agents.example/',
    ]) {
      expect(await at(refused)).toMatchObject({ ok: false, code: 'ServiceUrlNotTrusted' });
    }
  });

  test('a token of today is refused once it has expired, although it was verified', async () => {
    const patient = createManualClock(clock.now());
    const gate = createInboundAuth({ appId: APP_ID, development: false, clock: patient, fetch: login.fetch });
    const authorization = login.authorization();
    expect(await gate.authenticate({ headers: { authorization } })).toMatchObject({ ok: true });
    await patient.advance((3600 + 299) * 1000);
    expect(await gate.authenticate({ headers: { authorization } })).toMatchObject({ ok: true });
    await patient.advance(1000);
    expect(await gate.authenticate({ headers: { authorization } })).toMatchObject({ ok: false, code: 'TokenExpired' });
  });
});
