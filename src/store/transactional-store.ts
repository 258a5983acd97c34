import type { Mailbox, Store } from '../ports/store';
import { accept } from '../turn/accept';
import type { Timing } from '../turn/timing';
import { deadLetters } from './dead-letters';
import { inlineTurns } from './inline-turns';
import { inspection } from './inspection';
import type { Partitions } from './partition';
import { bodyRecords } from './records';
import { references } from './references';
import { turnStore } from './turn-store';
import { userStates } from './user-states';

/** The store port on a storage engine with transactions: every primitive is one transition of `src/turn` in one transaction. */
export function transactionalStore(partitions: Partitions, timing: Timing): Store {
  return {
    timing,
    mailbox: mailbox(partitions, timing),
    turns: turnStore(partitions, timing),
    inline: inlineTurns(partitions, timing),
    users: userStates(partitions, timing),
    deadLetters: deadLetters(partitions, timing),
    inspection: inspection(partitions),
    references: references(partitions.collections),
    open: () => partitions.open(),
    close: () => partitions.close(),
  };
}

function mailbox(partitions: Partitions, timing: Timing): Mailbox {
  return {
    accept: (key, activity, bodies, limit) =>
      partitions.transact(key, ({ head, now }) => {
        const accepted = accept(head, now, activity, limit, timing);
        if (accepted.outcome !== 'accepted') return { result: accepted.outcome };
        return { result: accepted.outcome, writes: { head: accepted.head, put: bodyRecords(bodies) } };
      }),
    overdue: (limit) => partitions.overdue(limit),
  };
}
