import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../e2e/support/runner';
import { type FakeKey, fakeKey } from '../support/fake-login';
import { realSizedKeys } from '../support/key-sets';
import { World } from './world';

/* The key set of Bot Service as it is: about a megabyte, and a third of the keys list no channels. */

const USER = 'aaaaaaaa-1111-2222-3333-444444444444';
const TEAM = '19:team@thread.tacv2';

const world = new World();
const teams = fakeKey(2048, ['msteams', 'skype', 'test']);
const silent = fakeKey(2048, null);
const others = fakeKey(2048, ['slack', 'telegram']);

beforeAll(async () => {
  const { login } = world;
  login.others = realSizedKeys(297);
  login.keys.unshift(silent, others, teams);
  expect(JSON.stringify(login.others).length).toBeGreaterThan(870_000);
  await world.start();
});

afterAll(() => world.stop());

async function post(key: FakeKey, changes: Readonly<Record<string, unknown>>): Promise<string> {
  const { login } = world;
  const authorization = `Bearer ${login.token({ jti: Math.random() }, { kid: key.kid }, key)}`;
  const body = world.activity({ value: [['reply', 'hello']], ...changes });
  const { status, text } = await world.send({ body, headers: { authorization } });
  return status === 200 ? '200' : `${status} ${JSON.parse(text).error.code}`;
}

const answered = (conversation: string): Promise<unknown> => world.channel.texted(conversation, 1);

test.each([
  ['Teams', teams, 'msteams'],
  ['Web Chat', silent, 'webchat'],
  ['Direct Line', silent, 'directline'],
] as const)('%s is served', async (_name, key, channelId) => {
  expect(await post(key, { channelId, conversation: { id: `c-${channelId}` } })).toBe('200');
  await answered(`c-${channelId}`);
});

test('a key that endorses other channels is refused', async () => {
  expect(await post(others, { channelId: 'msteams', conversation: { id: 'refused' } })).toBe('403 ChannelNotEndorsed');
});

test('the keys are asked for once, while the host starts and before any message', async () => {
  const { login } = world;
  expect(login.requests).toEqual({ metadata: 1, keys: 1 });
  await world.runner.stop();
  await world.restart();
  await until(() => login.requests.keys === 2, 10_000);
  expect(await post(teams, { channelId: 'msteams', conversation: { id: 'restarted' } })).toBe('200');
  await answered('restarted');
  expect(login.requests).toEqual({ metadata: 2, keys: 2 });
});

describe('nobody is found by what a client wrote', () => {
  const identity = {
    from: { id: 'u1', aadObjectId: USER },
    channelData: { tenant: { id: 'tenant-1' }, team: { id: TEAM } },
  };
  const personal = { ...identity, conversation: { id: 'p', conversationType: 'personal', tenantId: 'tenant-1' } };
  const channel = { ...identity, conversation: { id: TEAM, conversationType: 'channel', isGroup: true } };
  const { references } = world.workspace.store;

  async function found(): Promise<readonly (string | undefined)[]> {
    const [byEntraId, byTeam] = await Promise.all([references.ofUser({ entraId: USER }), references.ofTeam(TEAM)]);
    const inTenant: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await references.page({ tenantId: 'tenant-1' }, cursor, 100);
      inTenant.push(...page.references.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== undefined);
    return [byEntraId?.id, byTeam?.id, ...inTenant];
  }

  test.each(['directline', 'webchat', 'msteams'])('on %s, under a key without endorsements', async (channelId) => {
    const at = (id: string) => ({ id: `${channelId}-${id}` });
    expect(await post(silent, { channelId, ...personal, conversation: { ...personal.conversation, ...at('p') } })).toBe(
      '200',
    );
    expect(await post(silent, { channelId, ...channel, conversation: { ...channel.conversation, ...at('t') } })).toBe(
      '200',
    );
    await answered(`${channelId}-p`);
    await answered(`${channelId}-t`);
    expect(await found()).toEqual([undefined, undefined]);
  });

  test('but by what Teams vouches for, and a stranger moves no pointer', async () => {
    expect(await post(teams, { channelId: 'msteams', ...personal })).toBe('200');
    expect(await post(teams, { channelId: 'msteams', ...channel })).toBe('200');
    await answered('p');
    await answered(TEAM);
    const right = await found();
    expect(right.slice(0, 2)).toEqual(['msteams/p', `msteams/${encodeURIComponent(TEAM)}`]);
    for (const channelId of ['directline', 'msteams']) {
      const conversation = { ...personal.conversation, id: `forged-${channelId}` };
      expect(await post(silent, { channelId, ...personal, conversation })).toBe('200');
      await answered(conversation.id);
    }
    expect((await found()).slice(0, 2)).toEqual(right.slice(0, 2));
    expect(new Set(await found())).toEqual(new Set(right));
  });
});
