import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { TEST_KEY } from '../support/cosmos-under-test';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { Channel, post } from './support/channel';
import { endAllRunners, type RunnerProcess, startRunner, until } from './support/runner';
import { Workspace } from './support/workspace';

/* The bot speaks first: for another application, from a turn, and at a time; on every store, over real HTTP and a real queue. */

interface Kind {
  readonly store: string;
  /** Whether it outlives the process. */
  readonly durable: boolean;
}

const KINDS: readonly Kind[] = [
  { store: 'memory', durable: false },
  { store: 'sqlite', durable: true },
  { store: 'cosmos', durable: true },
];

describe.each(KINDS)('on $store', ({ store, durable }) => {
  const workspace = new Workspace();
  let connector: FakeConnector;
  let channel: Channel;
  let gateway: CosmosGateway | undefined;
  let runner: RunnerProcess;
  let keys = 0;

  const start = (): Promise<RunnerProcess> =>
    startRunner('scripted', {
      ...workspace.env,
      TURNWISE_STORE: store,
      E2E_SWEEP: '*/2 * * * * *',
      ...(gateway === undefined ? {} : { COSMOS_ENDPOINT: gateway.endpoint, COSMOS_KEY: TEST_KEY }),
    });

  beforeAll(async () => {
    connector = await startFakeConnector();
    channel = new Channel(connector, store);
    if (store === 'cosmos') gateway = await startCosmosGateway();
    runner = await start();
    // Whoever is spoken to has spoken before.
    for (const conversation of ['a', 'b', 'c']) await channel.script(runner.url, conversation, [['reply', 'hello']]);
    for (const conversation of ['a', 'b', 'c']) await channel.texted(conversation, 1);
  }, 60_000);

  afterAll(async () => {
    await runner?.stop();
    await endAllRunners();
    await Promise.all([connector?.close(), gateway?.close()]);
    await workspace.remove();
  });

  const api = (): string => runner.url.replace(/messages$/, 'notify');

  async function notify(body: object): Promise<{ status: number; id: string; code?: string }> {
    keys += 1;
    const answer = await post(api(), body, { headers: { 'idempotency-key': `${store}-${keys}` } });
    const { id = '', error } = JSON.parse(answer.text) as { id?: string; error?: { code: string } };
    return { status: answer.status, id, ...(error === undefined ? {} : { code: error.code }) };
  }

  const statusOf = async (id: string): Promise<Record<string, unknown>> =>
    JSON.parse((await post(`${api()}/${id}`, '', { method: 'GET', headers: { 'content-type': undefined } })).text);

  test('another application has somebody told something, and learns that it was sent', async () => {
    const { status, id } = await notify({ to: { user: 'user-of-a', channelId: 'test' }, text: 'Build 217 is done.' });
    expect(status).toBe(202);
    expect(await channel.texted('a', 2)).toEqual(['hello', 'Build 217 is done.']);
    await until(async () => (await statusOf(id)).status === 'sent', 10_000);
  });

  test('a turn speaks in another conversation when it commits, and not when it fails', async () => {
    const to = { conversation: 'b', channelId: 'test' };
    await channel.script(runner.url, 'c', [
      ['tell', to, 'once'],
      ['failUntilAttempt', 2],
      ['reply', 'done'],
    ]);
    expect(await channel.texted('c', 2)).toEqual(['hello', 'done']);
    expect(await channel.texted('b', 2)).toEqual(['hello', 'once']);
  });

  test('what is scheduled happens at its time, after a restart too', async () => {
    const at = Date.now() + 4_000;
    const { id } = await notify({ to: { conversation: 'b', channelId: 'test' }, text: 'in time', at: new Date(at) });
    await channel.script(runner.url, 'c', [['remind', 4_000, 'tea']]);
    if (durable) {
      await until(async () => (await statusOf(id)).status === 'scheduled', 5_000);
      await until(() => workspace.journal('end', 'c').length >= 4, 10_000);
      await runner.stop();
      runner = await start();
    }
    expect(await channel.texted('b', 3, 20_000)).toEqual(['hello', 'once', 'in time']);
    expect(await channel.texted('c', 3, 20_000)).toEqual(['hello', 'done', 'event tea']);
    // In the store's time, which an instance knows to within half a second from the answers of Cosmos DB, and exactly elsewhere.
    const early = store === 'cosmos' ? 600 : 0;
    expect(connector.callsOf('b').at(-1)?.at).toBeGreaterThanOrEqual(at - early);
  }, 60_000);

  test('whoever has blocked the bot is not written to again, until they write', async () => {
    connector.onCall(({ conversationId }) => (conversationId === 'a' ? { kind: 'answer', status: 403 } : undefined));
    const to = { conversation: 'a', channelId: 'test' };
    const { id } = await notify({ to, text: 'never' });
    await until(async () => (await statusOf(id)).status === 'failed', 10_000);
    expect(await statusOf(id)).toMatchObject({ code: 'RecipientBlocked' });
    expect(await notify({ to, text: 'never' })).toMatchObject({ status: 409, code: 'RecipientBlocked' });
    connector.onCall(() => undefined);
    await channel.script(runner.url, 'a', [['reply', 'back']]);
    expect(await channel.texted('a', 3)).toEqual(['hello', 'Build 217 is done.', 'back']);
    expect((await notify({ to, text: 'welcome back' })).status).toBe(202);
    expect(await channel.texted('a', 4)).toContain('welcome back');
  });
});
