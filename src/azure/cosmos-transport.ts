import type { IncomingHttpHeaders } from 'node:http';
import type { OperationInput, PatchOperation } from '@azure/cosmos';
import type { Item } from './cosmos-documents';
import type { SessionTokens } from './cosmos-session';

/** The ways to the service: the REST API by hand, or the SDK. */
export const TRANSPORTS = ['rest', 'sdk'] as const;

export type TransportName = (typeof TRANSPORTS)[number];

/** A container, and how far this process has seen it. */
export interface Target {
  readonly container: string;
  readonly session: SessionTokens;
}

export interface ItemAddress {
  readonly id: string;
  readonly partition: string;
}

/** An item, and the same as JSON. */
export interface ItemContent {
  readonly item: Item;
  readonly text: string;
}

/** Operations of one transaction, and the same as JSON, each with the name of its partition. */
export interface BatchContent {
  readonly operations: readonly OperationInput[];
  readonly text: string;
}

/**
 * Returns a partition's name as headers and batches take it: JSON in ASCII. Names of collections may come from a channel, so hold anything.
 */
export function partitionName(partition: string): string {
  return JSON.stringify([partition]).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A conditional change of one item, decided by the service. */
export interface ConditionalPatch {
  readonly condition: string;
  readonly operations: PatchOperation[];
}

/** A good answer. */
export interface TransportAnswer {
  readonly headers: IncomingHttpHeaders;
  /** JSON, decoded when it is asked for; empty where the answer has no content. */
  readonly body: { readonly text: string };
}

/**
 * A way to the items of an account, bound to the region that writes: one request for each call, nothing repeated. Every write answers
 * with the item's ETag in the header `etag`, a batch with a result for each operation in its body.
 *
 * Answers other than 2xx, and requests without an answer, are `CosmosFailure`, or an error of the SDK with the same properties. A token
 * that cannot be had is a `StoreFault`: nothing was sent. How a batch fared is in its results, also where none was applied (207).
 *
 * Queries are not part of it: they go through the SDK with either.
 */
export interface CosmosTransport {
  readonly name: TransportName;
  read(target: Target, address: ItemAddress): Promise<TransportAnswer>;
  create(target: Target, partition: string, content: ItemContent): Promise<TransportAnswer>;
  /** Replaces an item that is still the one of the ETag. */
  replace(target: Target, partition: string, content: ItemContent, etag: string): Promise<TransportAnswer>;
  /**
   * Changes an item if a condition holds.
   *
   * @param wanted `item` has the answer contain the item as it is then
   */
  patch(
    target: Target,
    address: ItemAddress,
    change: ConditionalPatch,
    wanted: 'item' | 'nothing',
  ): Promise<TransportAnswer>;
  /** Deletes an item: as it is, or while it is still the one of the ETag. */
  delete(target: Target, address: ItemAddress, etag?: string): Promise<TransportAnswer>;
  /** Carries out all operations, or none. They have no more than the service takes. */
  batch(target: Target, partition: string, content: BatchContent): Promise<TransportAnswer>;
  /** Frees what the transport holds of its own. */
  close(): void;
}
