import {
  ComponentDialog,
  type DialogTurnResult,
  NumberPrompt,
  TextPrompt,
  WaterfallDialog,
  type WaterfallStepContext,
} from 'botbuilder-dialogs';

/** What somebody wants to be reminded of, and in how many minutes. */
export interface Reminder {
  readonly text: string;
  readonly minutes: number;
}

/** Asks for a reminder and ends with it. */
export class ReminderDialog extends ComponentDialog {
  constructor(id: string) {
    super(id);
    this.addDialog(new TextPrompt('text'))
      .addDialog(new NumberPrompt('minutes', async ({ recognized }) => (recognized.value ?? 0) > 0))
      .addDialog(
        new WaterfallDialog('steps', [
          (step) => step.prompt('text', 'What shall I remind you of?'),
          (step) => this.askMinutes(step),
          (step) => this.end(step),
        ]),
      );
    this.initialDialogId = 'steps';
  }

  private async askMinutes(step: WaterfallStepContext): Promise<DialogTurnResult> {
    Object.assign(step.values, { text: step.result as string });
    return step.prompt('minutes', { prompt: 'In how many minutes?', retryPrompt: 'A number above zero, please.' });
  }

  private async end(step: WaterfallStepContext): Promise<DialogTurnResult> {
    return step.endDialog({ ...step.values, minutes: step.result as number });
  }
}
