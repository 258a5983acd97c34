import { describe, expect, test } from '@jest/globals';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import type { TurnContext } from '../../src/bot/turn-context';
import type { Activity } from '../../src/schema/activity';
import { TeamsInfo } from '../../src/teams/teams-info';
import { incoming } from '../support/run-bot';
import { type FakeConnectorClient, fakeConnectorClient } from './fake-connector-client';

const IN_TEAM = { team: { id: 'team-1' }, tenant: { id: 'tenant-1' }, meeting: { id: 'meeting-1' } };
const MESSAGE = { type: 'message', text: 'hi' };

function contextOf(client: FakeConnectorClient | undefined, different: Partial<Activity> = {}): TurnContext {
  const adapter = new TurnAdapter();
  const context = adapter.createContext(incoming({ channelId: 'msteams', ...different }));
  if (client !== undefined) context.turnState.set(adapter.ConnectorClientKey, client);
  return context;
}

const inTeam = (client?: FakeConnectorClient) => contextOf(client, { channelData: IN_TEAM });

/** Every call: what it is, the call that comes of it in a team, what the service answers, and what it resolves to. */
const CALLS: [
  name: string,
  call: (context: TurnContext) => Promise<unknown>,
  expected: readonly unknown[],
  answer?: unknown,
  resolved?: unknown,
][] = [
  [
    'getMember',
    (context) => TeamsInfo.getMember(context, 'u'),
    ['conversations.getConversationMember', 'team-1', 'u'],
    { id: 'u', email: 'e' },
  ],
  [
    'getTeamMember',
    (context) => TeamsInfo.getTeamMember(context, 'team-2', 'u'),
    ['conversations.getConversationMember', 'team-2', 'u'],
    { id: 'u' },
  ],
  [
    'getMembers',
    (context) => TeamsInfo.getMembers(context),
    ['conversations.getConversationMembers', 'team-1'],
    [
      { id: 'u', objectId: 'o' },
      { id: 'v', aadObjectId: 'a' },
    ],
    [
      { id: 'u', objectId: 'o', aadObjectId: 'o' },
      { id: 'v', aadObjectId: 'a' },
    ],
  ],
  [
    'getTeamMembers',
    (context) => TeamsInfo.getTeamMembers(context, 'team-2'),
    ['conversations.getConversationMembers', 'team-2'],
    [],
  ],
  [
    'getPagedMembers',
    (context) => TeamsInfo.getPagedMembers(context, 10, 'next'),
    ['conversations.getConversationPagedMembers', 'team-1', { pageSize: 10, continuationToken: 'next' }],
    { continuationToken: 'more', members: [{ id: 'u' }], extra: 1 },
    { continuationToken: 'more', members: [{ id: 'u' }] },
  ],
  [
    'getPagedTeamMembers',
    (context) => TeamsInfo.getPagedTeamMembers(context, 'team-2'),
    ['conversations.getConversationPagedMembers', 'team-2', {}],
    { continuationToken: '', members: [] },
  ],
  ['getTeamDetails', (context) => TeamsInfo.getTeamDetails(context), ['teams.fetchTeamDetails', 'team-1'], { id: 't' }],
  [
    'getTeamChannels',
    (context) => TeamsInfo.getTeamChannels(context, 'team-2'),
    ['teams.fetchChannelList', 'team-2'],
    { conversations: [{ id: 'c' }] },
    [{ id: 'c' }],
  ],
  ['getMeetingInfo', (context) => TeamsInfo.getMeetingInfo(context), ['teams.fetchMeetingInfo', 'meeting-1'], {}],
  [
    'getMeetingInfo of another meeting',
    (context) => TeamsInfo.getMeetingInfo(context, 'meeting-2'),
    ['teams.fetchMeetingInfo', 'meeting-2'],
    {},
  ],
  [
    'getMeetingParticipant',
    (context) => TeamsInfo.getMeetingParticipant(context, undefined, 'p'),
    ['teams.fetchMeetingParticipant', 'meeting-1', 'p', { tenantId: 'tenant-1' }],
    {},
  ],
  [
    'getMeetingParticipant without a tenant',
    (context) => TeamsInfo.getMeetingParticipant(context, 'meeting-2', 'p', null),
    ['teams.fetchMeetingParticipant', 'meeting-2', 'p', {}],
    {},
  ],
  [
    'sendMeetingNotification',
    (context) =>
      TeamsInfo.sendMeetingNotification(context, {
        type: 'targetedMeetingNotification',
        value: { recipients: ['u'], surfaces: [{ surface: 'meetingTabIcon' }] },
      }),
    [
      'teams.sendMeetingNotification',
      'meeting-1',
      {
        type: 'targetedMeetingNotification',
        value: { recipients: ['u'], surfaces: [{ surface: 'meetingTabIcon' }] },
      },
    ],
    {},
  ],
  [
    'sendMessageToListOfUsers',
    (context) => TeamsInfo.sendMessageToListOfUsers(context, MESSAGE, 't', [{ id: 'u' }]),
    ['batches.send', 'users', { activity: MESSAGE, tenantId: 't', members: [{ id: 'u' }] }],
    { operationId: 'o' },
  ],
  [
    'sendMessageToListOfChannels',
    (context) => TeamsInfo.sendMessageToListOfChannels(context, MESSAGE, 't', [{ id: 'c' }]),
    ['batches.send', 'channels', { activity: MESSAGE, tenantId: 't', members: [{ id: 'c' }] }],
    { operationId: 'o' },
  ],
  [
    'sendMessageToAllUsersInTenant',
    (context) => TeamsInfo.sendMessageToAllUsersInTenant(context, MESSAGE, 't'),
    ['batches.send', 'tenant', { activity: MESSAGE, tenantId: 't' }],
    { operationId: 'o' },
  ],
  [
    'sendMessageToAllUsersInTeam',
    (context) => TeamsInfo.sendMessageToAllUsersInTeam(context, MESSAGE, 't', 'team-2'),
    ['batches.send', 'team', { activity: MESSAGE, tenantId: 't', teamId: 'team-2' }],
    { operationId: 'o' },
  ],
  ['getOperationState', (context) => TeamsInfo.getOperationState(context, 'o'), ['batches.state', 'o'], { state: 's' }],
  [
    'getFailedEntries',
    (context) => TeamsInfo.getFailedEntries(context, 'o', 'next'),
    ['batches.failedEntries', 'o', 'next'],
    { failedEntryResponses: [] },
  ],
  ['cancelOperation', (context) => TeamsInfo.cancelOperation(context, 'o'), ['batches.cancel', 'o']],
];

