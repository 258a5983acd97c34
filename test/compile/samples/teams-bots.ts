import {
  type Activity,
  type AdaptiveCardInvokeResponse,
  type AdaptiveCardInvokeValue,
  type AppBasedLinkQuery,
  type Attachment,
  CardFactory,
  type ChannelInfo,
  type FileConsentCardResponse,
  type FileDownloadInfo,
  type FileInfoCard,
  type InvokeResponse,
  type MeetingStartEventDetails,
  type Mention,
  MessageFactory,
  type MessagingExtensionAction,
  type MessagingExtensionActionResponse,
  type MessagingExtensionAttachment,
  type MessagingExtensionQuery,
  type MessagingExtensionResponse,
  type O365ConnectorCardActionQuery,
  type SearchInvokeResponse,
  type SearchInvokeValue,
  type SigninStateVerificationQuery,
  type TabRequest,
  type TabResponse,
  type TabSubmit,
  type TaskModuleRequest,
  type TaskModuleResponse,
  type TaskModuleTaskInfo,
  type TeamInfo,
  TeamsActivityHandler,
  type TeamsChannelAccount,
  TeamsInfo,
  type TeamsMeetingParticipant,
  type TeamsPagedMembersResult,
  TurnContext,
  teamsGetChannelId,
  teamsNotifyUser,
} from 'botbuilder';

export class TeamsConversationBot extends TeamsActivityHandler {
  constructor() {
    super();
    this.onMessage(async (context, next) => {
      TurnContext.removeRecipientMention(context.activity);
      const text = context.activity.text.trim().toLocaleLowerCase();
      if (text.includes('mention')) await this.mentionActivity(context);
      else if (text.includes('who')) await this.getSingleMember(context);
      else if (text.includes('message')) await this.messageAllMembers(context);
      else await this.cardActivity(context, false);
      await next();
    });
    this.onTeamsMembersAddedEvent(
      async (
        membersAdded: TeamsChannelAccount[],
        teamInfo: TeamInfo,
        context: TurnContext,
        next: () => Promise<void>,
      ) => {
        for (const member of membersAdded) await context.sendActivity(`${member.givenName} joined ${teamInfo.name}`);
        await next();
      },
    );
    this.onTeamsChannelRenamedEvent(
      async (channelInfo: ChannelInfo, teamInfo: TeamInfo, context: TurnContext, next: () => Promise<void>) => {
        await context.sendActivity(MessageFactory.text(`${channelInfo.name} of ${teamInfo.name}`));
        await next();
      },
    );
    this.onTeamsMeetingStartEvent(async (meeting: MeetingStartEventDetails, context, next) => {
      await context.sendActivity(`${meeting.title} ${meeting.startTime}`);
      await next();
    });
  }

  async cardActivity(context: TurnContext, isUpdate: boolean): Promise<void> {
    const data = isUpdate ? context.activity.value : { count: 0 };
    data.count += 1;
    const card = CardFactory.heroCard('Card', `Update count: ${data.count}`, undefined, [
      { type: 'messageBack', title: 'Update', value: data, text: 'update' },
    ]);
    const message = MessageFactory.attachment(card);
    message.id = context.activity.replyToId;
    if (isUpdate) await context.updateActivity(message);
    else await context.sendActivity(message);
  }

  async mentionActivity(context: TurnContext): Promise<void> {
    const mention: Mention = {
      mentioned: context.activity.from,
      text: `<at>${context.activity.from.name}</at>`,
      type: 'mention',
    };
    const replyActivity = MessageFactory.text(`Hi ${mention.text}`);
    replyActivity.entities = [mention];
    await context.sendActivity(replyActivity);
  }

  async getSingleMember(context: TurnContext): Promise<void> {
    try {
      const member: TeamsChannelAccount = await TeamsInfo.getMember(context, context.activity.from.id);
      const message = MessageFactory.text(`You are: ${member.name} ${member.userPrincipalName}`);
      teamsNotifyUser(message as Activity);
      await context.sendActivity(message);
    } catch (e) {
      if ((e as { code: string }).code === 'MemberNotFoundInConversation')
        await context.sendActivity('Member not found.');
      else throw e;
    }
  }

  async messageAllMembers(context: TurnContext): Promise<void> {
    const members = await this.getPagedMembers(context);
    for (const teamMember of members) {
      const ref = TurnContext.getConversationReference(context.activity);
      ref.user = teamMember;
      await context.adapter.createConversationAsync(
        'app',
        context.activity.channelId,
        context.activity.serviceUrl,
        null as unknown as string,
        {
          isGroup: false,
          bot: context.activity.recipient,
          members: [teamMember],
          tenantId: context.activity.conversation.tenantId,
          channelData: {},
          activity: undefined as unknown as Activity,
        },
        async (created) => {
          const newRef = TurnContext.getConversationReference(created.activity);
          await context.adapter.continueConversationAsync('app', newRef, async (t) => {
            await t.sendActivity(`Hello ${teamMember.givenName}`);
          });
        },
      );
    }
  }

