import type { ConversationReference } from './accounts';
import type { Extensible } from './json';

/** A user's token, as the token service or a `tokens/response` event gives it. */
export interface TokenResponse extends Extensible {
  channelId?: string;
  connectionName: string;
  token: string;
  /** ISO 8601. */
  expiration?: string;
  properties?: Record<string, unknown>;
}

/** Asks for a token of a provider. */
export interface TokenRequest extends Extensible {
  provider?: string;
  settings?: Record<string, unknown>;
}

/** What a client exchanges a token of its own for, to sign the user in without asking. */
export interface TokenExchangeResource extends Extensible {
  id?: string;
  uri?: string;
  providerId?: string;
}

/** Where a client may post a token. */
export interface TokenPostResource extends Extensible {
  sasUrl?: string;
}

/** What is exchanged for a token: another token, or the address of a resource. */
export interface TokenExchangeRequest extends Extensible {
  uri?: string;
  token?: string;
}

/** Where a user signs in, and what a client can do instead. */
export interface SignInUrlResponse extends Extensible {
  signInLink?: string;
  tokenExchangeResource?: TokenExchangeResource;
  tokenPostResource?: TokenPostResource;
}

/** The value of a `signin/tokenExchange` invoke. */
export interface TokenExchangeInvokeRequest extends Extensible {
  id: string;
  connectionName: string;
  token: string;
}

/** The body that answers a `signin/tokenExchange` invoke. */
export interface TokenExchangeInvokeResponse extends Extensible {
  id: string;
  connectionName: string;
  failureDetail?: string;
  properties?: Record<string, unknown>;
}

/** What a sign-in link carries, base64-encoded. */
export interface TokenExchangeState extends Extensible {
  connectionName: string;
  conversation: ConversationReference;
  relatesTo?: ConversationReference;
  msAppId: string;
}

/** Whether a user has a token for a connection. */
export interface TokenStatus extends Extensible {
  channelId: string;
  connectionName: string;
  hasToken: boolean;
  serviceProviderDisplayName: string;
}
