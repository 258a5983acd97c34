import type { Partitions, PartitionView, PartitionWrites } from '../../src/store/partition';
import type { Head } from '../../src/turn/record';
import { besideConversations } from './partitions';

/**
 * The storage engine as newer code sees it. The code is the same, so the formats are moved instead: what it takes for its own format is
 * one that the other instances do not know yet, and theirs is an older one to it.
 */
export function newerCode(partitions: Partitions): Partitions {
  return {
    ...besideConversations(partitions),
    transact: (key, decide, known) =>
      partitions.transact(
        key,
        (view) => {
          const { writes, ...decision } = decide(seen(view));
          return { ...decision, ...(writes === undefined ? {} : { writes: written(writes) }) };
        },
        known === undefined ? undefined : moved(known, 1),
      ),
    read: (key, look) => partitions.read(key, (view) => look(seen(view))),
  };
}

const moved = (head: Head, by: number): Head => ({ ...head, v: head.v + by });

function seen({ head, ...view }: PartitionView): PartitionView {
  return { ...view, head: head === undefined ? undefined : moved(head, -1) };
}

function written({ head, ...writes }: PartitionWrites): PartitionWrites {
  return { ...writes, ...(head === undefined ? {} : { head: moved(head, 1) }) };
}
