/**
 * Returns the host that a service URL names, in lower case, so that a refusal can say which one it was; `undefined` for a text that is no
 * address. The host is not proof of anything: whether an address is trusted is decided elsewhere.
 */
export function hostOfServiceUrl(serviceUrl: unknown): string | undefined {
  if (typeof serviceUrl !== 'string' || !URL.canParse(serviceUrl)) return undefined;
  return new URL(serviceUrl).hostname || undefined;
}
