import { describe, expect, test } from '@jest/globals';
import * as published from 'botbuilder';
import type { Activity } from '../../src/schema/activity';
import {
  teamsGetChannelId,
  teamsGetSelectedChannelId,
  teamsGetTeamId,
  teamsGetTeamInfo,
  teamsGetTeamMeetingInfo,
  teamsGetTeamOnBehalfOf,
  teamsGetTenant,
  teamsNotifyUser,
} from '../../src/teams/channel-data';
import { incoming } from '../support/run-bot';

const READERS = [
  ['teamsGetChannelId', teamsGetChannelId, published.teamsGetChannelId],
  ['teamsGetSelectedChannelId', teamsGetSelectedChannelId, published.teamsGetSelectedChannelId],
  ['teamsGetTeamId', teamsGetTeamId, published.teamsGetTeamId],
  ['teamsGetTeamInfo', teamsGetTeamInfo, published.teamsGetTeamInfo],
  ['teamsGetTeamMeetingInfo', teamsGetTeamMeetingInfo, published.teamsGetTeamMeetingInfo],
  ['teamsGetTeamOnBehalfOf', teamsGetTeamOnBehalfOf, published.teamsGetTeamOnBehalfOf],
  ['teamsGetTenant', teamsGetTenant, published.teamsGetTenant],
] as const;

const FULL = {
  team: { id: 't', name: 'Team' },
  channel: { id: 'c' },
  tenant: { id: 'x' },
  meeting: { id: 'm' },
  settings: { selectedChannel: { id: 's' } },
  onBehalfOf: [{ itemid: 0, mentionType: 'person', mri: 'u' }],
};

describe.each(READERS)('%s', (_name, ours, theirs) => {
  const read = (channelData: unknown) => ours(incoming({ channelData }));

  test('reads what the Bot Framework SDK reads', () => {
    for (const channelData of [FULL, {}, undefined, 'text', { team: {}, channel: {}, settings: {} }, { team: '' }]) {
      const activity = incoming({ channelData });
      expect(ours(activity)).toEqual(theirs(activity as published.Activity));
    }
  });

  test('finds nothing in what is no channel data', () => {
    expect(read(null)).toEqual(read({}));
    expect(read([])).toEqual(read({}));
  });

  test('says that the activity is missing', () => {
    expect(() => ours(undefined as unknown as Activity)).toThrow('Missing activity parameter');
  });
});

describe('teamsNotifyUser', () => {
  const NOTIFICATIONS: [given: [alertInMeeting?: boolean, url?: string], notification: object][] = [
    [[], { alert: true, alertInMeeting: false }],
    [[true], { alert: false, alertInMeeting: true }],
    [[true, 'https://p.example/'], { alert: false, alertInMeeting: true, externalResourceUrl: 'https://p.example/' }],
  ];
  test.each(NOTIFICATIONS)('%j', (given, notification) => {
    const message: Partial<Activity> = { type: 'message', channelData: { kept: 1 } };
    const theirs = structuredClone(message) as Partial<published.Activity>;
    teamsNotifyUser(message, ...given);
    published.teamsNotifyUser(theirs, ...given);
    expect(message).toEqual({ type: 'message', channelData: { kept: 1, notification } });
    expect(JSON.stringify(message)).toBe(JSON.stringify(theirs));
  });

  test('makes channel data where there is none', () => {
    for (const channelData of [undefined, null, 'text']) {
      const message: Partial<Activity> = { channelData };
      teamsNotifyUser(message);
      expect(message.channelData).toEqual({ notification: { alert: true, alertInMeeting: false } });
    }
  });
});
