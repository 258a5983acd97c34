import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Azurite, startAzurite } from '../support/azurite';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { TEST_KEY } from '../support/cosmos-under-test';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { Channel } from './support/channel';
import { endAllRunners, type RunnerProcess, startRunner, until } from './support/runner';
import { Workspace } from './support/workspace';

/* The main path and its counters on each of the stores, as the settings name them: through HTTP, a real queue and a Bot Connector. */

let connector: FakeConnector;
let azurite: Azurite;
let gateway: CosmosGateway;
const workspaces: Workspace[] = [];

beforeAll(async () => {
  [connector, azurite, gateway] = await Promise.all([startFakeConnector(), startAzurite(), startCosmosGateway()]);
});

afterAll(async () => {
  await endAllRunners();
  await Promise.all([connector?.close(), azurite?.stop(), gateway?.close()]);
  await Promise.all(workspaces.map((made) => made.remove()));
});

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe.each(['memory', 'sqlite', 'cosmos'] as const)('on the store %s', (store) => {
  let runner: RunnerProcess;
  let channel: Channel;

  beforeAll(async () => {
    const workspace = new Workspace();
    workspaces.push(workspace);
    channel = new Channel(connector, store);
    runner = await startRunner('scripted', {
      ...workspace.env,
      TURNWISE_STORE: store,
      ...(store === 'cosmos' ? { COSMOS_ENDPOINT: gateway.endpoint, COSMOS_KEY: TEST_KEY } : {}),
      AzureWebJobsStorage: azurite.connectionString,
    });
  });
  afterAll(async () => {
    expect(await runner.stop()).toBe(0);
  });

  const name = (conversation: string): string => `${store}-${conversation}`;

  async function answered(conversation: string, count: number): Promise<string[]> {
    await until(() => channel.texts(name(conversation)).length >= count, 60_000);
    return channel.texts(name(conversation)).map(String);
  }

  test('every conversation gets its replies, in order, no more and no fewer', async () => {
    const conversations = ['a', 'b', 'c'];
    await Promise.all(
      conversations.map(async (conversation) => {
        for (const n of upTo(8)) {
          await channel.script(runner.url, name(conversation), [['count'], ['reply', `message ${n}`]]);
        }
      }),
    );
    const expected = upTo(8).flatMap((n) => [String(n), `message ${n}`]);
    for (const conversation of conversations) expect(await answered(conversation, 16)).toEqual(expected);
  });

  test('twenty messages at once into one conversation are counted one by one', async () => {
    await Promise.all(upTo(20).map(() => channel.script(runner.url, name('crowd'), [['count']])));
    expect(await answered('crowd', 20)).toEqual(upTo(20).map(String));
  });

  test('one user in ten conversations at once is counted exactly', async () => {
    const from = { id: 'the-same-user' };
    const conversations = upTo(10).map((n) => `user-${n}`);
    const steps = [['countUser'], ['count']] as const;
    await Promise.all(
      conversations.flatMap((conversation) =>
        upTo(3).map(() => channel.script(runner.url, name(conversation), steps, { from })),
      ),
    );
    for (const conversation of conversations) expect(await answered(conversation, 3)).toEqual(['1', '2', '3']);
    await channel.script(runner.url, name('asked'), [['tellUserCount']], { from });
    expect(await answered('asked', 1)).toEqual(['user 30']);
  });
});
