import type { Activity } from '../schema/activity';
import type { Failure } from '../schema/errors';

/** What the gate sees of a request before its body is read. Header names are lower case. */
export interface InboundRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/**
 * A refusal, ready to be answered: 401 who are you; 403 not you, or not for this; 503 it cannot be told now (keys cannot be had).
 * The message says what was wrong without repeating anything the caller sent.
 */
export type Refusal = Failure;

/** What the caller's token vouches for. An accepted activity carries it from then on, whatever its body says. */
export interface Pinned {
  /** Where replies go: the one address that the token names, or that its caller is configured with. */
  readonly serviceUrl: string;
  /** Who has called, as bots read it in `activity.callerId`; left out when there is nothing to say so. */
  readonly callerId?: string;
  /**
   * True when the caller answers for the activity's identity fields (`from.aadObjectId`, `conversation.tenantId`, tenant and team in
   * `channelData`). Otherwise a client may have written them, and no conversation is found by them later.
   */
  readonly vouched?: true;
}

/** What is made of an activity: let in, with what is pinned from here on, or refused. */
export type Admission = { readonly ok: true; readonly pinned: Pinned } | Refusal;

/** A caller whose token stands. What it may say is known only once its body is: `admit` judges that. */
export interface Authenticated {
  readonly ok: true;
  /** Checks the parsed activity against the caller's claims (channel, service URL). Pure. */
  admit(activity: Activity): Admission;
}

/**
 * Decides who may post activities. Fails closed: any doubt is a {@link Refusal}; nothing is thrown. Chosen per
 * application (and per channel), so that a channel without Bot Service in between brings its own.
 */
export interface InboundAuth {
  /** How requests are authenticated, in a word, for `/api/health`: `anonymous-loopback`, `bot-service`, … */
  readonly mode: string;
  authenticate(request: InboundRequest): Promise<Authenticated | Refusal>;
  /**
   * Asks for the signing keys unless they are at hand, and returns whether they are: for `/api/health`, and to have them before the first
   * request. Never rejects.
   */
  ready?(): Promise<boolean>;
}
