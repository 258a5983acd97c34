import { DialogSet, type DialogState, DialogTurnStatus } from 'botbuilder-dialogs';
import { ActivityHandler, ConversationState, MessageFactory, UserState } from 'turnwise';
import { toBotBuilder } from 'turnwise/botbuilder';
import { saidByCard, welcomeCard } from './cards';
import { MainDialog } from './dialogs/main-dialog';
import type { Profile } from './profile';
import { KeywordRecognizer, type Recognizer } from './recognizer';

/** Puts the bot together. State is loaded when it is touched, and stored with the turn. */
export function createBot(recognizer: Recognizer): ActivityHandler {
  const profile = new UserState().createProperty<Profile>('profile');
  const dialogs = new DialogSet(toBotBuilder(new ConversationState().createProperty<DialogState>('dialogs')));
  dialogs.add(new MainDialog('main', recognizer, toBotBuilder(profile)));

  return new ActivityHandler()
    .onMessage(async (context, next) => {
      // A button of a card comes as a message without text.
      context.activity.text ??= saidByCard(context.activity.value) ?? '';
      const dialog = await dialogs.createContext(toBotBuilder(context));
      const { status } = await dialog.continueDialog();
      if (status === DialogTurnStatus.empty) await dialog.beginDialog('main');
      await next();
    })
    .onMembersAdded(async (context, next) => {
      for (const member of context.activity.membersAdded ?? []) {
        // The bot itself is a member too.
        if (member.id === context.activity.recipient.id) continue;
        await context.sendActivity(MessageFactory.attachment(welcomeCard(undefined)));
      }
      await next();
    });
}

export const bot = createBot(new KeywordRecognizer());
