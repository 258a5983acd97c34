import type { Activity } from '../schema/activity';
import type { Answer } from '../turn/inline';

/** What the caller is told when the handler needs longer than the caller waits. The answer itself follows as a message. */
const TEXT = 'This takes a little longer. The answer follows.';

const message = { type: 'message', value: TEXT };

/**
 * An answer that the protocol of each invoke accepts while its handler goes on in the queue, by invoke name. Shapes: the Teams
 * platform's task module, messaging extension, tab and configuration responses, and the Adaptive Card `Action.Execute` response.
 */
const BODIES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['adaptiveCard/action', { statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: TEXT }],
  [
    'application/search',
    { statusCode: 200, type: 'application/vnd.microsoft.search.searchResponse', value: { results: [] } },
  ],
  ['task/fetch', { task: message }],
  ['task/submit', { task: message }],
  ['config/fetch', { responseType: 'config', config: message }],
  ['config/submit', { responseType: 'config', config: message }],
  ['tab/fetch', { tab: { type: 'continue', value: { cards: [] } } }],
  ['tab/submit', { tab: { type: 'continue', value: { cards: [] } } }],
  ['composeExtension/query', { composeExtension: { type: 'message', text: TEXT } }],
  ['composeExtension/queryLink', { composeExtension: { type: 'message', text: TEXT } }],
  ['composeExtension/anonymousQueryLink', { composeExtension: { type: 'message', text: TEXT } }],
  ['composeExtension/selectItem', { composeExtension: { type: 'message', text: TEXT } }],
  ['composeExtension/fetchTask', { task: message }],
  ['composeExtension/submitAction', { task: message }],
]);

/** What an activity whose handler is not done in time is answered. `expectReplies` gets no replies now; they are sent later. */
export function deferredAnswer({ type, name, deliveryMode }: Activity): Answer {
  if (deliveryMode === 'expectReplies') return { status: 200, body: { activities: [] } };
  if (type !== 'invoke') return { status: 200 };
  const body = name === undefined ? undefined : BODIES.get(name);
  return body === undefined ? { status: 200 } : { status: 200, body };
}
