import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { EndpointRequest, EndpointResponse } from '../ports/endpoint';

/** What the Functions host says of an invocation: here, which trace it is in. */
export type Invocation = Pick<InvocationContext, 'traceContext'>;

/** A request of the Functions host, as the messaging endpoint takes it. */
export function endpointRequest(request: HttpRequest, invocation?: Invocation): EndpointRequest {
  const headers: EndpointRequest['headers'] = Object.fromEntries(request.headers);
  return {
    headers,
    traceparent: invocation?.traceContext?.traceParent ?? headers.traceparent,
    async body(limit) {
      const chunks: Uint8Array[] = [];
      let length = 0;
      for await (const chunk of request.body ?? []) {
        const bytes: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
        length += bytes.byteLength;
        if (length > limit) return 'tooLarge';
        chunks.push(bytes);
      }
      return Buffer.concat(chunks, length);
    },
  };
}

/** The endpoint's answer, as the Functions host takes it. */
export function httpResponse({ status, headers, body }: EndpointResponse): HttpResponseInit {
  return {
    status,
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { jsonBody: body }),
  };
}
