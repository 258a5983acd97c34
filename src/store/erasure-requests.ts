import type { Erasure, ErasureRequest } from '../ports/store';
import type { Collections } from './collections';

/** A request as it is stored. It names whom it is about until it is carried out, and is removed then. */
interface RequestRecord {
  readonly v: 1;
  readonly request: ErasureRequest;
  /** Names this making of the request: the same may be asked for again while it is being carried out. Absent on records of earlier versions until they are taken. */
  readonly mark?: string;
  /** Until then (store time) it is one caller's to carry out. */
  readonly heldUntil: number;
  /** Number of times that it was taken over from a caller that had not carried it out. */
  readonly taken: number;
}

const COLLECTION = 'erasures';

/** Times that the hold doubles with each caller that takes a request over: from a minute to about an hour. Looking through a store costs. */
const MAX_DOUBLINGS = 6;

const nameOf = ({ conversation, user }: ErasureRequest): string =>
  conversation === undefined ? `user ${user}` : `conversation ${conversation}`;

/** Requests to erase, on a storage engine. They have no time to live: one that is not carried out waits. */
export function erasureRequests(
  collections: Collections,
): Pick<Erasure, 'request' | 'keepRequest' | 'requests' | 'takeRequest' | 'endRequest'> {
  return {
    request: (request, mark, holdMs) =>
      collections.transactItem<void>(COLLECTION, nameOf(request), (_, now) => ({
        result: undefined,
        value: { v: 1, request, mark, heldUntil: now + holdMs, taken: 0 } satisfies RequestRecord,
      })),
    keepRequest: (request, holdMs) =>
      collections.transactItem<void>(COLLECTION, nameOf(request), (value, now) => {
        if (value === undefined) return { result: undefined };
        const record = value as RequestRecord;
        const heldUntil = Math.max(record.heldUntil, now + holdMs);
        return { result: undefined, value: { ...record, heldUntil } satisfies RequestRecord };
      }),
    async requests(from, limit) {
      const { values, next } = await collections.pageItems(COLLECTION, from, limit);
      const requests = (values as RequestRecord[]).map(({ request, heldUntil }) => ({ request, heldUntil }));
      return { requests, ...(next === undefined ? {} : { next }) };
    },
    takeRequest: (request, holdMs) =>
      collections.transactItem<string | undefined>(COLLECTION, nameOf(request), (value, now) => {
        const record = value as RequestRecord | undefined;
        if (record === undefined || record.heldUntil > now) return { result: undefined };
        const { taken, mark = '' } = record;
        const heldUntil = now + holdMs * 2 ** Math.min(taken, MAX_DOUBLINGS);
        return { result: mark, value: { ...record, mark, heldUntil, taken: taken + 1 } satisfies RequestRecord };
      }),
    endRequest: (request, mark) =>
      collections.transactItem<void>(COLLECTION, nameOf(request), (value) =>
        (value as RequestRecord | undefined)?.mark === mark
          ? { result: undefined, remove: true }
          : { result: undefined },
      ),
  };
}
