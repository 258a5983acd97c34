import { DialogSet, type DialogState, type DialogTurnResult, DialogTurnStatus } from 'botbuilder-dialogs';
import { ActivityHandler, ConversationState, MessageFactory, TurnContext, UserState } from 'turnwise';
import { toBotBuilder } from 'turnwise/botbuilder';
import { saidByCard, welcomeCard } from './cards';
import { MainDialog, type Outcome } from './dialogs/main-dialog';
import type { Reminder } from './dialogs/reminder-dialog';
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
      let turn: DialogTurnResult<Outcome> = await dialog.continueDialog();
      if (turn.status === DialogTurnStatus.empty) turn = await dialog.beginDialog('main');
      if (turn.result?.reminder !== undefined) await remind(context, turn.result.reminder);
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

/** Has the bot speak first, later: in a turn of its own, even after a restart. It is scheduled if and only if this turn commits. */
async function remind(context: TurnContext, { minutes, text }: Reminder): Promise<void> {
  const here = TurnContext.getConversationReference(context.activity);
  await context.proactive.schedule(here, `Remember: ${text}`, Date.now() + minutes * 60_000);
  await context.sendActivity(`I will remind you in ${minutes} minutes.`);
}

export const bot = createBot(new KeywordRecognizer());
