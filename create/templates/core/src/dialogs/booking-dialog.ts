import {
  ComponentDialog,
  ConfirmPrompt,
  DateTimePrompt,
  type DateTimeResolution,
  type DialogTurnResult,
  TextPrompt,
  WaterfallDialog,
  type WaterfallStepContext,
} from 'botbuilder-dialogs';

/** A flight, as far as it is known. */
export interface Booking {
  readonly destination?: string;
  readonly date?: string;
}

/** Asks for what is missing of a booking, and for a confirmation. Ends with the booking, or with nothing. */
export class BookingDialog extends ComponentDialog<Booking> {
  constructor(id: string) {
    super(id);
    this.addDialog(new TextPrompt('destination'))
      .addDialog(new DateTimePrompt('date'))
      .addDialog(new ConfirmPrompt('confirm'))
      .addDialog(
        new WaterfallDialog<Booking>('steps', [
          (step) => this.askDestination(step),
          (step) => this.askDate(step),
          (step) => this.askConfirmation(step),
          (step) => this.end(step),
        ]),
      );
    this.initialDialogId = 'steps';
  }

  private async askDestination(step: WaterfallStepContext<Booking>): Promise<DialogTurnResult> {
    const { destination } = step.options;
    return destination === undefined ? step.prompt('destination', 'Where do you want to go?') : step.next(destination);
  }

  private async askDate(step: WaterfallStepContext<Booking>): Promise<DialogTurnResult> {
    Object.assign(step.values, { destination: step.result as string });
    return step.prompt('date', 'When?');
  }

  private async askConfirmation(step: WaterfallStepContext<Booking>): Promise<DialogTurnResult> {
    const [first] = step.result as DateTimeResolution[];
    const date = first?.timex ?? '';
    Object.assign(step.values, { date });
    const { destination } = step.values as Booking;
    return step.prompt('confirm', `To ${destination} on ${date}, is that right?`);
  }

  private async end(step: WaterfallStepContext<Booking>): Promise<DialogTurnResult> {
    return step.endDialog(step.result === true ? step.values : undefined);
  }
}