  async getPagedMembers(context: TurnContext): Promise<TeamsChannelAccount[]> {
    let continuationToken: string | undefined;
    const members: TeamsChannelAccount[] = [];
    do {
      const page: TeamsPagedMembersResult = await TeamsInfo.getPagedMembers(context, 100, continuationToken);
      continuationToken = page.continuationToken;
      members.push(...page.members);
    } while (continuationToken !== undefined);
    return members;
  }

  async participant(context: TurnContext): Promise<string | undefined> {
    const participant: TeamsMeetingParticipant = await TeamsInfo.getMeetingParticipant(context);
    const details = await TeamsInfo.getTeamDetails(context);
    const channels = await TeamsInfo.getTeamChannels(context);
    return `${participant.meeting?.role} ${details.name} ${channels[0]?.name} ${teamsGetChannelId(context.activity)}`;
  }
}

export class MessagingExtensionBot extends TeamsActivityHandler {
  public async handleTeamsMessagingExtensionQuery(
    _context: TurnContext,
    query: MessagingExtensionQuery,
  ): Promise<MessagingExtensionResponse> {
    const searchQuery: string = query.parameters?.[0]?.value;
    const attachments: MessagingExtensionAttachment[] = ['a', 'b'].map((name) => {
      const preview = CardFactory.heroCard(name);
      preview.content.tap = { type: 'invoke', value: { description: name } };
      return { ...CardFactory.heroCard(searchQuery), preview };
    });
    return { composeExtension: { type: 'result', attachmentLayout: 'list', attachments } };
  }

  protected async handleTeamsMessagingExtensionSelectItem(
    _context: TurnContext,
    obj: { description: string },
  ): Promise<MessagingExtensionResponse> {
    return {
      composeExtension: {
        type: 'result',
        attachmentLayout: 'list',
        attachments: [CardFactory.thumbnailCard(obj.description)],
      },
    };
  }

  public async handleTeamsMessagingExtensionSubmitAction(
    _context: TurnContext,
    action: MessagingExtensionAction,
  ): Promise<MessagingExtensionActionResponse> {
    const { title, subTitle } = action.data;
    const heroCard = CardFactory.heroCard(title, subTitle);
    const from = action.messagePayload?.from?.user?.displayName;
    const attachment = { contentType: heroCard.contentType, content: heroCard.content, preview: heroCard };
    return { composeExtension: { type: 'result', attachmentLayout: 'list', attachments: [attachment], text: from } };
  }

  public async handleTeamsMessagingExtensionFetchTask(
    _context: TurnContext,
    action: MessagingExtensionAction,
  ): Promise<MessagingExtensionActionResponse> {
    return {
      task: {
        type: 'continue',
        value: {
          width: 500,
          height: 450,
          title: action.commandId,
          url: 'https://x.example',
          fallbackUrl: 'https://x.example',
        },
      },
    };
  }

  protected async handleTeamsMessagingExtensionBotMessagePreviewEdit(
    _context: TurnContext,
    action: MessagingExtensionAction,
  ): Promise<MessagingExtensionActionResponse> {
    const card = action.botActivityPreview?.[0]?.attachments?.[0]?.content;
    return {
      task: { type: 'continue', value: { card: CardFactory.adaptiveCard(card), title: 't' } as TaskModuleTaskInfo },
    };
  }

  protected async handleTeamsMessagingExtensionBotMessagePreviewSend(
    context: TurnContext,
    action: MessagingExtensionAction,
  ): Promise<MessagingExtensionActionResponse> {
    const attachments = action.botActivityPreview?.[0]?.attachments ?? [];
    const activity = MessageFactory.attachment(attachments[0] as Attachment);
    activity.channelData = {
      onBehalfOf: [
        { itemId: 0, mentionType: 'person', mri: context.activity.from.id, displayName: context.activity.from.name },
      ],
    };
    await context.sendActivity(activity);
    return {};
  }

  public async handleTeamsAppBasedLinkQuery(
    _context: TurnContext,
    query: AppBasedLinkQuery,
  ): Promise<MessagingExtensionResponse> {
    const attachment = CardFactory.thumbnailCard('Image Preview', query.url ?? '', ['https://x.example/a.png']);
    const result = { attachmentLayout: 'list', type: 'result', attachments: [attachment] };
    return { composeExtension: result } as MessagingExtensionResponse;
  }

  protected async handleTeamsMessagingExtensionConfigurationQuerySettingUrl(
    _context: TurnContext,
    _query: MessagingExtensionQuery,
  ): Promise<MessagingExtensionResponse> {
    return {
      composeExtension: {
        type: 'config',
        suggestedActions: { actions: [{ title: 't', type: 'openUrl', value: 'https://x.example' }] },
      },
    };
  }

  protected async handleTeamsMessagingExtensionConfigurationSetting(
    _context: TurnContext,
    settings: { state?: string },
  ): Promise<void> {
    if (settings.state === 'CancelledByUser') return;
  }

