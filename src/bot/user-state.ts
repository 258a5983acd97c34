import { BotState } from './bot-state';

/** State that follows a user through all conversations on one channel. */
export class UserState extends BotState {
  constructor() {
    super('user');
  }
}
