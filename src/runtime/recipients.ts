import type { StoredReference } from '../ports/references';
import type { Store } from '../ports/store';
import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { TurnwiseError } from '../schema/errors';
import { isPathId } from '../schema/ids';
import type { KeptRecipient, Recipient } from '../schema/recipients';
import { type ConversationKey, conversationKey, parseConversationKey } from '../turn/keys';
import { persist } from './persist';
import { referenceKey } from './reference-of';
import type { Runtime } from './runtime';

/** A conversation that can be posted to, and how it is reached. */
export interface ResolvedRecipient {
  readonly to: ConversationKey;
  readonly reference: ConversationReference;
}

/**
 * Finds the conversation of a recipient.
 * @throws TurnwiseError `RecipientUnknown`, `RecipientBlocked`, `RecipientRemoved`; StoreFault
 */
export async function resolveRecipient(store: Store, recipient: Recipient): Promise<ResolvedRecipient> {
  if (isReference(recipient)) return resolved(recipient);
  const { stored, conversationId } = await find(store, recipient);
  if (stored === undefined) throw new TurnwiseError('RecipientUnknown');
  assertReachable(stored);
  return resolved(inConversation(stored.reference, conversationId));
}

/** @throws TurnwiseError `RecipientBlocked`, `RecipientRemoved` */
export function assertReachable({ state }: Pick<StoredReference, 'state'>): void {
  if (state === 'blocked') throw new TurnwiseError('RecipientBlocked');
  if (state === 'removed') throw new TurnwiseError('RecipientRemoved');
}

interface Found {
  readonly stored: StoredReference | undefined;
  /** Where it is not the one of the reference: a thread of its channel. */
  readonly conversationId?: string;
}

async function find({ references }: Store, recipient: KeptRecipient): Promise<Found> {
  // Half a character is in no id, and cannot be part of a key.
  if (Object.values(recipient).some((text) => /\p{Cs}/u.test(String(text)))) return { stored: undefined };
  if ('reference' in recipient) {
    const id = parseConversationKey(String(recipient.reference));
    return { stored: id === undefined ? undefined : await references.get(id) };
  }
  if ('user' in recipient) {
    const { user, channelId } = recipient;
    const byChannel = channelId === undefined ? undefined : await references.ofUser({ channelId, userId: user });
    const stored = byChannel ?? (await references.ofUser({ entraId: user }));
    const elsewhere = channelId !== undefined && stored?.reference.channelId !== channelId;
    return { stored: elsewhere ? undefined : stored };
  }
  if ('team' in recipient) {
    // A team's id is that of its general channel.
    return { stored: await references.ofTeam(recipient.team), conversationId: recipient.team };
  }
  const { channelId, conversation } = recipient;
  return { stored: await references.get(referenceKey(channelId, conversation)), conversationId: conversation };
}

function isReference(recipient: Recipient): recipient is Partial<ConversationReference> {
  return 'serviceUrl' in recipient;
}

/** @throws TurnwiseError `RecipientUnknown` when it is not a whole reference */
function resolved(reference: Partial<ConversationReference>): ResolvedRecipient {
  const { activityId, ...rest } = reference;
  const { channelId, serviceUrl, conversation, bot } = rest;
  // What cannot be the id of a conversation that came in is none: it becomes a key, and part of an address.
  const isPlace = isPathId(channelId) && isPathId(conversation?.id);
  if (!isPlace || !serviceUrl) throw new TurnwiseError('RecipientUnknown');
  return {
    to: conversationKey(channelId, conversation.id),
    reference: { ...rest, channelId, serviceUrl, conversation, bot: bot ?? { id: '' } },
  };
}

function inConversation(reference: ConversationReference, id: string | undefined): ConversationReference {
  return id === undefined ? reference : { ...reference, conversation: { ...reference.conversation, id } };
}

/**
 * A posted activity as its recipient is reached now: the address may have changed since.
 * @throws TurnwiseError `RecipientBlocked`, `RecipientRemoved`; StoreFault
 */
export async function atRecipient({ clock, keeper, store }: Runtime, activity: Activity): Promise<Activity> {
  if (keeper === undefined) return activity;
  const id = referenceKey(activity.channelId, activity.conversation.id);
  const stored = await persist(clock, () => store.references.get(id), { limitMs: store.timing.leaseMs });
  if (stored === undefined) return activity;
  assertReachable(stored);
  const { bot, serviceUrl } = stored.reference;
  return { ...activity, serviceUrl, recipient: bot };
}
