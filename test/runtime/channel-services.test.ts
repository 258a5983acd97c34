import { expect, test } from '@jest/globals';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import type { TurnContext } from '../../src/bot/turn-context';
import type { ConnectorClient } from '../../src/ports/connector-client';
import type { UserTokenClient } from '../../src/ports/user-token-client';
import { botLogic } from '../../src/runtime/bot-logic';
import { TeamsActivityHandler } from '../../src/teams/teams-activity-handler';
import { TeamsInfo } from '../../src/teams/teams-info';
import { MemoryTurn } from '../support/memory-turn';
import { incoming } from '../support/run-bot';
import { fakeConnectorClient } from '../teams/fake-connector-client';

test('every turn has a client for the service that its activity came from, which ends with the turn', async () => {
  const client = fakeConnectorClient({ 'conversations.getConversationMember': { id: 'u', email: 'e' } });
  const made: [serviceUrl: string, signal: AbortSignal | undefined][] = [];
  const clients = {
    client(serviceUrl: string, signal?: AbortSignal): ConnectorClient {
      made.push([serviceUrl, signal]);
      return client;
    },
  };
  const bot = new TeamsActivityHandler().onMessage(async (context, next) => {
    const { email } = await TeamsInfo.getMember(context, 'u');
    await context.sendActivity(`${email}`);
    await next();
  });
  const turn = new MemoryTurn();
  await botLogic(bot, [], undefined, { connectorClients: clients }).run(turn, incoming());
  expect(turn.texts).toEqual(['e']);
  expect(made).toEqual([['https://channel.example/', turn.signal]]);
});

test('and who the bot is, clients for other services, and one for the tokens of users', async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const made: string[] = [];
  const tokens = {} as UserTokenClient;
  const services = {
    connectorClients: {
      client(serviceUrl: string): ConnectorClient {
        made.push(serviceUrl);
        return fakeConnectorClient({});
      },
    },
    userTokenClients: {
      client(signal?: AbortSignal): UserTokenClient {
        signals.push(signal);
        return tokens;
      },
    },
    appId: 'app-1',
    audience: 'https://api.botframework.com',
  };
  const adapter = new TurnAdapter();
  const turn = new MemoryTurn();
  const bot = async ({ turnState }: TurnContext): Promise<void> => {
    expect(turnState.get(adapter.UserTokenClientKey)).toBe(tokens);
    expect(turnState.get(adapter.OAuthScopeKey)).toBe('https://api.botframework.com');
    const identity = turnState.get<{ getClaimValue(type: string): string | null }>(adapter.BotIdentityKey);
    expect(identity).toMatchObject({ isAuthenticated: true, claims: [{ type: 'aud', value: 'app-1' }] });
    expect([identity?.getClaimValue('aud'), identity?.getClaimValue('ver')]).toEqual(['app-1', null]);
    await turnState
      .get<{ create(serviceUrl: string): Promise<ConnectorClient> }>(adapter.ConnectorFactoryKey)
      ?.create('https://other.example/');
  };
  await botLogic(bot, [], undefined, services, adapter).run(turn, incoming());
  expect(signals).toEqual([turn.signal]);
  expect(made).toEqual(['https://channel.example/', 'https://other.example/']);
});
