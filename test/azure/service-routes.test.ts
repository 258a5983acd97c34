import { expect, test } from '@jest/globals';
import { type ServiceRouting, serviceRoute } from '../../src/azure/service-routes';
import type { TokenSource } from '../../src/azure/token-source';

const tokensOf = (name: string): TokenSource => ({ token: async () => name, invalidate: () => undefined });

const PARENT = 'https://parent.example/api/skills/';
const routing: ServiceRouting = {
  tokens: tokensOf('for channels'),
  trust: { development: false },
  parents: [
    { serviceUrl: PARENT, tokens: tokensOf('for the parent') },
    { serviceUrl: 'https://other.example/', tokens: tokensOf('for the other') },
  ],
};

test.each([
  ['https://smba.trafficmanager.net/teams/', 'for channels'],
  [PARENT, 'for the parent'],
  [PARENT.replace(/\/$/, ''), 'for the parent'],
  [PARENT.toUpperCase(), 'for the parent'],
  ['https://other.example', 'for the other'],
])('%s gets the token %s', async (serviceUrl, token) => {
  expect(await serviceRoute(serviceUrl, routing)?.tokens?.token()).toBe(token);
});

test.each([
  'https://parent.example/',
  'https://parent.example/api/skills/../elsewhere',
  'https://parent.example/api/skills/?x',
  'https://parent.example.evil.example/api/skills/',
  'http://parent.example/api/skills/',
  `${PARENT}/`,
  'https://evil.example/',
  '',
  undefined,
])('%s gets no token, and no call', (serviceUrl) => {
  expect(serviceRoute(serviceUrl, routing)).toBeUndefined();
});

test('without parents there are channels alone', () => {
  expect(serviceRoute(PARENT, { tokens: undefined, trust: { development: false } })).toBeUndefined();
});
