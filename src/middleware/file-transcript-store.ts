import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Activity } from '../schema/activity';
import { withDates } from '../schema/timestamps';
import type { PagedResult, TranscriptInfo, TranscriptStore } from './transcript';
import { page, requireIds, timeOf } from './transcript-page';

/**
 * Transcripts in files: a folder per channel, in it one per conversation, in it a file per activity, named after its time and its id. For
 * development, and for machines whose disk lasts.
 */
export class FileTranscriptStore implements TranscriptStore {
  private readonly folder: string;

  /** @throws Error without a folder */
  constructor(folder: string) {
    if (!folder) throw new Error('Missing folder.');
    this.folder = folder;
  }

  /** @throws Error without an activity */
  async logActivity(activity: Activity): Promise<void> {
    if (!activity) throw new Error('activity cannot be null for logActivity()');
    const folder = this.transcriptFolder(activity.channelId, activity.conversation.id);
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, fileName(activity)), JSON.stringify(activity, null, '\t'), 'utf8');
  }

  /** @throws Error without a channel or a conversation */
  async getTranscriptActivities(
    channelId: string,
    conversationId: string,
    continuationToken?: string,
    startDate?: Date,
  ): Promise<PagedResult<Activity>> {
    requireIds({ channelId, conversationId });
    const folder = this.transcriptFolder(channelId, conversationId);
    const names = (await activityFiles(folder)).filter((name) => startDate === undefined || timeIn(name) >= startDate);
    const { items, continuationToken: next } = page(names, continuationToken);
    return { items: await Promise.all(items.map((name) => readActivity(folder, name))), continuationToken: next };
  }

  /** @throws Error without a channel */
  async listTranscripts(channelId: string, continuationToken?: string): Promise<PagedResult<TranscriptInfo>> {
    requireIds({ channelId });
    const channel = path.join(this.folder, safeName(channelId));
    const { items, continuationToken: next } = page(await namesIn(channel), continuationToken);
    const infos = await Promise.all(items.map((name) => transcriptInfo(channelId, path.join(channel, name))));
    return { items: infos.filter((info) => info !== undefined), continuationToken: next };
  }

  /** @throws Error without a channel or a conversation */
  async deleteTranscript(channelId: string, conversationId: string): Promise<void> {
    requireIds({ channelId, conversationId });
    await rm(this.transcriptFolder(channelId, conversationId), { recursive: true, force: true });
  }

  private transcriptFolder(channelId: string, conversationId: string): string {
    return path.join(this.folder, safeName(channelId), safeName(conversationId));
  }
}

/** Names of folders are not always ids; the activities say what the id is. */
async function transcriptInfo(channelId: string, folder: string): Promise<TranscriptInfo | undefined> {
  const [first] = await activityFiles(folder);
  if (first === undefined) return undefined;
  const { conversation } = await readActivity(folder, first);
  return { channelId, id: conversation.id, created: timeIn(first) };
}

async function readActivity(folder: string, name: string): Promise<Activity> {
  return withDates(JSON.parse(await readFile(path.join(folder, name), 'utf8')) as Activity);
}

async function activityFiles(folder: string): Promise<string[]> {
  return (await namesIn(folder)).filter((name) => name.endsWith('.json'));
}

/** By name, which is by time. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** As many digits for every time, so that names sort by it. */
function fileName(activity: Activity): string {
  const { id } = activity;
  return `${Math.max(0, timeOf(activity)).toString(16).padStart(12, '0')}-${safeName(id ?? '')}.json`;
}

function timeIn(name: string): Date {
  return new Date(Number.parseInt(name.split('-', 1)[0] ?? '', 16));
}

const MAX_NAME = 120;

/** Stands before the hash in a name. Escaped names never hold it, so an id that is spelled like the name of another has a name of its own. */
const HASH_MARK = '=';

/** Returns a name that no file system minds, and that no two ids share: what is not plain is escaped, and what is too long is hashed. */
function safeName(id: string): string {
  const escaped = [...Buffer.from(id, 'utf8')]
    .map((byte) => String.fromCharCode(byte))
    .map((character) => (/[a-z0-9_@-]/.test(character) ? character : `%${hex(character)}`))
    .join('');
  if (escaped.length <= MAX_NAME) return escaped;
  const hash = `${HASH_MARK}${createHash('sha256').update(id).digest('hex')}`;
  return `${escaped.slice(0, MAX_NAME - hash.length)}${hash}`;
}

/** Capitals are escaped too, because some file systems take them for small letters. */
function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, '0');
}
