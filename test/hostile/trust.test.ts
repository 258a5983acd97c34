import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createProactive } from '../../src/configured';
import { until } from '../e2e/support/runner';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { type FakeKey, fakeKey, listen } from '../support/fake-login';
import { notifyAuthorization } from './rows-notify';
import { APP_ID, TENANT, TokenBench } from './token-bench';
import { World } from './world';

/* Who decides where a notification goes: the channel that vouches, and nobody who only says so. */

const PARENT = '66666666-7777-8888-9999-000000000000';

/** The running app, with channels, a parent bot, the Emulator, and an application that may notify. */
class Trust {
  readonly world = new World();
  readonly directory = new TokenBench(Date.now);
  readonly teams = fakeKey(2048, ['msteams']);
  /** As the keys of Direct Line and Web Chat. */
  readonly silent = fakeKey(2048, null);
  parent!: FakeConnector;
  #stop: () => Promise<void> = async () => undefined;
  #asked = 0;

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.world.login.keys.unshift(this.silent, this.teams);
    this.parent = await startFakeConnector();
    this.#stop = await listen(this.directory.login);
    await this.world.start(
      {},
      {
        TURNWISE_PARENT_BOTS: `${PARENT} ${TENANT} ${this.parent.url}`,
        TURNWISE_EMULATOR: 'on',
        ToBotFromEmulatorOpenIdMetadataUrl: this.directory.login.metadataUrl,
        ...env,
      },
    );
  }

  async stop(): Promise<void> {
    await this.world.stop();
    await this.parent?.close();
    await this.#stop();
  }

  /** Has a channel deliver an activity, signed by one of its keys. */
  async channel(key: FakeKey, changes: Readonly<Record<string, unknown>>): Promise<void> {
    const { login } = this.world;
    await this.#deliver(`Bearer ${login.token({ jti: Math.random() }, { kid: key.kid }, key)}`, changes);
  }

  /** Has a bot of the directory deliver one: a parent bot, or the Emulator under the bot's own id. */
  async bot(appid: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
    const claims = { iss: `https://sts.windows.net/${TENANT}/`, tid: TENANT, ver: '1.0', appid };
    const authorization = this.directory.login.authorization({ ...claims, oid: 'o', sub: 'o', serviceurl: undefined });
    await this.#deliver(authorization, changes);
  }

  async #deliver(authorization: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
    const { conversation, serviceUrl } = changes as { conversation: { id: string }; serviceUrl?: string };
    const answers = serviceUrl === this.parent.url ? this.parent : this.world.connector;
    const before = answers.callsOf(conversation.id).length;
    const body = this.world.activity({ value: [['reply', 'heard']], ...changes });
    const { status, text } = await this.world.send({ body, headers: { authorization } });
    expect(`${status} ${text}`).toMatch(/^200/);
    await answers.until(() => answers.callsOf(conversation.id).length > before);
  }

  /** Has the application notify somebody. Returns the conversation that got it, or the error's code. */
  async notified(to: Readonly<Record<string, string>>): Promise<string> {
    this.#asked += 1;
    const text = `notification ${this.#asked}`;
    const headers = { authorization: notifyAuthorization(this.directory), 'idempotency-key': `n-${this.#asked}` };
    const answer = await this.world.send({ path: '/api/notify', headers, body: { to, text } });
    if (answer.status !== 202) return JSON.parse(answer.text).error.code;
    const [place] = await this.#arrivals(text, 1);
    return String(place);
  }

  /** Broadcasts to a tenant, from a program beside the app. Returns the conversations that got it. */
  async broadcast(tenantId: string): Promise<readonly string[]> {
    this.#asked += 1;
    const text = `broadcast ${this.#asked}`;
    const queue = { AzureWebJobsStorage: this.world.runner.queue };
    const proactive = createProactive({ ...this.world.workspace.env, ...queue });
    try {
      const { id } = await proactive.broadcast({ tenantId }, text);
      await until(async () => (await proactive.progress(id)).state === 'done', 10_000);
      const { posted } = await proactive.progress(id);
      return await this.#arrivals(text, posted);
    } finally {
      await proactive.close();
    }
  }

  async #arrivals(text: string, count: number): Promise<readonly string[]> {
    const { connector } = this.world;
    const places = () =>
      [connector, this.parent]
        .flatMap(({ calls }) => calls)
        .filter(({ body }) => body?.text === text)
        .map(({ conversationId }) => conversationId ?? '');
    // Whoever gets it: a notification that went elsewhere is to be seen, and not waited for.
    await until(() => places().length >= count, 10_000);
    return places().sort();
  }
}

