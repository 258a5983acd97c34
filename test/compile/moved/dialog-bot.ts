import {
  ChoiceFactory,
  ChoicePrompt,
  ComponentDialog,
  DialogManager,
  DialogSet,
  type DialogState,
  type DialogTurnResult,
  DialogTurnStatus,
  type PromptValidatorContext,
  runDialog,
  TextPrompt,
  WaterfallDialog,
  type WaterfallStepContext,
} from 'botbuilder-dialogs';
import {
  ActivityHandler,
  ConversationState,
  MemoryStorage,
  MessageFactory,
  type StatePropertyAccessor,
  type TurnContext,
  UserState,
} from 'turnwise';
import { toBotBuilder } from 'turnwise/botbuilder';

/* A bot with dialogs, in strict TypeScript, after its import has changed. */

export class ProfileDialog extends ComponentDialog {
  constructor(private readonly names: StatePropertyAccessor<string[]>) {
    super('profile');
    this.addDialog(new TextPrompt('name', this.isName));
    this.addDialog(new ChoicePrompt('transport'));
    this.addDialog(new WaterfallDialog('steps', [this.ask.bind(this), this.choose.bind(this), this.end.bind(this)]));
    this.initialDialogId = 'steps';
  }

  async run(context: TurnContext, accessor: StatePropertyAccessor<DialogState>): Promise<void> {
    const dialogs = new DialogSet(toBotBuilder(accessor));
    dialogs.add(this);
    const dialogContext = await dialogs.createContext(toBotBuilder(context));
    const { status } = await dialogContext.continueDialog();
    if (status === DialogTurnStatus.empty) await dialogContext.beginDialog(this.id, { names: this.names });
  }

  private async ask(step: WaterfallStepContext): Promise<DialogTurnResult> {
    return step.prompt('name', toBotBuilder(MessageFactory.text('Your name?')));
  }

  private async choose(step: WaterfallStepContext): Promise<DialogTurnResult> {
    await step.context.sendActivity(`Hello ${step.result}`);
    return step.prompt('transport', { prompt: 'How?', choices: ChoiceFactory.toChoices(['car', 'bus']) });
  }

  private async end(step: WaterfallStepContext): Promise<DialogTurnResult> {
    await step.context.sendActivity(toBotBuilder(MessageFactory.text(step.result.value)));
    return step.endDialog(step.values);
  }

  private async isName({ recognized }: PromptValidatorContext<string>): Promise<boolean> {
    return recognized.succeeded === true;
  }
}

const conversationState = new ConversationState(new MemoryStorage());
const userState = new UserState(new MemoryStorage());
const dialog = new ProfileDialog(userState.createProperty('names'));

export const bot = new ActivityHandler().onMessage(async (context, next) => {
  const dialogs = conversationState.createProperty<DialogState>('dialogs');
  if (context.activity.text === 'managed') {
    const manager = new DialogManager(dialog);
    manager.conversationState = toBotBuilder(conversationState);
    manager.userState = toBotBuilder(userState);
    await manager.onTurn(toBotBuilder(context));
  } else if (context.activity.text === 'run') {
    await runDialog(dialog, toBotBuilder(context), toBotBuilder(dialogs));
  } else await dialog.run(context, dialogs);
  await next();
});
