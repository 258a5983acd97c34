const {
  ChoicePrompt,
  ComponentDialog,
  ConfirmPrompt,
  DateTimePrompt,
  DialogSet,
  DialogTurnStatus,
  NumberPrompt,
  TextPrompt,
  WaterfallDialog,
} = require('botbuilder-dialogs');

const FARES = ['Economy', 'Business'];

/** Asks for everything that a booking takes, one prompt after the other. */
class BookingDialog extends ComponentDialog {
  constructor(reserve) {
    super('booking');
    this.reserve = reserve;
    this.addDialog(new TextPrompt('destination', async ({ recognized }) => recognized.value?.trim().length >= 3));
    this.addDialog(
      new NumberPrompt(
        'travellers',
        async ({ recognized }) => recognized.succeeded && recognized.value >= 1 && recognized.value <= 9,
      ),
    );
    this.addDialog(new DateTimePrompt('date'));
    this.addDialog(new ChoicePrompt('fare'));
    this.addDialog(new ConfirmPrompt('confirm'));
    this.addDialog(
      new WaterfallDialog('steps', [
        (step) => this.askDestination(step),
        (step) => this.askTravellers(step),
        (step) => this.askDate(step),
        (step) => this.askFare(step),
        (step) => this.askConfirmation(step),
        (step) => this.book(step),
      ]),
    );
    this.initialDialogId = 'steps';
  }

  async onContinueDialog(dialogContext) {
    switch (dialogContext.context.activity.text?.toLowerCase()) {
      case 'help':
        await dialogContext.context.sendActivity('Answer the question, or say "cancel".');
        await dialogContext.repromptDialog();
        return { status: DialogTurnStatus.waiting };
      case 'cancel':
        await dialogContext.context.sendActivity('Cancelled.');
        return dialogContext.cancelAllDialogs();
    }
    return super.onContinueDialog(dialogContext);
  }

  askDestination(step) {
    return step.prompt('destination', { prompt: 'Where to?', retryPrompt: 'Three letters at least. Where to?' });
  }

  askTravellers(step) {
    step.values.destination = step.result.trim();
    return step.prompt('travellers', { prompt: 'How many travellers?', retryPrompt: 'One to nine, please.' });
  }

  askDate(step) {
    step.values.travellers = step.result;
    return step.prompt('date', { prompt: 'When?', retryPrompt: 'That is no date. When?' });
  }

  askFare(step) {
    const [{ timex, value }] = step.result;
    step.values.date = value ?? timex;
    return step.prompt('fare', { prompt: 'Which fare?', choices: FARES, retryPrompt: 'One of these, please.' });
  }

  askConfirmation(step) {
    step.values.fare = step.result.value;
    const { travellers, destination, date, fare } = step.values;
    return step.prompt('confirm', `${travellers} to ${destination} on ${date}, ${fare}. Shall I book?`);
  }

  async book(step) {
    if (!step.result) {
      await step.context.sendActivity('Nothing was booked.');
      return step.endDialog();
    }
    const reference = await this.reserve(step.context, step.values);
    await step.context.sendActivity(`Booked: ${reference}.`);
    return step.endDialog({ ...step.values, reference });
  }
}

/**
 * The bot, made of the classes of a framework: as it was written, but for where those come from.
 *
 * @param reserve what makes a reservation and returns its reference
 */
exports.bookingBot = ({ ActivityHandler, ConversationState, MemoryStorage, UserState }, reserve) => {
  const storage = new MemoryStorage();
  const conversationState = new ConversationState(storage);
  const userState = new UserState(storage);

  class BookingBot extends ActivityHandler {
    constructor() {
      super();
      const bookings = userState.createProperty('bookings');
      const dialogs = new DialogSet(conversationState.createProperty('dialogs'));
      dialogs.add(new BookingDialog(reserve));
      this.onMessage(async (context, next) => {
        if (context.activity.text === 'bookings') {
          const list = await bookings.get(context, []);
          await context.sendActivity(list.map(({ reference }) => reference).join(', ') || 'None yet.');
          return next();
        }
        const dialogContext = await dialogs.createContext(context);
        const { status, result } = await dialogContext.continueDialog();
        if (status === DialogTurnStatus.empty) await dialogContext.beginDialog('booking');
        if (status === DialogTurnStatus.complete && result) {
          await bookings.set(context, [...(await bookings.get(context, [])), result]);
        }
        return next();
      });
      this.onMembersAdded(async (context, next) => {
        await context.sendActivity('Welcome. Say anything to book a journey.');
        await next();
      });
    }

    async run(context) {
      await super.run(context);
      await conversationState.saveChanges(context, false);
      await userState.saveChanges(context, false);
    }
  }

  return { bot: new BookingBot(), state: [conversationState, userState] };
};
