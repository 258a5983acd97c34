import type { EndpointResponse } from '../../src/ports/endpoint';
import { receive } from '../../src/runtime/ingress';
import type { Runtime } from '../../src/runtime/runtime';
import { OPEN } from '../support/open-auth';

/** Posts an activity to the endpoint as a channel does: an invoke, unless told otherwise. */
export function postTo(
  runtime: Runtime,
  different: Readonly<Record<string, unknown>> = {},
  traceparent?: string,
): Promise<EndpointResponse> {
  const activity = {
    type: 'invoke',
    id: 'i-1',
    channelId: 'test',
    serviceUrl: 'https://channel.example/',
    from: { id: 'user-1' },
    recipient: { id: 'bot-1' },
    conversation: { id: 'c-1' },
    ...different,
  };
  const body = new TextEncoder().encode(JSON.stringify(activity));
  return receive(runtime, OPEN, {
    headers: { 'content-type': 'application/json' },
    traceparent,
    body: async () => body,
  });
}
