import { BotState } from './bot-state';

/** State that follows a user through all conversations on one channel. */
export class UserState extends BotState {
  /** @param _storage not used: state is stored by the turn's commit. There for code that was written for the Bot Framework SDK. */
  constructor(_storage?: unknown) {
    super('user');
  }
}
