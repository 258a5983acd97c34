import { test } from '@jest/globals';
import type { TurnContext } from '../../src/bot/turn-context';
import type { UserTokenClient } from '../../src/ports/user-token-client';
import { TestAdapter } from '../../src/testing/test-adapter';

/* A bot that asks the client in `turnState`, as in production, gets what the test has given the adapter. */

const clientOf = (context: TurnContext): UserTokenClient => {
  const client = context.turnState.get<UserTokenClient>((context.adapter as TestAdapter).UserTokenClientKey);
  if (client === undefined) throw new Error('There is no client.');
  return client;
};

const bot = async (context: TurnContext): Promise<void> => {
  const client = clientOf(context);
  const { channelId, from, text } = context.activity;
  const say = (value: unknown) => context.sendActivity(JSON.stringify(value) ?? 'nothing');
  switch (text) {
    case 'sign out':
      return client.signOutUser(from.id, 'c', channelId);
    case 'status':
      return void (await say((await client.getTokenStatus(from.id, channelId)).map((each) => each.connectionName)));
    case 'resource':
      return void (await say((await client.getSignInResource('c', context.activity)).signInLink));
    case 'exchange':
      return void (await say((await client.exchangeToken(from.id, 'c', channelId, { token: 'x' }))?.token));
    case 'directory':
      return void (await say(await client.getAadTokens(from.id, 'c', ['https://r.example'], channelId)));
    default:
      await say((await client.getUserToken(from.id, 'c', channelId, text))?.token);
  }
};

test('the client of the turn knows the tokens of the adapter', async () => {
  const adapter = new TestAdapter(bot);
  const { channelId, user } = adapter.conversation;
  adapter.addUserToken('c', channelId, user?.id ?? '', 't', '123456');
  adapter.addExchangeableToken('c', channelId, user?.id ?? '', 'x', 'exchanged');
  await adapter
    .test('get', 'nothing')
    .test('123456', '"t"')
    .test('status', '["c"]')
    .send('sign out')
    .test('get', 'nothing')
    .test('exchange', '"exchanged"')
    .test('directory', '{}')
    .test('resource', `"https://botframeworktestadapter.com/oauthsignin/c/${channelId}/${user?.id}"`)
    .startTest();
});

test('and asks the adapter, whose methods a test may replace', async () => {
  const adapter = new TestAdapter(bot);
  adapter.getUserToken = async (_context, connectionName) => ({ connectionName, token: 'replaced' });
  await adapter.test('get', '"replaced"').startTest();
});
