import { BotState } from './bot-state';

/** State that everybody in a conversation shares. */
export class ConversationState extends BotState {
  /** @param _storage not used: state is stored by the turn's commit. There for code that was written for the Bot Framework SDK. */
  constructor(_storage?: unknown) {
    super('conversation');
  }
}
