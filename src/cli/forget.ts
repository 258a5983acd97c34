import type { ErasureRequest } from '../ports/store';
import { type Forgotten as Erased, forgetAll } from '../runtime/forget';
import { TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import type { UserKey } from '../turn/keys';
import { typedKey } from './conversation-key';
import type { Desk, Rung } from './desk';
import type { Report } from './report';

/** Whom to forget: conversations and users, as they were typed. */
export interface Forgotten {
  readonly conversations: readonly string[];
  readonly users: readonly string[];
}

/**
 * `turnwise forget`: erases what is kept about conversations and users. It may be repeated. When it is interrupted, the app's sweep carries
 * out the rest, from a minute later on.
 */
export async function forget(desk: Desk, { conversations, users }: Forgotten): Promise<Report> {
  const requests: ErasureRequest[] = [
    ...conversations.map((typed) => ({ conversation: typedKey(typed) })),
    ...users.map((typed) => ({ user: typedUser(typed) })),
  ];
  if (requests.length === 0) throw new TurnwiseError('NobodyToForget');
  const done = await forgetAll(desk, requests).catch((error: unknown) => interrupted(desk, error));
  const data = {
    conversations: done.flatMap((each) => (each.conversation === undefined ? [] : [each])),
    users: done.flatMap((each) => (each.user === undefined ? [] : [each])),
  };
  const lines = [...done.flatMap(linesOf), ...(data.users.length > 0 ? [LEFT] : [])];
  return { data, text: lines.join('\n') };
}

/** Tells a command that has begun from one that has not. @throws TurnwiseError, or the error itself */
async function interrupted({ store }: Desk, error: unknown): Promise<never> {
  const page =
    error instanceof StoreFault ? await store.erasure.requests(undefined, 1).catch(() => undefined) : undefined;
  throw (page?.requests.length ?? 0) > 0
    ? new TurnwiseError('ForgettingInterrupted', undefined, { cause: error })
    : error;
}

const NOTHING = 'there was nothing';

const LEFT =
  'What a conversation keeps for all its users stays. Another conversation with a user alone is erased with --conversation.';

function linesOf(erased: Erased<Rung>): readonly string[] {
  const { found } = erased;
  if (erased.user === undefined) return [`Conversation ${erased.conversation}: ${found ? 'erased' : NOTHING}.`];
  const { user, personal, conversations } = erased;
  return [
    `User ${user}: ${found || personal !== undefined || conversations.length > 0 ? 'erased' : NOTHING}.`,
    ...(personal === undefined ? [] : [`  with the conversation ${personal}`]),
    ...conversations.map((key) => `  also in ${key}: private state, activities, replies and dead letters of this user`),
  ];
}

/** A user's key is written like a conversation's. */
function typedUser(typed: string): UserKey {
  return typedKey(typed) as string as UserKey;
}
