import type { Activity } from '../schema/activity';
import type { PagedResult, TranscriptInfo, TranscriptStore } from './transcript';
import { page, requireIds, timeOf } from './transcript-page';

/** Transcripts in memory, by channel and conversation. For tests and development: it grows, and ends with the process. */
export class MemoryTranscriptStore implements TranscriptStore {
  private readonly channels = new Map<string, Map<string, Activity[]>>();

  /** @throws Error without an activity */
  logActivity(activity: Activity): Promise<void> {
    if (!activity) throw new Error('activity cannot be null for logActivity()');
    const conversations = this.channels.get(activity.channelId) ?? new Map<string, Activity[]>();
    this.channels.set(activity.channelId, conversations);
    const transcript = conversations.get(activity.conversation.id) ?? [];
    conversations.set(activity.conversation.id, transcript);
    transcript.push(activity);
    return Promise.resolve();
  }

  /** @throws Error without a channel or a conversation */
  getTranscriptActivities(
    channelId: string,
    conversationId: string,
    continuationToken?: string,
    startDate?: Date,
  ): Promise<PagedResult<Activity>> {
    requireIds({ channelId, conversationId });
    const transcript = this.channels.get(channelId)?.get(conversationId) ?? [];
    const wanted = transcript
      .filter((activity) => startDate === undefined || timeOf(activity) >= startDate.getTime())
      .sort((one, other) => timeOf(one) - timeOf(other));
    return Promise.resolve(page(wanted, continuationToken));
  }

  /** @throws Error without a channel */
  listTranscripts(channelId: string, continuationToken?: string): Promise<PagedResult<TranscriptInfo>> {
    requireIds({ channelId });
    const infos = [...(this.channels.get(channelId) ?? [])]
      .map(([id, activities]) => ({ channelId, id, created: new Date(activities[0] ? timeOf(activities[0]) : 0) }))
      .sort((one, other) => one.created.getTime() - other.created.getTime());
    return Promise.resolve(page(infos, continuationToken));
  }

  /** @throws Error without a channel or a conversation */
  deleteTranscript(channelId: string, conversationId: string): Promise<void> {
    requireIds({ channelId, conversationId });
    this.channels.get(channelId)?.delete(conversationId);
    return Promise.resolve();
  }
}
