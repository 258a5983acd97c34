import type { Extensible } from './json';
import type { TokenExchangeInvokeRequest } from './tokens';

/** The HTTP answer to an `invoke`. */
export interface InvokeResponse<T = unknown> {
  status: number;
  body?: T;
}

/** The action of an `adaptiveCard/action` invoke: an `Action.Execute`. */
export interface AdaptiveCardInvokeAction extends Extensible {
  type: string;
  id?: string;
  verb?: string;
  data?: Record<string, unknown>;
}

/** The value of an `adaptiveCard/action` invoke. */
export interface AdaptiveCardInvokeValue {
  action: AdaptiveCardInvokeAction;
  authentication: Partial<TokenExchangeInvokeRequest>;
  state?: string;
}

/** The body that answers an `adaptiveCard/action` invoke; `statusCode` is also the HTTP status. */
export interface AdaptiveCardInvokeResponse {
  statusCode: number;
  type: string;
  value?: unknown;
}

export interface SearchInvokeOptions extends Extensible {
  skip?: number;
  top?: number;
}

/** The value of an `application/search` invoke. */
export interface SearchInvokeValue extends Extensible {
  kind: string;
  queryText: string;
  queryOptions?: SearchInvokeOptions;
  context?: unknown;
  dataset?: string;
}

/** The body that answers an `application/search` invoke. */
export interface SearchInvokeResponse extends AdaptiveCardInvokeResponse {}
