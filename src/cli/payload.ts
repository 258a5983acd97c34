import type { Activity } from '../schema/activity';
import type { ConversationKey } from '../turn/keys';
import { activityIn, type Payload } from '../turn/record';
import type { Desk } from './desk';

/** Reads the activity behind a payload, from beside its record if it lies there; `undefined` when it does not (any more). */
export async function loadPayload(
  desk: Desk,
  conversation: ConversationKey,
  payload: Payload,
): Promise<Activity | undefined> {
  if ('inline' in payload) return payload.inline;
  return activityIn(payload, await desk.ask(({ turns }) => turns.readBody(conversation, payload.ref)));
}
