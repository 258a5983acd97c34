import { describe, expect, test } from '@jest/globals';
import { createInboundAuth, type InboundAuthOptions } from '../../src/azure/inbound-auth';
import { inboundCloud } from '../../src/azure/inbound-clouds';
import { TurnwiseError } from '../../src/schema/errors';
import { FakeLogin } from '../support/fake-login';
import { createManualClock } from '../support/manual-clock';

const APP_ID = '11111111-2222-3333-4444-555555555555';
const clock = createManualClock();

const build = (options: Partial<InboundAuthOptions>) => () =>
  createInboundAuth({ development: false, clock, ...options });

function codeOf(make: () => unknown): string {
  try {
    make();
    return 'built';
  } catch (error) {
    return error instanceof TurnwiseError ? error.code : String(error);
  }
}

describe('which authentication a bot gets', () => {
  test.each<readonly [string, Partial<InboundAuthOptions>, string]>([
    ['no app id in Azure', {}, 'AppIdMissing'],
    ['an empty app id in Azure', { appId: '' }, 'AppIdMissing'],
    ['white space for an app id in Azure', { appId: ' ' }, 'AppIdMissing'],
    ['no app id in Azure, but much else', { tenantId: 't', channelIssuer: 'https://a', skills: [] }, 'AppIdMissing'],
    ['no app id, a developer', { development: true }, 'built'],
    ['an app id', { appId: APP_ID }, 'built'],
    ['an unknown cloud', { appId: APP_ID, channelService: 'https://evil.example' }, 'SettingInvalid'],
    [
      'an unknown cloud, half described',
      { appId: APP_ID, channelService: 'x', channelIssuer: 'https://i' },
      'SettingInvalid',
    ],
    [
      'an unknown cloud, described',
      { appId: APP_ID, channelService: 'x', channelIssuer: 'https://i', channelMetadataUrl: 'https://m/d' },
      'built',
    ],
    [
      'an unknown cloud, described, with skills',
      {
        appId: APP_ID,
        channelService: 'x',
        channelIssuer: 'https://i',
        channelMetadataUrl: 'https://m/d',
        skills: [{ appId: 'a', tenantId: '99999999-bbbb-cccc-dddd-eeeeeeeeeeee', serviceUrl: 'https://p.example' }],
      },
      'SettingInvalid',
    ],
    ['keys by plain http', { appId: APP_ID, channelMetadataUrl: 'http://login.botframework.com/x' }, 'SettingInvalid'],
    ['keys from loopback in Azure', { appId: APP_ID, channelMetadataUrl: 'http://127.0.0.1:1/x' }, 'SettingInvalid'],
    ['keys from a file', { appId: APP_ID, channelMetadataUrl: 'file:///etc/keys' }, 'SettingInvalid'],
    ['keys from nowhere', { appId: APP_ID, channelMetadataUrl: 'keys' }, 'SettingInvalid'],
    [
      'keys by plain http for a developer',
      { appId: APP_ID, development: true, channelMetadataUrl: 'http://10.0.0.1/x' },
      'SettingInvalid',
    ],
    [
      'keys from loopback for a developer',
      { appId: APP_ID, development: true, channelMetadataUrl: 'http://127.0.0.1:1/x' },
      'built',
    ],
  ])('%s', (_name, options, expected) => {
    expect(codeOf(build(options))).toBe(expected);
  });

  test('a developer with an app id is authenticated like everybody else', () => {
    expect(build({ appId: APP_ID, development: true })().mode).toBe('bot-service');
    expect(build({ development: true })().mode).toBe('anonymous-loopback');
  });

  test.each<readonly [string, Partial<InboundAuthOptions>, string, string]>([
    ['public', {}, 'https://api.botframework.com', 'login.botframework.com'],
    [
      'US Government',
      { channelService: 'https://botframework.azure.us' },
      'https://api.botframework.us',
      'login.botframework.azure.us',
    ],
    [
      'US Government, with a slash',
      { channelService: 'https://botframework.azure.us/' },
      'https://api.botframework.us',
      'login.botframework.azure.us',
    ],
    [
      'China',
      { channelService: 'https://botframework.azure.cn' },
      'https://api.botframework.azure.cn',
      'login.botframework.azure.cn',
    ],
    [
      'one of its own',
      {
        channelService: 'x',
        channelIssuer: 'https://issuer.example',
        channelMetadataUrl: 'https://keys.example/v1/openid',
      },
      'https://issuer.example',
      'keys.example',
    ],
    [
      'public, keys from elsewhere',
      { channelMetadataUrl: 'https://keys.example/v1/openid' },
      'https://api.botframework.com',
      'keys.example',
    ],
  ])('listens to its cloud: %s', async (_name, options, issuer, host) => {
    const login = new FakeLogin({ appId: APP_ID, issuer, now: clock.now });
    const stranger =
      issuer === 'https://api.botframework.com' ? 'https://api.botframework.us' : 'https://api.botframework.com';
    const asked: string[] = [];
    const auth = build({
      ...options,
      appId: APP_ID,
      fetch: (url, init) => {
        asked.push(new URL(url).host);
        login.metadataUrl = asked.length === 1 ? url : login.metadataUrl;
        return login.fetch(url, init);
      },
    })();
    const status = async (iss: string) => {
      const result = await auth.authenticate({ headers: { authorization: login.authorization({ iss }) } });
      return result.ok ? 'ok' : result.code;
    };
    expect(await status(stranger)).toBe('TokenIssuerRefused');
    expect(await status(issuer)).toBe('ok');
    expect(asked).toEqual([host, host]);
  });

  test('whatever goes wrong inside, nobody gets in and nothing is thrown', async () => {
    const login = new FakeLogin({ appId: APP_ID });
    const broken = { ...clock, now: () => JSON.parse('broken') };
    const auth = createInboundAuth({ appId: APP_ID, development: false, clock: broken, fetch: login.fetch });
    expect(await auth.authenticate({ headers: { authorization: login.authorization() } })).toMatchObject({
      ok: false,
      status: 503,
      code: 'AuthenticationFailed',
    });
  });

  test('there are three clouds', () => {
    expect(inboundCloud('https://botframework.azure.de')).toBeUndefined();
    expect(inboundCloud('toString')).toBeUndefined();
  });
});
