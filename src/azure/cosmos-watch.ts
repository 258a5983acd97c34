import type { CONTAINERS } from './cosmos-containers';
import type { Refusal } from './cosmos-outcome';
import type { TransportName } from './cosmos-transport';

/** One request as it went. */
export interface CosmosRequest {
  readonly operation: 'read' | 'create' | 'replace' | 'remove' | 'patch' | 'batch' | 'query';
  readonly container: keyof typeof CONTAINERS;
  /** `ok`, what the service decided instead, or `fault`. */
  readonly outcome: 'ok' | Refusal | 'fault';
  readonly ms: number;
  /** Request units, where the answer says them; else 0. */
  readonly charge: number;
  readonly transport: TransportName;
  /** Status and sub-status of an answer that is a fault, and the service's id of the request. */
  readonly status?: number;
  readonly substatus?: number;
  readonly activityId?: string;
}

/** A read that no replica answered, because none was as far as this process has seen (404/1002). */
export interface SessionRefusal {
  readonly container: keyof typeof CONTAINERS;
  /** The physical partition, or `unknown` where the answer does not name it. */
  readonly partition: string;
}

/** Finding of a self-check that an operator should know. */
export interface SelfCheckNote {
  readonly found: 'storeTransportChanged' | 'storeCheckUndecided';
  /** The transport that is used. */
  readonly transport: TransportName;
  /** The question: what the other transport does not keep, or what had no answer. */
  readonly probe: string;
}

/** Told of what a store asks of Cosmos DB. None of these may throw. */
export interface CosmosWatch {
  /** Called for every request, when it is over. */
  request?(request: CosmosRequest): void;
  sessionRefused?(refusal: SessionRefusal): void;
  /** Called when the self-check found something that an operator should know. */
  checked?(note: SelfCheckNote): void;
}
