import type { Activity } from '../schema/activity';
import { ActivityTypes, DeliveryModes, StatusCodes } from '../schema/constants';
import type { InvokeResponse } from '../schema/invoke';
import { INVOKE_RESPONSE_KEY } from './keys';
import type { TurnContext } from './turn-context';

/**
 * What the HTTP response of a turn has to say, once the turn has run: the collected replies for `expectReplies`; for an `invoke` the
 * stored response, or 501 when there is none; `undefined` for what needs no answer.
 */
export function turnAnswer(context: TurnContext): InvokeResponse | undefined {
  if (context.activity.deliveryMode === DeliveryModes.ExpectReplies) {
    return { status: StatusCodes.OK, body: { activities: context.bufferedReplyActivities } };
  }
  if (context.activity.type !== ActivityTypes.Invoke) return undefined;
  const stored = context.turnState.get<Partial<Activity>>(INVOKE_RESPONSE_KEY);
  return (stored?.value as InvokeResponse | undefined) ?? { status: StatusCodes.NOT_IMPLEMENTED };
}
