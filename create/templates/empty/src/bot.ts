import { ActivityHandler } from 'turnwise';

export const bot = new ActivityHandler().onMembersAdded(async (context, next) => {
  for (const member of context.activity.membersAdded ?? []) {
    // The bot itself is a member too.
    if (member.id !== context.activity.recipient.id) await context.sendActivity('Hello world!');
  }
  await next();
});