/** A user, a team and a tenant, and how an activity claims to be of them. */
function people(name: string) {
  const user = `${name}-1111-2222-3333-444444444444`;
  const team = `19:${name}@thread.tacv2`;
  const tenant = `tenant-${name}`;
  const identity = {
    from: { id: `29:${name}`, aadObjectId: user },
    channelData: { tenant: { id: tenant }, team: { id: team } },
  };
  return {
    user,
    team,
    tenant,
    id: identity.from.id,
    personal: (id: string) => ({ ...identity, conversation: { id, conversationType: 'personal', tenantId: tenant } }),
    channel: (id: string) => ({ ...identity, conversation: { id, conversationType: 'channel', isGroup: true } }),
  };
}

const trust = new Trust();

/** Forgeries, and what delivers them. Each lets a stranger's conversation claim the user, the tenant and the team. */
const forgeries: readonly (readonly [what: string, from: (t: Trust, changes: object) => Promise<void>])[] = [
  ['a client of Direct Line', (t, changes) => t.channel(t.silent, { channelId: 'directline', ...changes })],
  [
    'a client of Direct Line, by event',
    (t, changes) => t.channel(t.silent, { channelId: 'directline', type: 'event', name: 'x', ...changes }),
  ],
  ['a client of Web Chat', (t, changes) => t.channel(t.silent, { channelId: 'webchat', ...changes })],
  [
    'Teams, under a key that lists no channels',
    (t, changes) => t.channel(t.silent, { channelId: 'msteams', ...changes }),
  ],
  ['a parent bot', (t, changes) => t.bot(PARENT, { channelId: 'msteams', serviceUrl: t.parent.url, ...changes })],
  ['the Emulator', (t, changes) => t.bot(APP_ID, { channelId: 'msteams', ...changes })],
];

describe('without a setting', () => {
  beforeAll(() => trust.start());
  afterAll(() => trust.stop());

  test.each(forgeries)('%s leads no notification anywhere', async (what, from) => {
    const name = what.toLowerCase().replace(/\W+/g, '-');
    const { channel, id, personal, team, tenant, user } = people(name);
    const forge = async () => {
      await from(trust, personal(`forged-${name}`));
      await from(trust, channel(`forged-channel-${name}`));
    };
    await forge();
    expect(await trust.notified({ user })).toBe('RecipientUnknown');
    expect(await trust.notified({ team })).toBe('RecipientUnknown');
    expect(await trust.broadcast(tenant)).toEqual([]);

    // What Teams says is found, whatever others say after it, and before its next message and after that one.
    const check = async () => {
      expect(await trust.notified({ user })).toBe(`teams-${name}`);
      expect(await trust.notified({ user: id, channelId: 'msteams' })).toBe(`teams-${name}`);
      expect(await trust.notified({ team })).toBe(team);
      expect(await trust.broadcast(tenant)).toEqual([team, `teams-${name}`].sort());
    };
    const speak = async () => {
      await trust.channel(trust.teams, { channelId: 'msteams', ...personal(`teams-${name}`) });
      await trust.channel(trust.teams, { channelId: 'msteams', ...channel(team) });
    };
    await speak();
    await forge();
    await check();
    await speak();
    await check();
  });
});

describe('with TURNWISE_VOUCHING_CHANNELS=directline', () => {
  const other = new Trust();
  beforeAll(() => other.start({ TURNWISE_VOUCHING_CHANNELS: 'directline' }));
  afterAll(() => other.stop());

  test('Direct Line is believed, and those who only forward it are not', async () => {
    const { id, personal, tenant, user } = people('named');
    await other.channel(other.silent, { channelId: 'directline', ...personal('vouched') });
    await other.bot(PARENT, { channelId: 'directline', serviceUrl: other.parent.url, ...personal('forwarded') });
    await other.bot(APP_ID, { channelId: 'directline', ...personal('emulated') });
    await other.channel(other.silent, { channelId: 'webchat', ...personal('web-chat') });
    await other.channel(other.silent, { channelId: 'msteams', ...personal('unlisted') });
    expect(await other.notified({ user })).toBe('vouched');
    expect(await other.notified({ user: id, channelId: 'directline' })).toBe('vouched');
    expect(await other.broadcast(tenant)).toEqual(['vouched']);
  });
});
