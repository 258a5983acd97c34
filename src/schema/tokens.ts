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

export interface TokenRequest extends Extensible {
  provider?: string;
  settings?: Record<string, unknown>;
}

export interface TokenExchangeResource extends Extensible {
  id?: string;
  uri?: string;
  providerId?: string;
}

export interface TokenPostResource extends Extensible {
  sasUrl?: string;
}

export interface TokenExchangeRequest extends Extensible {
  uri?: string;
  token?: string;
}

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

export interface TokenStatus extends Extensible {
  channelId: string;
  connectionName: string;
  hasToken: boolean;
  serviceProviderDisplayName: string;
}
