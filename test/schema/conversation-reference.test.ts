import { describe, expect, test } from '@jest/globals';
import { TurnContext } from '../../src/bot/turn-context';
import type { Activity } from '../../src/schema/activity';
import { incoming } from '../support/run-bot';

const reference = {
  activityId: 'a-1',
  user: { id: 'user-1', name: 'User' },
  bot: { id: 'bot-1', name: 'Bot' },
  conversation: { id: 'c-1' },
  channelId: 'test',
  locale: 'de-DE',
  serviceUrl: 'https://channel.example/',
};

describe('getConversationReference', () => {
  test('names everything it takes to answer', () => {
    expect(TurnContext.getConversationReference(incoming({ locale: 'de-DE' }))).toEqual(reference);
  });

  test('is a copy', () => {
    const activity = incoming();
    const made = TurnContext.getConversationReference(activity);
    if (made.conversation !== undefined) made.conversation.id = 'changed';
    if (made.user !== undefined) made.user.id = 'changed';
    expect(activity).toEqual(incoming());
  });

  test.each([
    ['conversationUpdate', 'directline', undefined],
    ['conversationUpdate', 'webchat', undefined],
    ['conversationUpdate', 'msteams', 'a-1'],
    ['message', 'directline', 'a-1'],
  ])('a %s on %s is replied to as %s', (type, channelId, activityId) => {
    expect(TurnContext.getConversationReference(incoming({ type, channelId })).activityId).toBe(activityId);
  });

  test('that of a reply points at the reply', () => {
    expect(TurnContext.getReplyConversationReference(incoming({ locale: 'de-DE' }), { id: 'r-1' })).toEqual({
      ...reference,
      activityId: 'r-1',
    });
  });
});

describe('applyConversationReference', () => {
  test('addresses a reply: sender and recipient change places', () => {
    const activity: Partial<Activity> = { type: 'message', text: 'x' };
    const applied = TurnContext.applyConversationReference(activity, reference);
    expect(applied).toBe(activity);
    expect(applied).toEqual({
      type: 'message',
      text: 'x',
      channelId: 'test',
      serviceUrl: 'https://channel.example/',
      conversation: { id: 'c-1' },
      from: reference.bot,
      recipient: reference.user,
      replyToId: 'a-1',
      locale: 'de-DE',
    });
  });

  test('addresses an incoming activity', () => {
    const applied = TurnContext.applyConversationReference({ type: 'event', id: 'old' }, reference, true);
    expect(applied).toMatchObject({ from: reference.user, recipient: reference.bot, id: 'a-1' });
    expect(applied).not.toHaveProperty('replyToId');
  });

  test('overwrites channel, service URL and conversation, and the locale only when unset', () => {
    const applied = TurnContext.applyConversationReference(
      { channelId: 'x', serviceUrl: 'y', conversation: { id: 'z' }, locale: 'fr-FR', replyToId: 'r' },
      reference,
    );
    expect(applied).toMatchObject({
      channelId: 'test',
      serviceUrl: 'https://channel.example/',
      conversation: { id: 'c-1' },
      locale: 'fr-FR',
      replyToId: 'a-1',
    });
  });

  test('what the reference does not name is gone, except the ids', () => {
    const applied = TurnContext.applyConversationReference(incoming({ replyToId: 'r' }), {});
    expect(applied).toEqual({ type: 'message', id: 'a-1', text: 'hello', replyToId: 'r' });
  });
});
