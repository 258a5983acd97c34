import type { TurnStore } from '../ports/store';
import { RECORD_VERSION } from '../turn/record';
import type { Timing } from '../turn/timing';
import { headId, partitionKey, readHead } from './cosmos-documents';
import type { KnownHeads } from './cosmos-known';
import type { CosmosRequests } from './cosmos-requests';
import type { ConditionalPatch } from './cosmos-transport';

/**
 * Acquires in one write: a patch under the condition that the lease is free or has ended, no back-off runs, and an activity can start at
 * once. The service decides at the primary and answers with the record. It is `acquire` of `src/turn/acquire.ts` in its most
 * frequent shape; any other (something is left to deliver, an older format, not to be had) takes the general way, which reads.
 */
export function patchingAcquire(
  requests: CosmosRequests,
  known: KnownHeads,
  general: TurnStore['acquire'],
  timing: Timing,
): TurnStore['acquire'] {
  return async (key, owner) => {
    await requests.ready();
    const address = { id: headId(key), partition: partitionKey(key) };
    const answer = await requests.patchAndRead(address, acquirePatch(requests.clock.now(), owner, timing));
    if (!answer.ok) return answer.refusal === 'absent' ? { outcome: 'idle' } : general(key, owner);
    const { head, marks } = readHead(answer.value.item);
    known.rememberHold(key, head, answer.value, marks.rev);
    return { outcome: 'acquired', held: { key, fence: { epoch: head.epoch, owner }, head } };
  };
}

/** A back-off that has passed is left in the record: it says nothing any more. */
export function acquirePatch(now: number, owner: string, timing: Timing): ConditionalPatch {
  const until = now + timing.leaseMs;
  return {
    condition: [
      `from c where c.v = ${RECORD_VERSION} and (c.lease = null or c.lease.until <= ${now})`,
      `and c.notbefore <= ${now} and array_length(c.pend) > 0 and array_length(c.out) = 0`,
      'and array_length(c.sched) = 0',
    ].join(' '),
    operations: [
      { op: 'incr', path: '/epoch', value: 1 },
      { op: 'incr', path: '/att', value: 1 },
      { op: 'set', path: '/lease', value: { owner, until } },
      { op: 'set', path: '/wake', value: until + timing.graceMs },
    ],
  };
}
