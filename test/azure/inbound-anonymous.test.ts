import { describe, expect, test } from '@jest/globals';
import { createAnonymousAuth } from '../../src/azure/inbound-anonymous';
import type { Activity } from '../../src/schema/activity';
import type { ErrorCode } from '../../src/schema/errors';

const auth = createAnonymousAuth({ development: true });
const LOCAL = { host: 'localhost:7071', 'content-type': 'application/json', 'user-agent': 'test' };

const outcome = async (headers: Record<string, string | undefined>) => {
  const result = await auth.authenticate({ headers });
  return result.ok ? 'ok' : `${result.status} ${result.code}`;
};

describe('without an app id', () => {
  test('it says what it is', () => {
    expect(auth.mode).toBe('anonymous-loopback');
  });

  test('it is for development only', () => {
    expect(() => createAnonymousAuth({ development: false })).toThrow('MicrosoftAppId is not set');
  });

  test('it is not for bots that have an app id', () => {
    expect(() => createAnonymousAuth({ development: true, appId: 'id' })).toThrow('MicrosoftAppId');
    expect(createAnonymousAuth({ development: true, appId: '' }).mode).toBe('anonymous-loopback');
  });

  test.each(['localhost', 'localhost:7071', 'LOCALHOST:1', '127.0.0.1', '127.0.0.1:7071', '[::1]', '[::1]:7071'])(
    'answers %s',
    async (host) => {
      expect(await outcome({ ...LOCAL, host })).toBe('ok');
    },
  );

  test.each([
    undefined,
    '',
    'bot.example.com',
    'localhost.evil.example',
    'localhost.',
    'evil.example:7071',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    '10.0.0.1:7071',
    '0.0.0.0:7071',
    '169.254.169.254',
    '[::]:7071',
    '[::ffff:127.0.0.1]',
    '::1',
    '2130706433',
    'localhost:7071, evil.example',
    'localhost:port',
    'localhost:7071 ',
    'localhost:123456',
  ])('does not answer the host %p', async (host) => {
    expect(await outcome({ ...LOCAL, host })).toBe('403 NotLocal');
  });

  test.each([
    'forwarded',
    'via',
    'client-ip',
    'x-client-ip',
    'x-real-ip',
    'true-client-ip',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-forwarded-prefix',
    'X-Forwarded-For',
    'x-original-host',
    'x-original-url',
    'x-original-for',
    'x-arr-ssl',
    'x-arr-log-id',
    'x-azure-clientip',
    'x-azure-fdid',
    'x-fd-healthprobe',
    'x-appservice-proto',
    'x-site-deployment-id',
    'x-waws-unencoded-url',
    'x-ms-client-principal',
    'x-ms-original-url',
    'x-ms-forwarded-for',
    'x-ms-gateway-forwarded-for',
    'x-envoy-external-address',
    'cf-connecting-ip',
    'disguised-host',
    'max-forwards',
  ])('does not answer what was forwarded with %s', async (name) => {
    expect(await outcome({ ...LOCAL, [name]: '127.0.0.1' })).toBe('403 NotLocal');
    expect(await outcome({ ...LOCAL, [name]: '' })).toBe('403 NotLocal');
    expect(await outcome({ ...LOCAL, [name]: undefined })).toBe('ok');
  });

  test.each(['x-ms-conversation-id', 'x-ms-client-request-id', 'accept', 'traceparent', 'x-request-id'])(
    'has nothing against %s',
    async (name) => {
      expect(await outcome({ ...LOCAL, [name]: 'x' })).toBe('ok');
    },
  );

  test.each<readonly [string, string]>([
    ['http://localhost:56150', 'ok'],
    ['http://127.0.0.1:3000', 'ok'],
    ['https://[::1]:3000', 'ok'],
    ['https://evil.example', '403 OriginRefused'],
    ['http://localhost.evil.example', '403 OriginRefused'],
    ['http://localhost@evil.example', '403 OriginRefused'],
    ['null', '403 OriginRefused'],
    ['', '403 OriginRefused'],
    ['file://', '403 OriginRefused'],
    ['chrome-extension://abc', '403 OriginRefused'],
  ])('of a page of %p: %s', async (origin, expected) => {
    expect(await outcome({ ...LOCAL, origin })).toBe(expected);
  });

  test('does not take a token that it cannot check', async () => {
    expect(await outcome({ ...LOCAL, authorization: 'Bearer a.b.c' })).toBe('401 TokenNotExpected');
    expect(await outcome({ ...LOCAL, authorization: '' })).toBe('401 TokenNotExpected');
  });

  test.each<readonly [unknown, ErrorCode | 'ok']>([
    ['http://localhost:56150/_connector', 'ok'],
    ['http://127.0.0.1:3978', 'ok'],
    ['http://[::1]:3978/', 'ok'],
    ['https://localhost:3978/', 'ok'],
    ['https://smba.trafficmanager.net/teams/', 'ServiceUrlNotTrusted'],
    ['https://evil.example/', 'ServiceUrlNotTrusted'],
    ['http://10.0.0.1/', 'ServiceUrlNotTrusted'],
    ['http://localhost.evil.example/', 'ServiceUrlNotTrusted'],
    ['http://localhost@evil.example/', 'ServiceUrlNotTrusted'],
    ['', 'ServiceUrlNotTrusted'],
    [undefined, 'ServiceUrlNotTrusted'],
    [0, 'ServiceUrlNotTrusted'],
  ])('replies to %p: %s', async (serviceUrl, expected) => {
    const caller = await auth.authenticate({ headers: LOCAL });
    const admission = caller.ok ? caller.admit({ channelId: 'test', serviceUrl } as Activity) : caller;
    expect(admission.ok ? 'ok' : admission.code).toBe(expected);
  });
});
