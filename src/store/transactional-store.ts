import type { Store } from '../ports/store';
import type { Timing } from '../turn/timing';
import { deadLetters } from './dead-letters';
import { inlineTurns } from './inline-turns';
import { inspection } from './inspection';
import { mailbox } from './mailbox';
import { notifications } from './notifications';
import { pace } from './pace';
import type { Partitions } from './partition';
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
    notifications: notifications(partitions.collections),
    pace: pace(partitions.collections),
    open: () => partitions.open(),
    close: () => partitions.close(),
  };
}
