import type { Storage } from '../bot/storage';
import type { Activity } from '../schema/activity';
import { withDates } from '../schema/timestamps';
import { StorageLog } from './storage-log';
import type { PagedResult, TranscriptInfo, TranscriptStore } from './transcript';
import { requireIds, timeOf } from './transcript-page';

/** A conversation in the list of its channel. */
interface Listed {
  readonly id: string;
  /** ISO 8601. */
  readonly created: string;
}

/**
 * Transcripts on a `Storage` with real ETags, such as Cosmos DB or Blob Storage: for several instances, and for good. Activities are in
 * the order in which they were written down, by time within a page.
 */
export class StorageTranscriptStore implements TranscriptStore {
  /** One write after the other per conversation: those of one instance need not get into each other's way. */
  private readonly writing = new Map<string, Promise<void>>();

  /** @throws Error without a storage */
  constructor(private readonly storage: Storage) {
    if (!storage) throw new Error('Missing storage.');
  }

  /** @throws Error without an activity; and what the storage throws */
  async logActivity(activity: Activity): Promise<void> {
    if (!activity) throw new Error('activity cannot be null for logActivity()');
    const key = JSON.stringify([activity.channelId, activity.conversation.id]);
    const before = this.writing.get(key) ?? Promise.resolve();
    const write = before.catch(() => undefined).then(() => this.write(activity));
    this.writing.set(key, write);
    try {
      await write;
    } finally {
      if (this.writing.get(key) === write) this.writing.delete(key);
    }
  }

  /** @throws Error without a channel or a conversation */
  async getTranscriptActivities(
    channelId: string,
    conversationId: string,
    continuationToken?: string,
    startDate?: Date,
  ): Promise<PagedResult<Activity>> {
    requireIds({ channelId, conversationId });
    const log = this.transcript(channelId, conversationId);
    return pageOf(log, continuationToken, (activities) =>
      activities
        .map(withDates)
        .filter((activity) => startDate === undefined || timeOf(activity) >= startDate.getTime())
        .sort((one, other) => timeOf(one) - timeOf(other)),
    );
  }

  /** @throws Error without a channel */
  async listTranscripts(channelId: string, continuationToken?: string): Promise<PagedResult<TranscriptInfo>> {
    requireIds({ channelId });
    return pageOf(this.list(channelId), continuationToken, (listed) => {
      // Two instances that begin a transcript at the same moment may both have listed it.
      const created = new Map(listed.map((each) => [each.id, each.created]));
      return [...created].map(([id, date]) => ({ channelId, id, created: new Date(date) }));
    });
  }

  /** @throws Error without a channel or a conversation */
  async deleteTranscript(channelId: string, conversationId: string): Promise<void> {
    requireIds({ channelId, conversationId });
    await this.transcript(channelId, conversationId).clear();
    await this.list(channelId).remove(({ id }) => id === conversationId);
  }

  private async write(activity: Activity): Promise<void> {
    const { channelId, conversation } = activity;
    const log = this.transcript(channelId, conversation.id);
    // Listed before it is there: the other way round, a crash in between would leave a transcript that nobody finds.
    if ((await log.page(0)) === undefined) {
      await this.list(channelId).remove(({ id }) => id === conversation.id);
      await this.list(channelId).append({ id: conversation.id, created: new Date(timeOf(activity)).toISOString() });
    }
    await log.append(activity);
  }

  private transcript(channelId: string, conversationId: string): StorageLog<Activity> {
    const [channel, conversation] = [encodeURIComponent(channelId), encodeURIComponent(conversationId)];
    return new StorageLog(this.storage, `transcripts/${channel}/${conversation}`);
  }

  private list(channelId: string): StorageLog<Listed> {
    return new StorageLog(this.storage, `transcriptList/${encodeURIComponent(channelId)}`);
  }
}

/** The next page with something on it, from the one that the token names. */
async function pageOf<T, R>(
  log: StorageLog<T>,
  continuationToken: string | undefined,
  resultsOf: (entries: readonly T[]) => R[],
): Promise<PagedResult<R>> {
  for (let number = Number(continuationToken || 0); ; number += 1) {
    const entries = await log.page(number);
    if (entries === undefined) return { items: [], continuationToken: undefined };
    const items = resultsOf(entries);
    const more = (await log.page(number + 1)) !== undefined;
    if (items.length > 0 || !more) return { items, continuationToken: more ? String(number + 1) : undefined };
  }
}
