import type { NewReference, ReferenceState } from '../ports/references';
import type { ChannelAccount } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { defined } from '../schema/defined';
import type { ConversationScope } from '../schema/recipients';
import { idIn, referenceFields } from '../schema/reference-fields';
import { type ConversationKey, conversationKey } from '../turn/keys';

/**
 * Returns the reference that an activity leaves behind: how its conversation can be reached later. All threads of a channel share one, that
 * of the channel, which every post can name a thread of. Fields that are not named here or in `src/schema/reference-fields.ts` stay out.
 *
 * @param vouched true when the caller answers for the identity fields; false when the channel's service fills them in and does not answer
 * for them here. Without true the reference has no Entra id, tenant and team.
 */
export function referenceOf(activity: Activity, vouched: boolean | undefined): NewReference {
  const { channelId, channelData, conversation, from, locale, recipient, serviceUrl } = activity;
  const scope = scopeOf(activity);
  const root = rootOf(conversation.id);
  const isVouched = vouched === true;
  const tenantId = isVouched ? (idIn(conversation.tenantId) ?? idOf(channelData, 'tenant')) : undefined;
  const teamId = isVouched && scope === 'channel' ? idOf(channelData, 'team') : undefined;
  const bot = recipient ?? NO_BOT;
  const user = scope === 'personal' && from?.id && from.id !== bot.id ? from : undefined;
  const address = { channelId, serviceUrl, bot, conversation: { ...conversation, id: root, ...defined({ tenantId }) } };
  return {
    id: conversationKey(channelId, root),
    reference: referenceFields({ ...address, ...defined({ user, locale }) }, isVouched),
    scope,
    ...defined({ tenantId, teamId, vouched }),
    state: stateOf(activity),
  };
}

const NO_BOT: ChannelAccount = { id: '' };

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
  const leaves = left.includes(activity.recipient?.id ?? '') || (scopeOf(activity) === 'personal' && left.length > 0);
  return leaves ? 'removed' : 'active';
}

function idOf(channelData: unknown, name: 'tenant' | 'team'): string | undefined {
  return idIn(propertyOf(propertyOf(channelData, name), 'id'));
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
