import type { Activity } from '../schema/activity';
import { Channels, StatusCodes } from '../schema/constants';
import type {
  AdaptiveCardInvokeAction,
  AdaptiveCardInvokeResponse,
  AdaptiveCardInvokeValue,
  SearchInvokeValue,
} from '../schema/invoke';
import { InvokeException } from './invoke-exception';

/** The value of an `application/search` invoke. @throws InvokeException 400 when it is not one. */
export function searchInvokeValue(activity: Activity): SearchInvokeValue {
  const value = objectOf(activity.value);
  if (value === undefined) throw badRequest('BadRequest', 'Missing value property for search');
  // Teams leaves the kind out of its type-ahead searches.
  const kind = value.kind || (activity.channelId === Channels.Msteams ? 'search' : undefined);
  if (!kind) throw badRequest('BadRequest', 'Missing kind property for search.');
  if (!value.queryText) throw badRequest('BadRequest', 'Missing queryText for search.');
  return { ...value, kind } as SearchInvokeValue;
}

/** The value of an `adaptiveCard/action` invoke. @throws InvokeException 400 when it is not an `Action.Execute`. */
export function adaptiveCardInvokeValue(activity: Activity): AdaptiveCardInvokeValue {
  const value = objectOf(activity.value);
  if (value === undefined) throw badRequest('BadRequest', 'Missing value property');
  const action = objectOf(value.action);
  if (action === undefined) throw badRequest('BadRequest', 'Missing action property');
  if (action.type !== 'Action.Execute') {
    // Not every object can be made a text.
    const type = typeof action.type === 'object' && action.type !== null ? 'object' : String(action.type);
    throw badRequest('NotSupported', `The action '${type}' is not supported.`);
  }
  const authentication = objectOf(value.authentication) ?? {};
  return {
    action: pick(action, ['data', 'id', 'type', 'verb']) as AdaptiveCardInvokeAction,
    authentication: pick(authentication, ['connectionName', 'id', 'token']),
    ...pick(value, ['state']),
  };
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function pick(from: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
}

/** The body is the error shape that clients of Universal Actions know. */
function badRequest(code: string, message: string): InvokeException<AdaptiveCardInvokeResponse> {
  return new InvokeException(StatusCodes.BAD_REQUEST, {
    statusCode: StatusCodes.BAD_REQUEST,
    type: 'application/vnd.microsoft.error',
    value: { code, message },
  });
}
