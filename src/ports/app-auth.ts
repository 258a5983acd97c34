import type { InboundRequest, Refusal } from './inbound-auth';

/** An application that was given a role in this one. */
export interface AppCaller {
  readonly ok: true;
  /** Of the application, and of the tenant that vouches for it. */
  readonly appId: string;
  readonly tenantId: string;
  /** Which of the roles that were asked for it has; at least one. */
  readonly roles: ReadonlySet<string>;
}

/**
 * Decides which applications may use what is not a messaging endpoint. Fails closed: any doubt is a refusal, and nothing is thrown. A
 * refusal is 401 (who are you), 403 (not you, or not for this) or 503 (it cannot be told now), and repeats nothing that was sent.
 */
export interface AppAuth {
  /** How requests are authenticated, in a word: `app-role`, … */
  readonly mode: string;
  authenticate(request: InboundRequest): Promise<AppCaller | Refusal>;
}
