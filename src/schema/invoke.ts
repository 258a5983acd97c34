import type { Extensible, Untyped } from './json';
import type { TokenExchangeInvokeRequest } from './tokens';

/** The HTTP answer to an `invoke`. */
export interface InvokeResponse<T = Untyped> {
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
  value?: Untyped;
}

/** Which part of the results is asked for. */
export interface SearchInvokeOptions extends Extensible {
  skip: number;
  top: number;
}

/** The value of an `application/search` invoke. */
export interface SearchInvokeValue extends Extensible {
  kind: string;
  queryText: string;
  queryOptions: SearchInvokeOptions;
  context?: Untyped;
  dataset?: string;
}

/** The body that answers an `application/search` invoke. */
export interface SearchInvokeResponse extends AdaptiveCardInvokeResponse {}
