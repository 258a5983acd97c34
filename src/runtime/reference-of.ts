import type { NewReference, ReferenceState } from '../ports/references';
import type { Activity } from '../schema/activity';
import type { ConversationScope } from '../schema/recipients';
import { type ConversationKey, conversationKey } from '../turn/keys';

/**
 * The reference that an activity leaves behind: how its conversation can be reached later. All threads of a channel share one, that of
 * the channel, which every post can name a thread of.
 *
 * @param vouched whether the caller answers for the identity fields. Otherwise the reference has no Entra id, tenant and team.
 */
export function referenceOf(activity: Activity, vouched: boolean): NewReference {
  const { bot, channelId, conversation, from, locale, serviceUrl } = { ...activity, bot: activity.recipient };
  const scope = scopeOf(activity);
  const { tenantId: said, ...place } = conversation;
  const tenantId = vouched ? (said ?? idIn(activity.channelData, 'tenant')) : undefined;
  const teamId = vouched && scope === 'channel' ? idIn(activity.channelData, 'team') : undefined;
  const { aadObjectId: _, ...user } = from;
  const root = rootOf(conversation.id);
  return {
    id: conversationKey(channelId, root),
    reference: {
      channelId,
      serviceUrl,
      bot,
      conversation: { ...place, id: root, ...(tenantId === undefined ? {} : { tenantId }) },
      ...(scope === 'personal' && from.id !== bot.id ? { user: vouched ? from : user } : {}),
      ...(locale === undefined ? {} : { locale }),
    },
    scope,
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(teamId === undefined ? {} : { teamId }),
    ...(vouched ? { vouched } : {}),
    state: stateOf(activity),
  };
}

/** A thread of a channel is named `<channel>;messageid=<id>`. */
export function rootOf(conversationId: string): string {
  const end = conversationId.indexOf(THREAD_MARK);
  return end < 0 ? conversationId : conversationId.slice(0, end);
}

const THREAD_MARK = ';messageid=';

/** The key under which a conversation's reference is kept. */
export function referenceKey(channelId: string, conversationId: string): ConversationKey {
  return conversationKey(channelId, rootOf(conversationId));
}

function scopeOf({ conversation }: Activity): ConversationScope {
  switch (conversation.conversationType) {
    case 'personal':
    case 'groupChat':
    case 'channel':
      return conversation.conversationType;
    default:
      return conversation.isGroup === true ? 'groupChat' : 'personal';
  }
}

/** Whatever comes from a conversation shows that it can be reached, but for the news that the bot, or its only user, is no longer in it. */
function stateOf(activity: Activity): ReferenceState {
  if (activity.type === 'installationUpdate' && activity.action === 'remove') return 'removed';
  if (activity.type !== 'conversationUpdate') return 'active';
  const left = (activity.membersRemoved ?? []).map(({ id }) => id);
  const leaves = left.includes(activity.recipient.id) || (scopeOf(activity) === 'personal' && left.length > 0);
  return leaves ? 'removed' : 'active';
}

function idIn(channelData: unknown, name: 'tenant' | 'team'): string | undefined {
  const part = propertyOf(channelData, name);
  const id = propertyOf(part, 'id');
  return typeof id === 'string' && id !== '' ? id : undefined;
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
