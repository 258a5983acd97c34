import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { EndpointRequest, EndpointResponse } from '../ports/endpoint';

/** A request of the Functions host, as the messaging endpoint takes it. */
export function endpointRequest(request: HttpRequest): EndpointRequest {
  return {
    headers: Object.fromEntries(request.headers),
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
