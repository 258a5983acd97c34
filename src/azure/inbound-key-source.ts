import type { Clock } from '../ports/clock';
import { TurnwiseError } from '../schema/errors';
import { createKeyRing, type KeyRing } from './inbound-keys';
import { type FetchKeys, loadSigningKeys } from './inbound-metadata';
import { trustedServiceUrl } from './service-hosts';

export interface KeySource {
  /** On a developer's machine: keys may come from a loopback address. Never in Azure. */
  readonly development: boolean;
  readonly clock: Clock;
  /** Replaces `fetch` for reading keys. */
  readonly fetch?: FetchKeys | undefined;
}

/**
 * The keys that are announced at an address. Nothing is fetched before the first token that needs one, or a call of `ready`.
 *
 * @param setting the setting that the address comes from
 * @throws TurnwiseError `SettingInvalid` unless the address is https, or loopback in development
 */
export function keyRingAt(metadataUrl: string, setting: string, source: KeySource): KeyRing {
  const { development, clock, fetch = (url, init) => globalThis.fetch(url, init) } = source;
  const local = development && trustedServiceUrl(metadataUrl, { development }) !== undefined;
  if (!local && !isHttps(metadataUrl)) {
    throw new TurnwiseError('SettingInvalid', `${setting} has to be an https address.`);
  }
  return createKeyRing(() => loadSigningKeys({ metadataUrl, development, clock, fetch }), clock);
}

/** Whether it is an https address without user information. */
export function isHttps(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  return protocol === 'https:' && username === '' && password === '';
}
