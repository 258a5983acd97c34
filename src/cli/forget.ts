import type { EarlierPlace } from '../ports/earlier-state';
import { TurnwiseError } from '../schema/errors';
import { type ConversationKey, partsOfKey, type UserKey } from '../turn/keys';
import { typedKey } from './conversation-key';
import type { Desk, Rung } from './desk';
import type { Report } from './report';

/** Whom to forget: conversations and users, as they were typed. */
export interface Forgotten {
  readonly conversations: readonly string[];
  readonly users: readonly string[];
}

/**
 * `turnwise forget`: erases what is kept about conversations and users. It may be repeated, and has to be when it ends with an error: what
 * it did until then is done.
 */
export async function forget(desk: Desk, { conversations, users }: Forgotten): Promise<Report> {
  const keys = conversations.map((typed) => typedKey(typed));
  const userKeys = users.map(typedUser);
  if (keys.length + userKeys.length === 0) throw new TurnwiseError('NobodyToForget');
  const erased: { conversation: ConversationKey; found: boolean; ring: Rung }[] = [];
  for (const conversation of keys) {
    const found = await eraseConversation(desk, conversation);
    // Changes of user state that were committed there are still to be made.
    erased.push({ conversation, found, ring: await desk.ring(conversation) });
  }
  const forgotten = [];
  for (const user of userKeys) forgotten.push(await forgetUser(desk, user));
  const lines = [
    ...erased.map(({ conversation, found }) => `Conversation ${conversation}: ${found ? 'erased' : NOTHING}.`),
    ...forgotten.flatMap(({ user, found, personal, conversations: touched }) => [
      `User ${user}: ${found || personal !== undefined || touched.length > 0 ? 'erased' : NOTHING}.`,
      ...(personal === undefined ? [] : [`  with the conversation ${personal}`]),
      ...touched.map((key) => `  also in ${key}: private state, activities, replies and dead letters of this user`),
    ]),
    ...(forgotten.length > 0 ? [LEFT] : []),
  ];
  return { data: { conversations: erased, users: forgotten }, text: lines.join('\n') };
}

const NOTHING = 'there was nothing';

const LEFT =
  'What a conversation keeps for all its users stays. Another conversation with a user alone is erased with --conversation.';

/** The way to the conversation, and the conversation: whatever else is kept about one is erased here. */
async function eraseConversation(desk: Desk, key: ConversationKey): Promise<boolean> {
  // The original first: as long as it is there, the next turn takes it over again.
  const originals = await removeOriginal(desk, { conversation: key });
  const known = await desk.ask(({ references }) => references.forget(key));
  return (await desk.ask(({ erasure }) => erasure.conversation(key))) || known || originals > 0;
}

/**
 * The user's own record first: what a turn in flight has of it can then no longer be written back. Then the conversation with this user
 * alone, if it is known, and what others keep of the user. Whatever else is kept about a user is erased here.
 */
async function forgetUser(desk: Desk, user: UserKey) {
  const { channelId, id: userId } = partsOfKey(user);
  const originals = await removeOriginal(desk, { user });
  const found = (await desk.ask(({ erasure }) => erasure.user(user))) || originals > 0;
  const personal = (await desk.ask(({ references }) => references.ofUser({ channelId, userId })))?.id;
  if (personal !== undefined) {
    await eraseConversation(desk, personal);
    await desk.ring(personal);
  }
  const conversations: ConversationKey[] = [];
  for (const key of await desk.ask(({ erasure }) => erasure.conversationsOf(user))) {
    if (!(await desk.ask(({ erasure }) => erasure.userIn(key, user)))) continue;
    conversations.push(key);
    await desk.ring(key);
  }
  return { user, found, ...(personal === undefined ? {} : { personal }), conversations };
}

/** State of the bot's earlier SDK, if the settings name one. */
async function removeOriginal(desk: Desk, place: EarlierPlace): Promise<number> {
  return desk.earlier === undefined ? 0 : desk.ask(() => desk.earlier?.remove(place) ?? Promise.resolve(0));
}

/** A user's key is written like a conversation's. */
function typedUser(typed: string): UserKey {
  return typedKey(typed) as string as UserKey;
}
