import type { Inspection, StateId, StateSnapshot } from '../ports/store';
import { isMarker } from '../turn/erase';
import type { Partitions } from './partition';

/** The operator's view of a storage engine. */
export function inspection(partitions: Partitions): Inspection {
  return {
    busy: (limit) => partitions.busy(limit),
    conversation: (key) =>
      partitions.read(key, ({ head, scan }) => {
        if (head === undefined || isMarker(head)) return undefined;
        const states = scan('state', '').map(({ id, value }) => [id as StateId, value as StateSnapshot] as const);
        return { key, head, states: new Map(states) };
      }),
  };
}
