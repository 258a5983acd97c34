import {
  ActionTypes,
  type Activity,
  ActivityHandler,
  ActivityTypes,
  type Attachment,
  AttachmentLayoutTypes,
  type BotState,
  CardFactory,
  type ChannelAccount,
  Channels,
  type ConversationReference,
  ConversationState,
  InputHints,
  MemoryStorage,
  MessageFactory,
  type MessageReaction,
  type Middleware,
  type ResourceResponse,
  type StatePropertyAccessor,
  TextFormatTypes,
  TurnContext,
  UserState,
} from 'botbuilder';

/* Bots as their authors write them for the Bot Framework SDK. */

export class EchoBot extends ActivityHandler {
  constructor() {
    super();
    this.onMessage(async (context, next) => {
      const replyText = `Echo: ${context.activity.text}`;
      await context.sendActivity(MessageFactory.text(replyText, replyText));
      await next();
    });
    this.onMembersAdded(async (context, next) => {
      const membersAdded = context.activity.membersAdded ?? [];
      for (const member of membersAdded) {
        if (member.id !== context.activity.recipient.id && member.name.trim() !== '') {
          await context.sendActivity(MessageFactory.text('Hello and welcome!', 'Hello and welcome!'));
        }
      }
      await next();
    });
  }
}

interface UserProfile {
  name?: string;
  didBotWelcomeUser?: boolean;
}

export class WelcomeBot extends ActivityHandler {
  private welcomed: StatePropertyAccessor<boolean>;

  constructor(private userState: UserState) {
    super();
    this.welcomed = userState.createProperty('welcomedUserProperty');
    this.onMessage(async (context, next) => {
      const didBotWelcomeUser = await this.welcomed.get(context, false);
      if (didBotWelcomeUser === false) {
        const userName = context.activity.from.name;
        await context.sendActivity(`It is a good practice to welcome you, ${userName.toUpperCase()}.`);
        await this.welcomed.set(context, true);
      } else {
        const text = context.activity.text.toLowerCase();
        switch (text) {
          case 'hello':
          case 'hi':
            await context.sendActivity(`You said "${context.activity.text}"`);
            break;
          case 'intro':
            await this.sendIntroCard(context);
            break;
          default:
            await context.sendActivity('Say hi.');
        }
      }
      await next();
    });
  }

  async run(context: TurnContext): Promise<void> {
    await super.run(context);
    await this.userState.saveChanges(context);
  }

  private async sendIntroCard(context: TurnContext): Promise<void> {
    const card = CardFactory.heroCard(
      'Welcome to Bot Framework!',
      'Welcome to Welcome Users bot sample!',
      ['https://aka.ms/bf-welcome-card-image'],
      [
        { type: ActionTypes.OpenUrl, title: 'Get an overview', value: 'https://docs.microsoft.com' },
        { type: ActionTypes.ImBack, title: 'Ask', value: 'ask' },
      ],
    );
    await context.sendActivity({ attachments: [card] });
  }
}

export class StateBot extends ActivityHandler {
  private conversationData: StatePropertyAccessor<{
    promptedForUserName?: boolean;
    timestamp?: string;
    channelId?: string;
  }>;
  private userProfile: StatePropertyAccessor<UserProfile>;
  private loose: StatePropertyAccessor;

  constructor(
    private conversationState: BotState,
    private userState: BotState,
  ) {
    super();
    this.conversationData = this.conversationState.createProperty('conversationData');
    this.userProfile = this.userState.createProperty<UserProfile>('userProfile');
    this.loose = this.userState.createProperty('loose');
    this.onMessage(async (turnContext, next) => {
      const userProfile = await this.userProfile.get(turnContext, {});
      const conversationData = await this.conversationData.get(turnContext, { promptedForUserName: false });
      if (!userProfile.name) {
        userProfile.name = turnContext.activity.text;
        conversationData.promptedForUserName = false;
      } else {
        conversationData.timestamp = turnContext.activity.timestamp?.toLocaleString();
        conversationData.channelId = turnContext.activity.channelId;
        const loose = await this.loose.get(turnContext);
        await turnContext.sendActivity(`${loose.anything} ${conversationData.timestamp}`);
      }
      await next();
    });
    this.onDialog(async (context, next) => {
      await this.conversationState.saveChanges(context, false);
      await this.userState.saveChanges(context, false);
      await next();
    });
  }
}

export class SuggestedActionsBot extends ActivityHandler {
  constructor() {
    super();
    this.onMessage(async (context, next) => {
      const reply = MessageFactory.suggestedActions(['Red', 'Yellow', 'Blue'], 'What is the best color?');
      await context.sendActivity(reply);
      const richer = MessageFactory.text('Choose');
      richer.suggestedActions = {
        actions: [{ type: ActionTypes.PostBack, title: 'A', value: { a: 1 } }],
        to: [context.activity.from.id],
      };
      richer.inputHint = InputHints.ExpectingInput;
      richer.textFormat = TextFormatTypes.Markdown;
      richer.attachmentLayout = AttachmentLayoutTypes.Carousel;
      await context.sendActivities([{ type: ActivityTypes.Typing }, { type: 'delay', value: 1000 }, richer]);
      await next();
    });
  }
}

