import { ActivityHandler, ConversationState, createBotApp } from '../src';

const conversationState = new ConversationState();
const turnCount = conversationState.createProperty<number>('turnCount');

export const bot = new ActivityHandler()
  .onMessage(async (context, next) => {
    await context.sendActivity({ type: 'typing' });
    const turns = await turnCount.get(context, 0);
    await turnCount.set(context, turns + 1);
    await context.sendActivity(`${turns + 1}: you said "${context.activity.text ?? ''}"`);
    await next();
  })
  .onMembersAdded(async (context, next) => {
    const newcomers = (context.activity.membersAdded ?? []).filter(({ id }) => id !== context.activity.recipient.id);
    if (newcomers.length > 0) await context.sendActivity('Hello! Say something, and I will count it.');
    await next();
  });

export const app = createBotApp({
  bot,
  onTurnError: async (context) => {
    await context.sendActivity('Sorry, I could not answer that.');
  },
});
