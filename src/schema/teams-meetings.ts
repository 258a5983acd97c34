import type { ConversationAccount } from './accounts';
import type { Extensible, Untyped } from './json';
import type { OnBehalfOf, TeamsChannelAccount } from './teams-channel-data';

/** The part that somebody has in a meeting. */
export interface Meeting extends Extensible {
  role?: string;
  inMeeting?: boolean;
}

/** A participant of a meeting. */
export interface TeamsMeetingParticipant extends Extensible {
  user?: TeamsChannelAccount;
  meeting?: Meeting;
  conversation?: ConversationAccount;
}

/** What Teams knows of a meeting. */
export interface MeetingDetails extends Extensible {
  id: string;
  joinUrl: string;
  title: string;
  msGraphResourceId: string;
  scheduledStartTime?: Date;
  scheduledEndTime?: Date;
  type: string;
}

/** A meeting with its chat and its organizer. */
export interface MeetingInfo extends Extensible {
  details: MeetingDetails;
  conversation: ConversationAccount;
  organizer: TeamsChannelAccount;
}

/** What the events of a meeting tell of it. */
export interface MeetingEventDetails {
  id: string;
  joinUrl: string;
  title: string;
  meetingType: string;
}

/** A meeting that has begun. */
export interface MeetingStartEventDetails extends MeetingEventDetails {
  startTime: Date;
}

/** A meeting that has ended. */
export interface MeetingEndEventDetails extends MeetingEventDetails {
  endTime: Date;
}

/** The part that a member has in a meeting, in events. */
export interface UserMeetingDetails extends Extensible {
  inMeeting: boolean;
  role: string;
}

/** A member of a meeting, in events. */
export interface TeamsMeetingMember extends Extensible {
  user: TeamsChannelAccount;
  meeting: UserMeetingDetails;
}

/** Who joined or left a meeting. */
export interface MeetingParticipantsEventDetails {
  members: TeamsMeetingMember[];
}

/** Content on the stage of a meeting. */
export interface MeetingStageSurface<T = Untyped> {
  surface: 'meetingStage';
  contentType: 'task';
  content: T;
}

/** A badge on the bot's tab in a meeting. */
export interface MeetingTabIconSurface {
  surface: 'meetingTabIcon';
  tabEntityId?: string;
}

/** Where in a meeting a notification shows. */
export type MeetingSurface = MeetingStageSurface | MeetingTabIconSurface;

/** Whom a notification reaches, and where it shows. */
export interface TargetedMeetingNotificationValue {
  /** Ids of the users. */
  recipients: string[];
  surfaces: MeetingSurface[];
}

/** In whose name a notification is sent. */
export interface MeetingNotificationChannelData {
  onBehalfOf?: OnBehalfOf[];
}

/** What every notification of a meeting has. */
export interface MeetingNotificationBase<T> {
  type: string;
  value: T;
}

/** A notification for some participants of a meeting. */
export interface TargetedMeetingNotification extends MeetingNotificationBase<TargetedMeetingNotificationValue> {
  type: 'targetedMeetingNotification';
  channelData?: MeetingNotificationChannelData;
}

/** A notification in a meeting. */
export type MeetingNotification = TargetedMeetingNotification;

/** A participant whom a notification did not reach. */
export interface MeetingNotificationRecipientFailureInfo extends Extensible {
  recipientMri: string;
  failureReason: string;
  errorCode: string;
}

/** Whom a notification did not reach. */
export interface MeetingNotificationResponse extends Extensible {
  recipientsFailureInfo?: MeetingNotificationRecipientFailureInfo[];
}
