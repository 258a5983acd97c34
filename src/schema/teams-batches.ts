import type { Activity } from './activity';
import type { Extensible } from './json';

/** Somebody, or a channel, that a batch goes to. */
export interface TeamsMember {
  id: string;
}

/** What a batch sends, and to whom. */
export interface BatchOperationRequest {
  activity: Partial<Activity>;
  tenantId: string;
  teamId?: string;
  members?: TeamsMember[];
}

/** A batch that was started. */
export interface BatchOperationResponse extends Extensible {
  operationId: string;
}

/** How far a batch is. */
export interface BatchOperationStateResponse extends Extensible {
  state: string;
  /** How many of its messages ended with which HTTP status. */
  statusMap: Record<number, number>;
  /** When to ask again. */
  retryAfter?: Date;
  totalEntriesCount: number;
}

/** A message of a batch that did not arrive. */
export interface BatchFailedEntry extends Extensible {
  id: string;
  error: string;
}

/** One page of what did not arrive. */
export interface BatchFailedEntriesResponse extends Extensible {
  /** Hand it back for the next page; there is none when it is empty. */
  continuationToken: string;
  failedEntryResponses: BatchFailedEntry[];
}
