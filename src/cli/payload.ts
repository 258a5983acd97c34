import type { Activity } from '../schema/activity';
import type { ConversationKey } from '../turn/keys';
import type { Payload } from '../turn/record';
import type { Desk } from './desk';

/** Reads the activity behind a payload, from beside its record if it lies there; `undefined` when it does not (any more). */
export async function loadPayload(
  desk: Desk,
  conversation: ConversationKey,
  payload: Payload,
): Promise<Activity | undefined> {
  if ('inline' in payload) return payload.inline;
  const { ref, index } = payload;
  const body = await desk.ask(({ turns }) => turns.readBody(conversation, ref));
  if (index === undefined) return body as Activity | undefined;
  return (body as readonly Activity[] | undefined)?.[index];
}
