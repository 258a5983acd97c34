import type { Activity } from '../schema/activity';
import type { Mention } from '../schema/entities';

/** The mentions among `activity`'s entities. */
export function getMentions(activity: Partial<Activity>): Mention[] {
  return (activity.entities ?? []).filter(
    (entity): entity is Mention => typeof entity?.type === 'string' && entity.type.toLowerCase() === 'mention',
  );
}

/**
 * Takes the mention of `id` out of `activity.text` (which it changes) and returns the text that remains. As in the Bot Framework
 * SDK, the text of the first matching mention goes, at its first occurrence.
 */
export function removeMentionText(activity: Partial<Activity>, id: string): string {
  const mention = getMentions(activity).find((candidate) => candidate.mentioned?.id === id);
  if (mention !== undefined && typeof activity.text === 'string') {
    // An entity is the channel's, and its properties are what it makes them.
    const said: unknown = mention.text;
    activity.text = activity.text.replace(typeof said === 'string' ? said : '', '').trim();
  }
  return activity.text ?? '';
}

/** Takes the mention of the bot itself out of `activity.text`, and returns the text that remains. */
export function removeRecipientMention(activity: Partial<Activity>): string {
  return removeMentionText(activity, activity.recipient?.id ?? '');
}
