import { MessageFactory, type StatePropertyAccessor } from 'botbuilder-core';
import { ComponentDialog, type DialogTurnResult, WaterfallDialog, type WaterfallStepContext } from 'botbuilder-dialogs';
import { bookingCard, welcomeCard } from '../cards';
import type { Profile } from '../profile';
import type { Intent, Recognizer } from '../recognizer';
import { type Booking, BookingDialog } from './booking-dialog';
import { ProfileDialog } from './profile-dialog';
import { type Reminder, ReminderDialog } from './reminder-dialog';

/** What the dialogs leave to the bot. */
export interface Outcome {
  readonly reminder?: Reminder;
}

/** The dialog that everything begins with: finds out what somebody wants, and has another dialog do it. Ends with an {@link Outcome}. */
export class MainDialog extends ComponentDialog {
  constructor(
    id: string,
    private readonly recognizer: Recognizer,
    private readonly profile: StatePropertyAccessor<Profile>,
  ) {
    super(id);
    this.addDialog(new BookingDialog('booking'))
      .addDialog(new ProfileDialog('profile'))
      .addDialog(new ReminderDialog('reminder'))
      .addDialog(new WaterfallDialog('steps', [(step) => this.act(step), (step) => this.end(step)]));
    this.initialDialogId = 'steps';
  }

  private async act(step: WaterfallStepContext): Promise<DialogTurnResult> {
    const intent = await this.recognizer.recognize(step.context.activity.text ?? '');
    (step.values as { intent?: Intent['kind'] }).intent = intent.kind;
    switch (intent.kind) {
      case 'book':
        return step.beginDialog('booking', { destination: intent.destination } satisfies Booking);
      case 'introduce':
        return step.beginDialog('profile');
      case 'remind':
        return step.beginDialog('reminder');
      case 'help': {
        const { name } = await this.profile.get(step.context, {});
        await step.context.sendActivity(MessageFactory.attachment(welcomeCard(name)));
        return step.endDialog();
      }
      case 'unknown':
        await step.context.sendActivity('I did not understand that. Say "help", and I show what I can do.');
        return step.endDialog();
    }
  }

  private async end(step: WaterfallStepContext): Promise<DialogTurnResult> {
    const { intent } = step.values as { intent?: Intent['kind'] };
    if (intent === 'remind') return step.endDialog({ reminder: step.result as Reminder } satisfies Outcome);
    if (intent === 'introduce') {
      const name = step.result as string;
      await this.profile.set(step.context, { name });
      await step.context.sendActivity(`Nice to meet you, ${name}.`);
    } else if (step.result === undefined) {
      await step.context.sendActivity('Then I book nothing.');
    } else {
      await step.context.sendActivity(MessageFactory.attachment(bookingCard(step.result as Required<Booking>)));
    }
    return step.endDialog({} satisfies Outcome);
  }
}
