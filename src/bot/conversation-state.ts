import { BotState } from './bot-state';

/** State that everybody in a conversation shares. */
export class ConversationState extends BotState {
  constructor() {
    super('conversation');
  }
}