  protected async handleTeamsMessagingExtensionCardButtonClicked(
    _context: TurnContext,
    cardData: unknown,
  ): Promise<void> {
    void cardData;
  }
}

export class TaskModuleBot extends TeamsActivityHandler {
  protected async handleTeamsTaskModuleFetch(
    _context: TurnContext,
    taskModuleRequest: TaskModuleRequest,
  ): Promise<TaskModuleResponse> {
    const cardTaskFetchId = taskModuleRequest.data.data;
    const taskInfo: TaskModuleTaskInfo = {};
    if (cardTaskFetchId === 'YouTube') {
      taskInfo.url = taskInfo.fallbackUrl = 'https://x.example';
      taskInfo.height = 'large';
    } else {
      taskInfo.card = CardFactory.adaptiveCard({ type: 'AdaptiveCard' });
      taskInfo.title = 't';
    }
    return { task: { type: 'continue', value: taskInfo } };
  }

  protected async handleTeamsTaskModuleSubmit(
    context: TurnContext,
    taskModuleRequest: TaskModuleRequest,
  ): Promise<TaskModuleResponse> {
    await context.sendActivity(MessageFactory.text(JSON.stringify(taskModuleRequest.data)));
    return { task: { type: 'message', value: 'Thanks!' } };
  }

  protected async handleTeamsTabFetch(_context: TurnContext, _request: TabRequest): Promise<TabResponse> {
    return { tab: { type: 'continue', value: { cards: [{ card: {} }] } } } as TabResponse;
  }

  protected async handleTeamsTabSubmit(_context: TurnContext, _request: TabSubmit): Promise<TabResponse> {
    return { tab: { type: 'continue', value: { cards: [{ card: {} }] } } } as TabResponse;
  }
}

export class FileUploadBot extends TeamsActivityHandler {
  constructor() {
    super();
    this.onMessage(async (context, next) => {
      const file = context.activity.attachments?.[0];
      if (file && file.contentType === 'application/vnd.microsoft.teams.file.download.info') {
        const info: FileDownloadInfo = file.content;
        await context.sendActivity(`Complete downloading ${file.name} ${info.downloadUrl}`);
      } else {
        const asAttachment = {
          content: {
            description: 'd',
            sizeInBytes: 5,
            acceptContext: { filename: 'f' },
            declineContext: { filename: 'f' },
          },
          contentType: 'application/vnd.microsoft.teams.card.file.consent',
          name: 'f',
        };
        await context.sendActivity({ attachments: [asAttachment] });
      }
      await next();
    });
  }

  async handleTeamsFileConsentAccept(context: TurnContext, response: FileConsentCardResponse): Promise<void> {
    const card: FileInfoCard = { uniqueId: response.uploadInfo?.uniqueId, fileType: response.uploadInfo?.fileType };
    const asAttachment: Attachment = {
      content: card,
      contentType: 'application/vnd.microsoft.teams.card.file.info',
      name: response.uploadInfo?.name,
      contentUrl: response.uploadInfo?.contentUrl,
    };
    const reply = MessageFactory.text(`<b>File uploaded.</b> ${response.context.filename}`);
    reply.textFormat = 'xml';
    reply.attachments = [asAttachment];
    await context.sendActivity(reply);
  }

  async handleTeamsFileConsentDecline(context: TurnContext, response: FileConsentCardResponse): Promise<void> {
    await context.sendActivity(`Declined ${response.context.filename}`);
  }
}

export class SignInBot extends TeamsActivityHandler {
  protected async handleTeamsSigninVerifyState(
    context: TurnContext,
    query: SigninStateVerificationQuery,
  ): Promise<void> {
    await context.sendActivity(`${query.state}`);
  }

  protected async handleTeamsSigninTokenExchange(
    _context: TurnContext,
    query: SigninStateVerificationQuery,
  ): Promise<void> {
    void query;
  }

  protected async handleTeamsO365ConnectorCardAction(
    context: TurnContext,
    query: O365ConnectorCardActionQuery,
  ): Promise<void> {
    await context.sendActivity(`${query.actionId} ${query.body}`);
  }

  protected async onInvokeActivity(context: TurnContext): Promise<InvokeResponse> {
    if (context.activity.name === 'custom') return { status: 200, body: context.activity.value.x };
    return super.onInvokeActivity(context);
  }

  protected async onAdaptiveCardInvoke(
    _context: TurnContext,
    invokeValue: AdaptiveCardInvokeValue,
  ): Promise<AdaptiveCardInvokeResponse> {
    const { verb, data } = invokeValue.action;
    return { statusCode: 200, type: 'application/vnd.microsoft.card.adaptive', value: { verb, data } };
  }

  protected async onSearchInvoke(_context: TurnContext, invokeValue: SearchInvokeValue): Promise<SearchInvokeResponse> {
    return {
      statusCode: 200,
      type: 'application/vnd.microsoft.search.searchResponse',
      value: { results: [{ title: invokeValue.queryText, value: `${invokeValue.queryOptions.top}` }] },
    };
  }
}
