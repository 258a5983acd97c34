import type { Adoption, StateId } from '../ports/store';
import { type Head, NEW_HEAD } from '../turn/record';
import { NEW_USER } from '../turn/user-state';
import type { Partitions } from './partition';

/** Taking over state from elsewhere, on a storage engine. */
export function adoption(partitions: Partitions): Adoption {
  return {
    adopt({ conversation, user }, data) {
      if (conversation === undefined) {
        return partitions.transactUser<boolean>(user, (current) =>
          current === undefined ? { result: true, record: { ...NEW_USER, version: 1, data } } : { result: false },
        );
      }
      const id: StateId = user === undefined ? 'conversation' : `private:${user}`;
      return partitions.transact<boolean>(conversation, ({ head = NEW_HEAD, get }) => {
        // What was erased here was erased for good.
        if (head.gen > 0 || get('state', id) !== undefined) return { result: false };
        const after: Head = { ...head, sv: head.sv + 1 };
        return {
          result: true,
          writes: { head: after, put: [{ kind: 'state', id, value: { version: after.sv, data } }] },
        };
      });
    },
  };
}
