import { expect, test } from '@jest/globals';
import type { ConnectorClient } from '../../src/ports/connector-client';
import { botLogic } from '../../src/runtime/bot-logic';
import { TeamsActivityHandler } from '../../src/teams/teams-activity-handler';
import { TeamsInfo } from '../../src/teams/teams-info';
import { MemoryTurn } from '../support/memory-turn';
import { incoming } from '../support/run-bot';
import { fakeConnectorClient } from './fake-connector-client';

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
  await botLogic(bot, [], undefined, clients).run(turn, incoming());
  expect(turn.texts).toEqual(['e']);
  expect(made).toEqual([['https://channel.example/', turn.signal]]);
});
