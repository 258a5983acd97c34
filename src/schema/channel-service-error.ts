/**
 * A call to a channel's service that failed: asking for members, creating a conversation and the like. It has the properties that
 * bots read of such errors in the Bot Framework SDK.
 */
export class ChannelServiceError extends Error {
  override readonly name = 'ChannelServiceError';
  /** The HTTP status; absent when there was no answer. */
  readonly statusCode?: number;
  /** The service's own code, such as `MemberNotFoundInConversation`, when it gave one. */
  readonly code?: string;
  /** What the service answered, parsed when it is JSON. */
  readonly body?: unknown;
  /** How long the service wants to be left alone; the turn is not tried again before. */
  readonly retryAfterMs?: number;

  constructor(message: string, details: ChannelServiceErrorDetails = {}) {
    super(message);
    if (details.statusCode !== undefined) this.statusCode = details.statusCode;
    if (details.body !== undefined) this.body = details.body;
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs;
    const code = details.code ?? codeIn(details.body);
    if (code !== undefined) this.code = code;
  }
}

/** What is known of a failed call. */
export interface ChannelServiceErrorDetails {
  readonly statusCode?: number;
  readonly code?: string;
  readonly body?: unknown;
  readonly retryAfterMs?: number;
}

/** The code in a body of the form `{ error: { code } }`. */
function codeIn(body: unknown): string | undefined {
  const error = property(body, 'error');
  const code = property(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
