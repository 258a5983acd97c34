import type { Activity } from '../schema/activity';
import type { Answer } from '../turn/inline';

const task = (text: string): unknown => ({ task: { type: 'message', value: text } });
const composed = (text: string): unknown => ({ composeExtension: { type: 'message', text } });
const configured = (text: string): unknown => ({ responseType: 'config', config: { type: 'message', value: text } });
const noCards = (): unknown => ({ tab: { type: 'continue', value: { cards: [] } } });

/**
 * A body that the protocol of each invoke accepts while its handler goes on in the queue, by invoke name. Shapes: the Teams
 * platform's task module, messaging extension, tab and configuration responses, and the Adaptive Card `Action.Execute` and search
 * responses. An invoke that is not here is content with a status.
 */
const BODIES: ReadonlyMap<string, (text: string) => unknown> = new Map([
  [
    'adaptiveCard/action',
    (text) => ({ statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: text }),
  ],
  [
    'application/search',
    () => ({ statusCode: 200, type: 'application/vnd.microsoft.search.searchResponse', value: { results: [] } }),
  ],
  ['task/fetch', task],
  ['task/submit', task],
  ['config/fetch', configured],
  ['config/submit', configured],
  ['tab/fetch', noCards],
  ['tab/submit', noCards],
  ['message/fetchTask', task],
  ['composeExtension/query', composed],
  ['composeExtension/queryLink', composed],
  ['composeExtension/anonymousQueryLink', composed],
  ['composeExtension/selectItem', composed],
  ['composeExtension/querySettingUrl', composed],
  ['composeExtension/fetchTask', task],
  ['composeExtension/submitAction', task],
]);

/**
 * What an activity whose handler is not done in time is answered. `expectReplies` gets no replies now; they are sent later.
 * @param text what the user is told, where there is a place for it
 */
export function deferredAnswer({ type, name, deliveryMode }: Activity, text: string): Answer {
  if (deliveryMode === 'expectReplies') return { status: 200, body: { activities: [] } };
  const body = type === 'invoke' && name !== undefined ? BODIES.get(name)?.(text) : undefined;
  return body === undefined ? { status: 200 } : { status: 200, body };
}
