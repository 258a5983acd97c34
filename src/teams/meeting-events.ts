import { TerminalError } from '../bot/turn-errors';
import type { Activity } from '../schema/activity';
import type {
  MeetingEndEventDetails,
  MeetingEventDetails,
  MeetingParticipantsEventDetails,
  MeetingStartEventDetails,
} from '../schema/teams-meetings';

/** What the event of a meeting's beginning tells. @throws TerminalError when it is not one: another attempt would read the same. */
export function meetingStart(activity: Activity): MeetingStartEventDetails {
  return { ...meeting(activity), startTime: new Date(text(activity, 'StartTime')) };
}

/** What the event of a meeting's end tells. @throws TerminalError when it is not one. */
export function meetingEnd(activity: Activity): MeetingEndEventDetails {
  return { ...meeting(activity), endTime: new Date(text(activity, 'EndTime')) };
}

/** Who joined or left. */
export function meetingParticipants({ value }: Activity): MeetingParticipantsEventDetails {
  const { members } = (value ?? {}) as MeetingParticipantsEventDetails;
  return { members };
}

function meeting(activity: Activity): MeetingEventDetails {
  return {
    id: text(activity, 'Id'),
    joinUrl: text(activity, 'JoinUrl'),
    meetingType: text(activity, 'MeetingType'),
    title: text(activity, 'Title'),
  };
}

/** Teams writes the names of these properties with a capital, and nowhere else. */
function text({ name, value }: Activity, property: string): string {
  const found = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[property] : undefined;
  if (typeof found !== 'string') throw new TerminalError(`The event ${name} lacks "${property}".`);
  return found;
}