const NAMED = CALLS.map((row) => [row[0], row] as const);

describe('calls in a team', () => {
  test.each(NAMED)('%s', async (_name, [, call, expected, answer, resolved = answer]) => {
    const client = fakeConnectorClient({ [String(expected[0])]: answer });
    expect(await call(inTeam(client))).toEqual(resolved);
    expect(client.calls).toEqual([expected]);
  });

  test.each(NAMED)('%s fails as its service does', async (_name, [, call, expected]) => {
    const error = new Error('from the service');
    await expect(call(inTeam(fakeConnectorClient({ [String(expected[0])]: error })))).rejects.toBe(error);
  });

  test.each(NAMED)('%s needs a client', async (_name, [, call]) => {
    await expect(call(inTeam())).rejects.toThrow('This method requires a connector client.');
  });
});

describe('outside a team', () => {
  const members = { 'conversations.getConversationMembers': [], 'conversations.getConversationPagedMembers': {} };

  test('members are those of the conversation', async () => {
    const client = fakeConnectorClient(members);
    const context = contextOf(client, { channelData: { team: { id: 7 } } });
    await TeamsInfo.getMember(context, 'u');
    await TeamsInfo.getMembers(context);
    await TeamsInfo.getPagedMembers(context);
    expect(client.calls.map(([, conversation]) => conversation)).toEqual(['c-1', 'c-1', 'c-1']);
  });

  const TEAM_ONLY: [string, (context: TurnContext) => Promise<unknown>][] = [
    ['getTeamDetails', (context) => TeamsInfo.getTeamDetails(context)],
    ['getTeamChannels', (context) => TeamsInfo.getTeamChannels(context)],
    ['getTeamMembers', (context) => TeamsInfo.getTeamMembers(context)],
    ['getPagedTeamMembers', (context) => TeamsInfo.getPagedTeamMembers(context)],
    ['getTeamMember', (context) => TeamsInfo.getTeamMember(context, undefined, 'u')],
  ];
  test.each(TEAM_ONLY)('%s is refused, whatever the channel data is', async (_name, call) => {
    for (const channelData of [undefined, null, 'x', {}, { team: {} }]) {
      await expect(call(contextOf(fakeConnectorClient(), { channelData }))).rejects.toThrow('MS Teams Team');
    }
  });
});

