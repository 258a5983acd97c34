import { BotState } from './bot-state';

/** State of one user in one conversation. */
export class PrivateConversationState extends BotState {
  /** @param _storage not used: state is stored by the turn's commit. There for code that was written for the Bot Framework SDK. */
  constructor(_storage?: unknown) {
    super('private');
  }
}
