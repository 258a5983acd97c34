import { createBotApp } from 'turnwise';
import { bot } from '../src/bot';

export const app = createBotApp({
  bot,
  // When a message is given up after several attempts.
  onTurnError: async (context) => {
    await context.sendActivity('Sorry, I could not answer that.');
  },
});