describe('what is missing is said', () => {
  const MISSING: [message: string, call: (context: TurnContext) => Promise<unknown>][] = [
    ['meetingId or TurnContext containing meetingId is required.', (context) => TeamsInfo.getMeetingInfo(context)],
    ['meetingId is required.', (context) => TeamsInfo.getMeetingParticipant(context)],
    ['participantId is required.', (context) => TeamsInfo.getMeetingParticipant(context, 'm')],
    [
      'meetingId is required.',
      (context) =>
        TeamsInfo.sendMeetingNotification(context, {
          type: 'targetedMeetingNotification',
          value: { recipients: [], surfaces: [] },
        }),
    ],
    ['needs a valid userId', (context) => TeamsInfo.getMember(context, '')],
    ['activity is required.', (context) => TeamsInfo.sendMessageToAllUsersInTenant(context, nothing(), 't')],
    ['tenantId is required.', (context) => TeamsInfo.sendMessageToAllUsersInTenant(context, MESSAGE, '')],
    ['activity is required.', (context) => TeamsInfo.sendMessageToAllUsersInTeam(context, nothing(), 't', 'team')],
    ['teamId is required.', (context) => TeamsInfo.sendMessageToAllUsersInTeam(context, MESSAGE, 't', '')],
    ['members list is required.', (context) => TeamsInfo.sendMessageToListOfUsers(context, MESSAGE, 't', [])],
    ['tenantId is required.', (context) => TeamsInfo.sendMessageToListOfUsers(context, MESSAGE, '', [])],
    ['members list is required.', (context) => TeamsInfo.sendMessageToListOfChannels(context, MESSAGE, 't', nothing())],
    ['operationId is required.', (context) => TeamsInfo.getOperationState(context, '')],
    ['operationId is required.', (context) => TeamsInfo.getFailedEntries(context, '')],
    ['operationId is required.', (context) => TeamsInfo.cancelOperation(context, '')],
    ['Activity cannot be null', (context) => TeamsInfo.sendMessageToTeamsChannel(context, nothing(), 'c')],
    ['The teamsChannelId cannot be null', (context) => TeamsInfo.sendMessageToTeamsChannel(context, MESSAGE, '')],
    ['context is required.', () => TeamsInfo.getMeetingInfo(nothing())],
    ['context is required.', () => TeamsInfo.getMeetingParticipant(nothing())],
    ['Missing context parameter', () => TeamsInfo.getMembers(nothing())],
    ['TurnContext cannot be null', () => TeamsInfo.sendMessageToTeamsChannel(nothing(), MESSAGE, 'c')],
  ];

  test.each(MISSING)('%s', async (message, call) => {
    const client = fakeConnectorClient();
    await expect(call(contextOf(client))).rejects.toThrow(message);
    expect(client.calls).toEqual([]);
  });
});

describe('a message to a channel', () => {
  const send = (created: unknown) => {
    const client = fakeConnectorClient({ 'conversations.createConversation': created });
    return { client, sent: TeamsInfo.sendMessageToTeamsChannel(inTeam(client), MESSAGE, 'channel-1', 'app') };
  };

  test('begins a thread, and returns where it is', async () => {
    const { client, sent } = send({ id: 'thread-1', activityId: 'a-9' });
    const [reference, id] = await sent;
    expect(id).toBe('a-9');
    expect(reference).toEqual({
      activityId: 'a-9',
      bot: { id: 'bot-1', name: 'Bot' },
      channelId: 'msteams',
      conversation: { id: 'thread-1', isGroup: true },
      serviceUrl: 'https://channel.example/',
    });
    expect(client.calls).toEqual([
      [
        'conversations.createConversation',
        { isGroup: true, channelData: { channel: { id: 'channel-1' } }, activity: MESSAGE },
      ],
    ]);
  });

  test('has the id of its thread when Teams gives no other', async () => {
    expect((await send({ id: 'thread-1' }).sent)[1]).toBe('thread-1');
  });
});

test('an adapter that makes clients is asked for one', async () => {
  const client = fakeConnectorClient({ 'teams.fetchTeamDetails': { id: 'team-1' } });
  const asked: string[] = [];
  class Making extends TurnAdapter {
    createConnectorClient(serviceUrl: string) {
      asked.push(serviceUrl);
      return client;
    }
  }
  const context = new Making().createContext(incoming({ channelData: IN_TEAM }));
  expect(await TeamsInfo.getTeamDetails(context)).toEqual({ id: 'team-1' });
  expect(asked).toEqual(['https://channel.example/']);
});

/** What a caller without types passes. */
function nothing<T>(): T {
  return undefined as T;
}
