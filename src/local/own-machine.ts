import type { IncomingHttpHeaders } from 'node:http';

const OWN_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

const OWN_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/** Headers of tunnels and proxies. An app in development knows more of them. */
const FORWARDED = /^(?:forwarded|via|x-forwarded-.+|x-original-.+|x-real-ip)$/;

/** Reason for refusing a request, as an answer says it. */
export interface ForeignRequest {
  readonly code: string;
  readonly message: string;
}

/**
 * Finds out whether a request did not come from a program, or a page, of this machine; `undefined` when it did. In Azure the host asks for a
 * key before it calls a function whose `authLevel` is not `anonymous`. Here there are no keys, so this stands in their place: what listens
 * on the loopback address can still be reached by a web page whose name was made to resolve to it (DNS rebinding), and through a tunnel.
 */
export function foreignRequest(headers: IncomingHttpHeaders): ForeignRequest | undefined {
  const { host, origin } = headers;
  const isForwarded = Object.keys(headers).some((name) => FORWARDED.test(name));
  if (host === undefined || !OWN_HOST.test(host) || isForwarded) {
    return {
      code: 'NotLocal',
      message: 'This function asks for a key. There are none here, so only programs of this machine may call it.',
    };
  }
  if (origin !== undefined && !OWN_ORIGIN.test(origin)) {
    return {
      code: 'OriginRefused',
      message: 'This function asks for a key. Here, pages of elsewhere may not call it.',
    };
  }
  return undefined;
}
