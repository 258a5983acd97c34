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
      // By its reader: going over the stream with a loop takes twice as long.
      const reader = request.body?.getReader();
      const chunks: Uint8Array[] = [];
      let length = 0;
      for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
        const chunk: unknown = read.value;
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
        length += bytes.byteLength;
        if (length > limit) {
          reader?.cancel().catch(() => undefined);
          return 'tooLarge';
        }
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
