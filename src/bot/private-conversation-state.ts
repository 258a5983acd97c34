import { BotState } from './bot-state';

/** State of one user in one conversation. */
export class PrivateConversationState extends BotState {
  constructor() {
    super('private');
  }
}
