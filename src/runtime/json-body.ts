import type { EndpointRequest } from '../ports/endpoint';
import { type Failure, failure } from '../schema/errors';

/**
 * Reads the body of a request that has to be JSON, without parsing it. Call it after authentication: a caller who is not let in is to learn
 * nothing about its body.
 *
 * The Functions host passes a body on only if the request has a Content-Length. A chunked body is dropped, so without that header an empty
 * body is answered 411 and not as text that is no JSON. The transfer encoding decides nothing: a proxy may have removed it.
 *
 * @param limit in bytes
 */
export async function readJsonBody(
  request: EndpointRequest,
  limit: number,
): Promise<{ readonly ok: true; readonly bytes: Uint8Array } | Failure> {
  const length = request.headers['content-length'];
  if (!isJson(request.headers['content-type'])) return failure(415, 'ContentTypeRefused');
  if (Number(length) > limit) return failure(413, 'BodyTooLarge');
  let bytes: Uint8Array | 'tooLarge';
  try {
    bytes = await request.body(limit);
  } catch {
    return failure(400, 'BodyUnreadable');
  }
  if (bytes === 'tooLarge') return failure(413, 'BodyTooLarge');
  if (bytes.byteLength === 0 && length === undefined) return failure(411, 'LengthRequired');
  return { ok: true, bytes };
}

/** Tells whether a content type says JSON. */
function isJson(contentType: string | undefined): boolean {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return type === 'application/json' || type?.endsWith('+json') === true;
}
