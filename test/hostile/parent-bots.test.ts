import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { listen } from '../support/fake-login';
import { APP_ID, TENANT, TokenBench } from './token-bench';
import { SECRET, World } from './world';

/* Bots that call this one as their skill, and the Emulator: only when they are configured, each with what it may do. */

const PARENT = '66666666-7777-8888-9999-000000000000';
const STRANGER = '99999999-7777-8888-9999-000000000000';

/** The directory's login service: another than that of the channels, with keys of its own. */
const directory = new TokenBench(Date.now);
const world = new World();
let parent: FakeConnector;
let stopDirectory: () => Promise<void>;

beforeAll(async () => {
  parent = await startFakeConnector();
  stopDirectory = await listen(directory.login);
  await world.start(
    { deliveryBackoffMs: [200] },
    {
      TURNWISE_PARENT_BOTS: `${PARENT} ${TENANT} ${parent.url}`,
      TURNWISE_EMULATOR: 'on',
      ToBotFromEmulatorOpenIdMetadataUrl: directory.login.metadataUrl,
    },
  );
});

afterAll(async () => {
  await world.stop();
  await parent?.close();
  await stopDirectory?.();
});

const token = (changes: Record<string, unknown> = {}): string =>
  directory.login.authorization({
    iss: `https://sts.windows.net/${TENANT}/`,
    tid: TENANT,
    ver: '1.0',
    appid: PARENT,
    oid: 'object',
    sub: 'object',
    serviceurl: undefined,
    ...changes,
  });

async function post(authorization: string, conversation: string, serviceUrl: string) {
  const value = [['reply', 'hi']];
  const body = world.activity({ channelId: 'msteams', conversation: { id: conversation }, serviceUrl, value });
  const { status, text } = await world.send({ body, headers: { authorization } });
  return `${status} ${status === 200 ? '' : JSON.parse(text).error.code}`.trim();
}

describe('a parent bot', () => {
  test('is answered at its address, with a token of the bot that is for it', async () => {
    expect(await post(token(), 'parent', parent.url)).toBe('200');
    await parent.until(() => parent.callsOf('parent').length === 1);
    expect(parent.calls[0]?.body).toMatchObject({ text: 'hi' });
    const sent = parent.calls[0]?.headers.authorization ?? '';
    expect(sent).toContain(SECRET);
    expect(world.directory.scopes.at(-1)).toContain(`${PARENT}/.default`);
    // Channels get another.
    await world.say('channel', [['reply', 'hi']]);
    await world.channel.texted('channel', 1);
    const other = world.connector.callsOf('channel')[0]?.headers.authorization;
    expect(other).toContain(SECRET);
    expect(other).not.toBe(sent);
  });

  test.each<readonly [string, Record<string, unknown>, string]>([
    ['that is not on the list', { appid: STRANGER }, '403 CallerNotAllowed'],
    ['of another tenant', { tid: STRANGER, iss: `https://sts.windows.net/${STRANGER}/` }, '401 TokenIssuerRefused'],
    ['with a token for another bot', { aud: STRANGER }, '401 TokenAudienceRefused'],
    [
      "with the bot's own outbound token",
      { appid: APP_ID, aud: 'https://api.botframework.com' },
      '401 TokenAudienceRefused',
    ],
    ['with a token of a user', { scp: 'user_impersonation' }, '403 CallerNotAllowed'],
    ['with an expired token', { nbf: 1, exp: 2 }, '401 TokenExpired'],
  ])('%s is refused', async (_what, changes, expected) => {
    expect(await post(token(changes), 'refused', parent.url)).toBe(expected);
    await world.served();
  });

  test('asks for replies nowhere else', async () => {
    expect(await post(token(), 'refused', world.connector.url)).toBe('403 ServiceUrlNotTrusted');
    expect(await post(token(), 'refused', 'https://smba.trafficmanager.net/teams/')).toBe('403 ServiceUrlNotTrusted');
  });

  test("is no channel: a channel's key signs nothing for it, nor its directory's for a channel", async () => {
    const { login } = world;
    const claims = { iss: `https://sts.windows.net/${TENANT}/`, tid: TENANT, ver: '1.0', appid: PARENT };
    expect(await post(login.authorization(claims), 'refused', parent.url)).toBe('401 TokenKeyUnknown');
    const channels = directory.login.authorization({ serviceurl: world.connector.url });
    expect(await post(channels, 'refused', world.connector.url)).toBe('401 TokenKeyUnknown');
  });
});

describe('the Emulator', () => {
  const emulator = (changes: Record<string, unknown> = {}): string => token({ appid: APP_ID, ...changes });

  test('is answered on this machine', async () => {
    expect(await post(emulator(), 'emulator', world.connector.url)).toBe('200');
    await world.connector.until(() => world.connector.callsOf('emulator').length === 1);
  });

  test("is not let in with the bot's own outbound token, nor answered elsewhere", async () => {
    expect(await post(emulator({ aud: 'https://api.botframework.com' }), 'refused', world.connector.url)).toBe(
      '401 TokenAudienceRefused',
    );
    expect(await post(emulator(), 'refused', 'https://smba.trafficmanager.net/teams/')).toBe(
      '403 ServiceUrlNotTrusted',
    );
  });
});
