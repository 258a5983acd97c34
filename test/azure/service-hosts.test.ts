import { describe, expect, test } from '@jest/globals';
import { isTrustedServiceUrl, trustedServiceUrl } from '../../src/azure/service-hosts';

const production = { development: false };
const development = { development: true };

const TRUSTED = [
  'https://smba.trafficmanager.net/teams/',
  'https://smba.trafficmanager.net/emea/0f3bcbd5-1e6c-4b9e-a4b5-5e1d3c4a0b11/',
  'https://smba.trafficmanager.net',
  'https://smba.trafficmanager.net:443/amer/',
  'HTTPS://SMBA.TrafficManager.NET/amer/',
  'https://smba.onyx.prod.teams.trafficmanager.net/teams/',
  'https://webchat.botframework.com/',
  'https://directline.botframework.com/',
  'https://europe.directline.botframework.com/',
  'https://slack.botframework.com',
  'https://smba.infra.gcc.teams.microsoft.com/teams',
  'https://canary.botapi.skype.teams.microsoft.com/amer/',
  'https://smba.infra.gov.teams.microsoft.us/gcch/',
  'https://smba.infra.dod.teams.microsoft.us/teams',
  'https://directline.botframework.azure.us/',
  'https://webchat.botframework.azure.cn/',
  'https://frontend.botapi.msg.infra.teams.microsoftonline.cn/',
];

const REFUSED: [why: string, url: unknown][] = [
  ['not a string', undefined],
  ['not a string', 42],
  ['not a string', { toString: () => 'https://smba.trafficmanager.net/' }],
  ['empty', ''],
  ['not an address', 'smba.trafficmanager.net'],
  ['no authority', 'https:smba.trafficmanager.net/'],
  ['no authority', 'https:///smba.trafficmanager.net/'],
  ['plain http', 'http://smba.trafficmanager.net/teams/'],
  ['another scheme', 'ftp://smba.trafficmanager.net/'],
  ['another scheme', 'wss://webchat.botframework.com/'],
  ['another scheme', 'javascript:alert(1)'],
  ['a name that only ends alike', 'https://evil-botframework.com/'],
  ['a name that only ends alike', 'https://evilbotframework.com/'],
  ['a name that only ends alike', 'https://evil-teams.microsoft.com.attacker.net/'],
  ['a name that only starts alike', 'https://smba.trafficmanager.net.evil.com/'],
  ['a name that only starts alike', 'https://webchat.botframework.com.evil.com/'],
  ['a profile anyone can register', 'https://smba-evil.trafficmanager.net/'],
  ['a profile anyone can register', 'https://evil.trafficmanager.net/'],
  ['a profile anyone can register', 'https://teams.trafficmanager.net/'],
  ['below an exact name', 'https://evil.smba.trafficmanager.net/'],
  ['a suffix anyone can register under', 'https://evil.azure.us/'],
  ['a suffix anyone can register under', 'https://evil.azurewebsites.net/'],
  ['another service of the same company', 'https://evil.microsoft.com/'],
  ['the zone itself', 'https://botframework.com/'],
  ['the zone itself', 'https://teams.microsoft.com/'],
  ['user information', 'https://a@smba.trafficmanager.net/'],
  ['user information', 'https://smba.trafficmanager.net@evil.com/'],
  ['user information', 'https://smba.trafficmanager.net:443@evil.com/'],
  ['user information', 'https://a:b@webchat.botframework.com/'],
  ['another port', 'https://smba.trafficmanager.net:8443/'],
  ['another port', 'https://smba.trafficmanager.net:80/'],
  ['no such port', 'https://smba.trafficmanager.net:99999/'],
  ['an absolute name', 'https://smba.trafficmanager.net./'],
  ['an empty label', 'https://a..botframework.com/'],
  ['an empty label', 'https://.botframework.com/'],
  ['a bad label', 'https://-.botframework.com/'],
  ['a bad label', 'https://a_b.botframework.com/'],
  ['a unicode dot', 'https://smba\u3002trafficmanager.net/'],
  ['a unicode letter', 'https://\uff53mba.trafficmanager.net/'],
  ['a unicode host', 'https://smb\u0430.trafficmanager.net/'],
  ['a soft hyphen', 'https://web\u00adchat.botframework.com/'],
  ['a percent-encoded host', 'https://webchat%2ebotframework.com/'],
  ['a tab within', 'https://smba.traffic\tmanager.net/'],
  ['white space around', ' https://smba.trafficmanager.net/'],
  ['white space around', 'https://smba.trafficmanager.net/\n'],
  ['a backslash', 'https://smba.trafficmanager.net\\@evil.com/'],
  ['a backslash', 'https://evil.com\\.botframework.com/'],
  ['a query', 'https://smba.trafficmanager.net/?to=https://evil.com'],
  ['a fragment', 'https://smba.trafficmanager.net/#evil'],
  ['an address of this machine', 'http://127.0.0.1:3978/'],
  ['an address of this machine', 'https://localhost/'],
  ['an IPv6 address', 'https://[::1]/'],
  ['an IPv6 address', 'https://[2001:db8::1]/'],
  ['an IPv4 address', 'https://20.1.2.3/'],
  ['the metadata service', 'http://169.254.169.254/metadata/'],
  ['far too long', `https://smba.trafficmanager.net/${'a'.repeat(3000)}`],
];

describe('the addresses a token may be sent to', () => {
  test.each(TRUSTED)('trusts %s', (url) => {
    expect(isTrustedServiceUrl(url, production)).toBe(true);
    expect(trustedServiceUrl(url, production)?.protocol).toBe('https:');
  });

  test.each(REFUSED)('refuses %s (case %#)', (_why, url) => {
    expect(isTrustedServiceUrl(url, production)).toBe(false);
  });

  test.each([
    'http://localhost:56150/_connector',
    'http://127.0.0.1:3978',
    'http://127.9.9.9:3978/x',
    'http://[::1]:3978/',
    'https://localhost:5000/',
  ])('trusts %s in development only', (url) => {
    expect(isTrustedServiceUrl(url, development)).toBe(true);
    expect(isTrustedServiceUrl(url, production)).toBe(false);
  });

  test.each([
    'http://127.0.0.1.evil.com/',
    'http://localhost.evil.com/',
    'http://localhost./',
    'http://127.1/',
    'http://0x7f.0.0.1/',
    'http://127.0.0.256/',
    'http://2130706433/',
    'http://0.0.0.0:3978/',
    'http://[::ffff:127.0.0.1]/',
    'http://10.0.0.1/',
    'http://a@localhost:3978/',
    'http://smba.trafficmanager.net/',
    'http://evil.com/',
  ])('does not take %s for this machine', (url) => {
    expect(isTrustedServiceUrl(url, development)).toBe(false);
  });
});

test('an address that the operator has set is trusted as it stands, over https', () => {
  const trust = { development: false, configured: 'https://tokens.example:8443/base' };
  expect(isTrustedServiceUrl('https://tokens.example:8443/base', trust)).toBe(true);
  for (const other of ['https://tokens.example/base', 'https://tokens.example:8443/', 'https://evil.example/base']) {
    expect(isTrustedServiceUrl(other, trust)).toBe(false);
  }
  expect(isTrustedServiceUrl('http://tokens.example/', { ...trust, configured: 'http://tokens.example/' })).toBe(false);
});
