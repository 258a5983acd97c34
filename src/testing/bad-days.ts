import type { StateSnapshot, Store } from '../ports/store';

/**
 * Where a worker can be made to die, in the order of a turn:
 *
 * - `run`: it has the conversation, and the handler has not started;
 * - `step`: a `context.step` has run, and its result is not recorded;
 * - `flush`: a `context.flush` is not recorded;
 * - `commit`: the handler is done, and nothing of what it did is stored;
 * - `fold`: the turn is committed, and its change to the user's state is not applied yet;
 * - `deliver`: the turn is committed, and nothing of what it sent has left;
 * - `mark`: the first send has reached the channel, and nobody has noted that down. It is sent again: the one repetition that cannot be avoided.
 */
export type CrashPoint = 'run' | 'step' | 'flush' | 'commit' | 'fold' | 'deliver' | 'mark';

/** The misfortunes that a test has ordered for its next activity. */
export class BadDays {
  private readonly crashes = new Set<CrashPoint>();
  private conflicts = 0;

  crashBefore(point: CrashPoint): void {
    this.crashes.add(point);
  }

  conflict(): void {
    this.conflicts += 1;
  }

  /** Whether to die here: each crash happens once. */
  crashesAt(point: CrashPoint): boolean {
    return this.crashes.delete(point);
  }

  conflictsNow(): boolean {
    if (this.conflicts === 0) return false;
    this.conflicts -= 1;
    return true;
  }

  /** What was ordered and has not come, in words; forgets it. */
  unmet(): string[] {
    const unmet = [...this.crashes].map(
      (point) => `crashBefore('${point}'): the turn never came to that point, so nothing crashed.`,
    );
    if (this.conflicts > 0) {
      unmet.push('conflict(): the turn touched no state, so nothing could have moved under it.');
    }
    this.crashes.clear();
    this.conflicts = 0;
    return unmet;
  }
}

/**
 * A store in which state moves under a turn when a test says so: the turn's commit, or its proposal for its user's state, meets a
 * conflict, and the one read that follows shows every property changed, as if by a turn elsewhere. That turn's changes are gone
 * again afterwards, so that a test need not know about them.
 */
export function withConflicts(store: Store, badDays: BadDays): Store {
  let movedState = false;
  let movedUser = false;
  return {
    ...store,
    turns: {
      ...store.turns,
      async commit(held, turn) {
        if (turn.dead !== undefined || turn.reads.length === 0 || !badDays.conflictsNow()) {
          return store.turns.commit(held, turn);
        }
        movedState = true;
        return { outcome: 'conflict' };
      },
      async readState(key, id) {
        const snapshot = await store.turns.readState(key, id);
        if (!movedState) return snapshot;
        movedState = false;
        return moved(snapshot);
      },
    },
    inline: {
      ...store.inline,
      async commit(key, fence, turn) {
        if (turn.reads.length === 0 || !badDays.conflictsNow()) return store.inline.commit(key, fence, turn);
        movedState = true;
        return 'conflict';
      },
    },
    users: {
      ...store.users,
      async propose(user, version, intent) {
        if (!badDays.conflictsNow()) return store.users.propose(user, version, intent);
        movedUser = true;
        return 'conflict';
      },
      async read(user) {
        const record = await store.users.read(user);
        if (!movedUser) return record;
        movedUser = false;
        return { ...record, ...moved(record) };
      },
    },
  };
}

/** A snapshot in which every property, whatever its name, differs from what was there. */
function moved({ version, data }: StateSnapshot): StateSnapshot {
  const value = { movedBy: 'another turn' };
  const descriptor = { value, writable: true, enumerable: true, configurable: true };
  const changed = new Proxy<Record<string, unknown>>(
    { ...data },
    {
      get: () => value,
      getOwnPropertyDescriptor: () => descriptor,
      ownKeys: (target) => [...new Set([...Reflect.ownKeys(target), 'movedBy'])],
    },
  );
  return { version: version + 1, data: changed };
}
