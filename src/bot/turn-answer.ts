import type { Activity } from '../schema/activity';
import { ActivityTypes, DeliveryModes, StatusCodes } from '../schema/constants';
import { TurnwiseError } from '../schema/errors';
import type { InvokeResponse } from '../schema/invoke';
import { jsonText } from '../schema/well-formed';
import { INVOKE_RESPONSE_KEY } from './keys';
import type { TurnContext } from './turn-context';

/**
 * What the HTTP response of a turn has to say, once the turn has run: the collected replies for `expectReplies`; for an `invoke` the
 * stored response, or 501 when there is none; `undefined` for what needs no answer. It is a copy, as it goes over the wire.
 *
 * @throws TurnwiseError `AnswerUnusable`
 */
export function turnAnswer(context: TurnContext): InvokeResponse | undefined {
  if (context.activity.deliveryMode === DeliveryModes.ExpectReplies) {
    return asAnswered({ status: StatusCodes.OK, body: { activities: context.bufferedReplyActivities } });
  }
  if (context.activity.type !== ActivityTypes.Invoke) return undefined;
  const stored = context.turnState.get<Partial<Activity>>(INVOKE_RESPONSE_KEY);
  return asAnswered((stored?.value as Partial<InvokeResponse> | undefined) ?? { status: StatusCodes.NOT_IMPLEMENTED });
}

function asAnswered({ status, body }: Partial<InvokeResponse>): InvokeResponse {
  if (status === undefined || !Number.isInteger(status) || status < 200 || status > 599) {
    throw new TurnwiseError('AnswerUnusable');
  }
  const json = BODILESS.has(status) ? undefined : jsonOf(body);
  return json === undefined ? { status } : { status, body: JSON.parse(json) };
}

/** HTTP statuses whose responses have no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

function jsonOf(body: unknown): string | undefined {
  try {
    return jsonText(body);
  } catch (cause) {
    throw new TurnwiseError('AnswerUnusable', undefined, { cause });
  }
}
