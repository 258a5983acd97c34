import { describe, expect, test } from '@jest/globals';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import type { ChannelAccount } from '../../src/schema/accounts';
import { ChannelServiceError } from '../../src/schema/channel-service-error';
import type { TeamsChannelAccount } from '../../src/schema/teams-channel-data';
import { TeamsActivityHandler } from '../../src/teams/teams-activity-handler';
import { MemoryTurn } from '../support/memory-turn';
import { incoming } from '../support/run-bot';
import { fakeConnectorClient } from './fake-connector-client';

const METHOD = 'conversations.getConversationMember';

/** Adds members to a team, and returns what the handler was given and which members were looked up. */
async function add(membersAdded: ChannelAccount[], answer: unknown) {
  const given: TeamsChannelAccount[][] = [];
  const bot = new TeamsActivityHandler().onTeamsMembersAddedEvent(async (members, team, context, next) => {
    given.push(members);
    expect(team).toEqual({ id: 'team-1' });
    expect(context.activity.membersAdded).toBe(members);
    await next();
  });
  const client = fakeConnectorClient({ [METHOD]: answer });
  const adapter = new TurnAdapter();
  const activity = { type: 'conversationUpdate', channelId: 'msteams', membersAdded };
  const context = adapter.createContext(incoming({ ...activity, channelData: { team: { id: 'team-1' } } }));
  context.turnState.set(adapter.ConnectorClientKey, client);
  await adapter.run(context, new MemoryTurn(), bot);
  return { given, asked: client.calls.map(([, , member]) => member) };
}

describe('members that were added', () => {
  test('are looked up, in order', async () => {
    const { given, asked } = await add([{ id: 'u' }, { id: 'v' }], { id: 'full', email: 'e' });
    expect(asked).toEqual(['u', 'v']);
    expect(given).toEqual([
      [
        { id: 'full', email: 'e' },
        { id: 'full', email: 'e' },
      ],
    ]);
  });

  test.each(['givenName', 'surname', 'email', 'userPrincipalName'])('are not, if they have a %s', async (name) => {
    const { given, asked } = await add([{ id: 'u', [name]: 'x' }], {});
    expect([given, asked]).toEqual([[[{ id: 'u', [name]: 'x' }]], []]);
  });

  test('are not, if they are the bot', async () => {
    expect(await add([{ id: 'bot-1' }], {})).toEqual({ given: [[{ id: 'bot-1' }]], asked: [] });
  });

  test('stay as they are when they are gone already', async () => {
    const body = { error: { code: 'ConversationNotFound', message: 'gone' } };
    const member = { id: 'u', name: 'U', aadObjectId: 'a' };
    const gone = new ChannelServiceError('404', { statusCode: 404, body });
    expect((await add([member], gone)).given).toEqual([[member]]);
    // As the Bot Framework's own client fails.
    expect((await add([member], Object.assign(new Error('404'), { body }))).given).toEqual([[member]]);
  });

  test('fail the turn when Teams fails, so that it is tried again', async () => {
    for (const error of [new ChannelServiceError('500', { statusCode: 500 }), new Error('odd')]) {
      await expect(add([{ id: 'u' }], error)).rejects.toBe(error);
    }
  });

  test('are not looked up without a handler that wants to know', async () => {
    const adapter = new TurnAdapter();
    const context = adapter.createContext(
      incoming({ type: 'conversationUpdate', channelId: 'msteams', membersAdded: [{ id: 'u' }] }),
    );
    const log: string[] = [];
    const bot = new TeamsActivityHandler().onMembersAdded(async ({ activity }) => {
      log.push(...(activity.membersAdded ?? []).map(({ id }) => id));
    });
    await adapter.run(context, new MemoryTurn(), bot);
    expect(log).toEqual(['u']);
  });
});
