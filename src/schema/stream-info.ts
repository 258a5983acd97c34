import type { Activity } from './activity';
import type { Entity, StreamInfo } from './entities';

const STREAM_INFO = 'streaminfo';

/** What a piece of a streamed message says about its stream, beside the entity's type. */
export type StreamPiece = Omit<StreamInfo, 'type'> & { readonly streamType: 'informative' | 'streaming' | 'final' };

/**
 * Marks an activity as a piece of a streamed message: with the entity that Teams reads, and with the same in `channelData`, which is where
 * Web Chat looks.
 */
export function withStreamInfo<T extends Partial<Activity>>(activity: T, piece: StreamPiece): T {
  const entities: Entity[] = [{ type: STREAM_INFO, ...piece }, ...(activity.entities ?? [])];
  const channelData: unknown = activity.channelData;
  return { ...activity, entities, channelData: { ...(typeof channelData === 'object' ? channelData : {}), ...piece } };
}

/** Whether an activity is the message with which a stream ends. */
export function isFinalOfStream({ entities }: Partial<Activity>): boolean {
  return entities?.some(({ type, streamType }) => type === STREAM_INFO && streamType === 'final') ?? false;
}

/** The same message on its own, without its stream. */
export function withoutStreamInfo(activity: Activity): Activity {
  const { entities = [], channelData, ...rest } = activity;
  const kept = entities.filter(({ type }) => type !== STREAM_INFO);
  const { streamId, streamSequence, streamType, ...own } = (channelData ?? {}) as Record<string, unknown>;
  return {
    ...rest,
    ...(kept.length === 0 ? {} : { entities: kept }),
    ...(Object.keys(own).length === 0 ? {} : { channelData: own }),
  } as Activity;
}
