import { ComponentDialog, TextPrompt, WaterfallDialog } from 'botbuilder-dialogs';

/** Asks for a name and ends with it. */
export class ProfileDialog extends ComponentDialog {
  constructor(id: string) {
    super(id);
    this.addDialog(
      new TextPrompt('name', async ({ recognized }) => (recognized.value?.trim().length ?? 0) > 0),
    ).addDialog(
      new WaterfallDialog('steps', [
        (step) => step.prompt('name', 'What is your name?'),
        (step) => step.endDialog((step.result as string).trim()),
      ]),
    );
    this.initialDialogId = 'steps';
  }
}