export class CardsBot extends ActivityHandler {
  constructor() {
    super();
    this.onMessage(async (context, next) => {
      if (context.activity.value) {
        const { choice, ids } = context.activity.value;
        await context.sendActivity(`${choice.toUpperCase()} ${context.activity.value.ids.length} ${ids}`);
      }
      const attachments: Attachment[] = [
        CardFactory.adaptiveCard({ type: 'AdaptiveCard', version: '1.5', body: [] }),
        CardFactory.animationCard('a', [{ url: 'https://x.example/a.gif' }], [], { subtitle: 'b' }),
        CardFactory.audioCard('a', ['https://x.example/a.wav'], CardFactory.actions(['b']), { text: 'c' }),
        CardFactory.videoCard('a', [{ url: 'https://x.example/a.mp4' }]),
        CardFactory.thumbnailCard(
          'a',
          [{ url: 'https://x.example/a.png' }],
          [{ type: 'openUrl', title: 'b', value: 'c' }],
        ),
        CardFactory.signinCard('a', 'https://x.example/', 'b'),
        CardFactory.oauthCard('c', 't', 'x'),
        CardFactory.receiptCard({
          title: 'Receipt',
          facts: [{ key: 'Order', value: '1' }],
          items: [
            {
              title: 'Data',
              price: '$1',
              quantity: '1',
              subtitle: '',
              text: '',
              image: { url: 'https://x.example/a.png' },
              tap: { type: 'x', title: '', value: '' },
            },
          ],
          tax: '1',
          total: '2',
          vat: '0',
          tap: { type: 'openUrl', title: '', value: '' },
          buttons: CardFactory.actions([{ type: 'openUrl', title: 'More', value: 'https://x.example' }]),
        }),
      ];
      const response: ResourceResponse | undefined = await context.sendActivity(MessageFactory.carousel(attachments));
      const content = attachments[0]?.content.body;
      const card = context.activity.attachments?.[0]?.content.properties.title;
      if (response) {
        const update: Partial<Activity> = MessageFactory.attachment(CardFactory.heroCard(`${content} ${card}`));
        update.id = response.id;
        await context.updateActivity(update);
        await context.deleteActivity(response.id);
      }
      await next();
    });
  }
}

export class ReactionBot extends ActivityHandler {
  constructor() {
    super();
    this.onReactionsAdded(async (context, next) => {
      const reactions: MessageReaction[] = context.activity.reactionsAdded ?? [];
      for (const { type } of reactions) {
        await context.sendActivity(`You added '${type}' regarding '${context.activity.replyToId}'`);
      }
      await next();
    });
    this.onEvent(async (context, next) => {
      if (context.activity.name === 'webchat/join') await context.sendActivity(`Hi ${context.activity.value.language}`);
      await next();
    });
    this.onUnrecognizedActivityType(async (context, next) => {
      await context.sendTraceActivity('unknown', context.activity, 'https://x.example', context.activity.type);
      await next();
    });
  }
}

export class ProactiveBot extends ActivityHandler {
  conversationReferences: Record<string, Partial<ConversationReference>>;

  constructor(references: Record<string, Partial<ConversationReference>>) {
    super();
    this.conversationReferences = references;
    this.onConversationUpdate(async (context, next) => {
      this.addConversationReference(context.activity);
      await next();
    });
  }

  addConversationReference(activity: Activity): void {
    const conversationReference = TurnContext.getConversationReference(activity);
    this.conversationReferences[conversationReference.conversation!.id] = conversationReference;
  }
}

export class UpperCase implements Middleware {
  async onTurn(context: TurnContext, next: () => Promise<void>): Promise<void> {
    context.activity.text = context.activity.text.toUpperCase();
    context.onSendActivities(async (_ctx, activities, nextSend) => {
      activities.forEach((a) => {
        a.text = a.text?.trim();
      });
      return await nextSend();
    });
    if (context.activity.channelId === Channels.Msteams) {
      const tenant: string = context.activity.channelData.tenant.id;
      context.turnState.set('tenant', tenant);
    }
    const service = context.turnState.get('service');
    service.log(context.activity.channelData?.tenant?.id);
    await next();
  }
}

export function nameOf(member: ChannelAccount): string {
  return `${member.name} ${member.id.trim()}`;
}

export const conversationState = new ConversationState(new MemoryStorage());
export const userState = new UserState(new MemoryStorage());
