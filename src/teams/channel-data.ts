import type { Activity } from '../schema/activity';
import type {
  OnBehalfOf,
  TeamInfo,
  TeamsChannelData,
  TeamsMeetingInfo,
  TenantInfo,
} from '../schema/teams-channel-data';

/** What Teams added to an activity; nothing when it added nothing that makes sense. */
export function teamsChannelData(activity: Partial<Activity>): TeamsChannelData {
  if (!activity) throw new Error('Missing activity parameter');
  const { channelData } = activity;
  return typeof channelData === 'object' && channelData !== null ? (channelData as TeamsChannelData) : {};
}

/** The id of the channel that was chosen when the bot was installed in a team, or `''`. */
export function teamsGetSelectedChannelId(activity: Partial<Activity>): string {
  return teamsChannelData(activity).settings?.selectedChannel?.id ?? '';
}

/** The meeting that the activity belongs to. */
export function teamsGetTeamMeetingInfo(activity: Partial<Activity>): TeamsMeetingInfo | null {
  return teamsChannelData(activity).meeting || null;
}

/** The organisation that the activity comes from. */
export function teamsGetTenant(activity: Partial<Activity>): TenantInfo | null {
  return teamsChannelData(activity).tenant || null;
}

/** The team that the activity comes from. */
export function teamsGetTeamInfo(activity: Partial<Activity>): TeamInfo | null {
  return teamsChannelData(activity).team || null;
}

/** The id of the team that the activity comes from. */
export function teamsGetTeamId(activity: Partial<Activity>): string | null {
  return teamsGetTeamInfo(activity)?.id || null;
}

/** The id of the channel that the activity comes from. */
export function teamsGetChannelId(activity: Partial<Activity>): string | null {
  return teamsChannelData(activity).channel?.id || null;
}

/** In whose name the activity was sent. */
export function teamsGetTeamOnBehalfOf(activity: Partial<Activity>): OnBehalfOf[] | null {
  return teamsChannelData(activity).onBehalfOf || null;
}

/** Makes a message to be sent show up in the activity feed, or in the meeting that is going on instead. */
export function teamsNotifyUser(
  activity: Partial<Activity>,
  alertInMeeting = false,
  externalResourceUrl?: string,
): void {
  const channelData = teamsChannelData(activity);
  channelData.notification = { alert: !alertInMeeting, alertInMeeting };
  if (externalResourceUrl !== undefined) channelData.notification.externalResourceUrl = externalResourceUrl;
  activity.channelData = channelData;
}
