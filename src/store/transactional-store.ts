import type { Lifetimes } from '../ports/lifetimes';
import type { Store } from '../ports/store';
import { RECORD_SIZES, type RecordSizes } from '../turn/size';
import type { Timing } from '../turn/timing';
import { adoption } from './adoption';
import { deadLetters } from './dead-letters';
import { erasure } from './erasure';
import { inlineTurns } from './inline-turns';
import { inspection } from './inspection';
import { items } from './items';
import { mailbox } from './mailbox';
import { notifications } from './notifications';
import { pace } from './pace';
import type { Partitions } from './partition';
import { references } from './references';
import { sweeps } from './sweeps';
import { turnStore } from './turn-store';
import { upkeep } from './upkeep';
import { userStates } from './user-states';

/** The store port on a storage engine with transactions: every primitive is one transition of `src/turn` in one transaction. */
export function transactionalStore(
  partitions: Partitions,
  timing: Timing,
  lifetimes: Lifetimes = {},
  sizes: RecordSizes = RECORD_SIZES,
): Store {
  const letters = deadLetters(partitions, timing, sizes);
  return {
    timing,
    mailbox: mailbox(partitions, timing, sizes),
    turns: turnStore(partitions, timing, sizes),
    inline: inlineTurns(partitions, timing, sizes),
    users: userStates(partitions, timing, lifetimes),
    deadLetters: letters,
    erasure: erasure(partitions, timing),
    upkeep: upkeep(partitions, letters, timing, lifetimes),
    adoption: adoption(partitions),
    inspection: inspection(partitions),
    references: references(partitions.collections),
    notifications: notifications(partitions.collections),
    pace: pace(partitions.collections),
    sweeps: sweeps(partitions.collections),
    items: items(partitions.collections),
    open: () => partitions.open(),
    close: () => partitions.close(),
  };
}
