import type { NamedAccount } from './accounts';
import type { Extensible } from './json';

/** A channel of a team. */
export interface ChannelInfo extends Extensible {
  id?: string;
  name?: string;
  /** `standard`, `private` or `shared`. */
  type?: string;
}

/** A team. */
export interface TeamInfo extends Extensible {
  id?: string;
  name?: string;
  aadGroupId?: string;
}

/** A team, with what only a call to Teams tells. */
export interface TeamDetails extends TeamInfo {
  channelCount?: number;
  memberCount?: number;
  /** `standard`, `sharedChannel` or `privateChannel`. */
  type?: string;
}

/** The channels of a team. */
export interface ConversationList extends Extensible {
  conversations?: ChannelInfo[];
}

/** An organisation. */
export interface TenantInfo extends Extensible {
  id?: string;
}

/** A meeting, by its id. */
export interface TeamsMeetingInfo extends Extensible {
  id?: string;
}

/** Whether a message shows up in the activity feed, or in the meeting that is going on. */
export interface NotificationInfo extends Extensible {
  alert?: boolean;
  alertInMeeting?: boolean;
  externalResourceUrl?: string;
}

/** Somebody in whose name the bot speaks. */
export interface OnBehalfOf extends Extensible {
  itemid: number;
  mentionType: string;
  mri: string;
  displayName?: string;
}

/** The settings with which a bot was installed. */
export interface TeamsChannelDataSettings extends Extensible {
  selectedChannel?: ChannelInfo;
}

/** What Teams adds to an activity, in `activity.channelData`. */
export interface TeamsChannelData extends Extensible {
  channel?: ChannelInfo;
  /** Which event a `conversationUpdate`, `messageUpdate` or `messageDelete` stands for. */
  eventType?: string;
  team?: TeamInfo;
  notification?: NotificationInfo;
  tenant?: TenantInfo;
  meeting?: TeamsMeetingInfo;
  settings?: TeamsChannelDataSettings;
  onBehalfOf?: OnBehalfOf[];
}

/** A user of Teams, with what only a call to Teams tells. */
export interface TeamsChannelAccount extends NamedAccount {
  givenName?: string;
  surname?: string;
  email?: string;
  userPrincipalName?: string;
  tenantId?: string;
  userRole?: string;
}

/** One page of the members of a conversation. */
export interface TeamsPagedMembersResult extends Extensible {
  /** Hand it back for the next page; there is none when it is empty. */
  continuationToken: string;
  members: TeamsChannelAccount[];
}
