import type { Activity } from '../../src/schema/activity';

/** Events of Teams: what each is called in the API, and an activity that is one. */
export interface EventRoute {
  /** What follows `on` in the names of its method and its registration. */
  readonly name: string;
  readonly activity: Partial<Activity>;
  /** The handlers around it, from the outside. */
  readonly around: readonly string[];
}

export const TEAM = { id: 'team-1', name: 'Team' };
export const CHANNEL = { id: 'channel-1', name: 'Channel' };

const MEETING = { Id: 'm-1', JoinUrl: 'https://join.example/', MeetingType: 'Scheduled', Title: 'Weekly' };

const conversation = (eventType: string): Partial<Activity> => ({
  type: 'conversationUpdate',
  channelId: 'msteams',
  channelData: { eventType, team: TEAM, channel: CHANNEL },
});

const event = (name: string, value: unknown): Partial<Activity> => ({
  type: 'event',
  channelId: 'msteams',
  name: `application/vnd.microsoft.${name}`,
  value,
});

const conversationEvents = {
  channelCreated: 'TeamsChannelCreated',
  channelDeleted: 'TeamsChannelDeleted',
  channelRenamed: 'TeamsChannelRenamed',
  channelRestored: 'TeamsChannelRestored',
  teamArchived: 'TeamsTeamArchived',
  teamDeleted: 'TeamsTeamDeleted',
  teamHardDeleted: 'TeamsTeamHardDeleted',
  teamRenamed: 'TeamsTeamRenamed',
  teamRestored: 'TeamsTeamRestored',
  teamUnarchived: 'TeamsTeamUnarchived',
};

export const EVENT_ROUTES: readonly EventRoute[] = [
  ...Object.entries(conversationEvents).map(([eventType, name]) => ({
    name,
    activity: conversation(eventType),
    around: ['onTurn', 'onConversationUpdate'],
  })),
  {
    name: 'TeamsMessageUndelete',
    activity: { type: 'messageUpdate', channelId: 'msteams', channelData: { eventType: 'undeleteMessage' } },
    around: ['onTurn', 'onMessageUpdate'],
  },
  {
    name: 'TeamsMessageEdit',
    activity: { type: 'messageUpdate', channelId: 'msteams', channelData: { eventType: 'editMessage' } },
    around: ['onTurn', 'onMessageUpdate'],
  },
  {
    name: 'TeamsMessageSoftDelete',
    activity: { type: 'messageDelete', channelId: 'msteams', channelData: { eventType: 'softDeleteMessage' } },
    around: ['onTurn', 'onMessageDelete'],
  },
  {
    name: 'TeamsMeetingStart',
    activity: event('meetingStart', { ...MEETING, StartTime: '2031-05-06T07:08:09Z' }),
    around: ['onTurn', 'onEvent'],
  },
  {
    name: 'TeamsMeetingEnd',
    activity: event('meetingEnd', { ...MEETING, EndTime: '2031-05-06T08:08:09Z' }),
    around: ['onTurn', 'onEvent'],
  },
  {
    name: 'TeamsMeetingParticipantsJoin',
    activity: event('meetingParticipantJoin', { members: [{ user: { id: 'u' } }] }),
    around: ['onTurn', 'onEvent'],
  },
  {
    name: 'TeamsMeetingParticipantsLeave',
    activity: event('meetingParticipantLeave', { members: [{ user: { id: 'u' } }] }),
    around: ['onTurn', 'onEvent'],
  },
  {
    name: 'TeamsReadReceipt',
    activity: event('readReceipt', { lastReadMessageId: '1000' }),
    around: ['onTurn', 'onEvent'],
  },
  {
    name: 'TeamsMembersRemoved',
    activity: {
      type: 'conversationUpdate',
      channelId: 'msteams',
      membersRemoved: [{ id: 'u' }],
      channelData: { team: TEAM },
    },
    around: ['onTurn', 'onConversationUpdate'],
  },
];

/** Invokes: the method that answers, the name, whether the answer has what it returns as a body, and the value if it matters. */
export const INVOKE_ROUTES: readonly (readonly [
  method: string,
  name: string | undefined,
  answer: 'body' | 'noBody' | 'asIs',
  value?: unknown,
])[] = [
  ['handleTeamsCardActionInvoke', undefined, 'asIs'],
  ['handleTeamsConfigFetch', 'config/fetch', 'body'],
  ['handleTeamsConfigSubmit', 'config/submit', 'body'],
  ['handleTeamsFileConsent', 'fileConsent/invoke', 'body', { action: 'accept' }],
  ['handleTeamsFileConsentAccept', 'fileConsent/invoke', 'body', { action: 'accept' }],
  ['handleTeamsFileConsentDecline', 'fileConsent/invoke', 'body', { action: 'decline' }],
  ['handleTeamsO365ConnectorCardAction', 'actionableMessage/executeAction', 'noBody'],
  ['handleTeamsAppBasedLinkQuery', 'composeExtension/queryLink', 'body'],
  ['handleTeamsAnonymousAppBasedLinkQuery', 'composeExtension/anonymousQueryLink', 'body'],
  ['handleTeamsMessagingExtensionQuery', 'composeExtension/query', 'body'],
  ['handleTeamsMessagingExtensionSelectItem', 'composeExtension/selectItem', 'body'],
  ['handleTeamsMessagingExtensionSubmitActionDispatch', 'composeExtension/submitAction', 'body', {}],
  ['handleTeamsMessagingExtensionSubmitAction', 'composeExtension/submitAction', 'body', { commandId: 'c' }],
  [
    'handleTeamsMessagingExtensionBotMessagePreviewEdit',
    'composeExtension/submitAction',
    'body',
    { botMessagePreviewAction: 'edit' },
  ],
  [
    'handleTeamsMessagingExtensionBotMessagePreviewSend',
    'composeExtension/submitAction',
    'body',
    { botMessagePreviewAction: 'send' },
  ],
  ['handleTeamsMessagingExtensionFetchTask', 'composeExtension/fetchTask', 'body'],
  ['handleTeamsMessagingExtensionConfigurationQuerySettingUrl', 'composeExtension/querySettingUrl', 'body'],
  ['handleTeamsMessagingExtensionConfigurationSetting', 'composeExtension/setting', 'noBody'],
  ['handleTeamsMessagingExtensionCardButtonClicked', 'composeExtension/onCardButtonClicked', 'noBody'],
  ['handleTeamsTaskModuleFetch', 'task/fetch', 'body'],
  ['handleTeamsTaskModuleSubmit', 'task/submit', 'body'],
  ['handleTeamsTabFetch', 'tab/fetch', 'body'],
  ['handleTeamsTabSubmit', 'tab/submit', 'body'],
  ['onSignInInvoke', 'signin/verifyState', 'noBody'],
  ['handleTeamsSigninVerifyState', 'signin/verifyState', 'noBody', { state: '123456' }],
  ['handleTeamsSigninTokenExchange', 'signin/tokenExchange', 'noBody', { id: 'x' }],
];
