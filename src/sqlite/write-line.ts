import type { Clock } from '../ports/clock';
import type { Database } from './database';
import { asFault, BUSY_LIMIT_MS, busyFault, isBusy, notApplied, pauseAfter, perhapsApplied } from './faults';

/**
 * Writes what a decision writes, in a transaction, and is on disk when it resolves. The decision is synchronous, and affects nothing but
 * the database and its result: it may run several times, and the last run is the one that counts.
 *
 * @throws StoreFault `no` when the transaction was rolled back, or the file was busy for `BUSY_LIMIT_MS`; `unknown` when its commit failed;
 *   whatever the decision throws, which then has written nothing.
 */
export type WriteLine = <T>(decide: (db: Database) => T) => Promise<T>;

/** Most decisions in one transaction. */
const LARGEST_GROUP = 64;

/** A group that has taken so long takes nobody else: the process stands still meanwhile, and other processes find the file busy. */
const LONGEST_GROUP_MS = 5;

type Answer = () => void;

interface Writer {
  readonly deadline: number;
  /** @returns what tells the caller the result */
  write(db: Database): Answer;
  refuse(error: unknown): void;
}

const nextRound = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * The writers of a process wait in line, and those who wait when its turn comes are a group: their decisions are made one after the other,
 * each on what the one before left, in one transaction. So they wait for the disk once, and not once each. Nobody waits for a group to grow.
 *
 * - Each decision is atomic by itself. One that throws is taken back alone, and only its caller is told; the others' writes stand.
 * - The group is on disk as a whole or not at all: when the transaction fails, it does so for all.
 * - Nobody is told anything before the commit has returned, whoever has only looked or thrown included: what they saw may be what
 *   others of the group wrote, and may never come true.
 *
 * One for all tries, too, when another process has the file. If all did, those that have waited long and therefore try seldom would
 * lose to newcomers, and under load some would find the file busy for seconds on end.
 */
export function writeLine(database: () => Database, clock: Clock): WriteLine {
  const waiting: Writer[] = [];
  let isServed = false;

  const refuseLate = (cause: unknown): void => {
    const now = clock.monotonic();
    // All have the same patience, so those that came first are late first.
    while (waiting[0] !== undefined && waiting[0].deadline <= now) waiting.shift()?.refuse(busyFault(cause));
  };

  const serve = async (): Promise<void> => {
    let pause: number | undefined;
    while (waiting.length > 0) {
      const group = waiting.slice(0, LARGEST_GROUP);
      try {
        const answers = writeGroup(database, group, clock);
        waiting.splice(0, answers.length);
        for (const answer of answers) answer();
        pause = undefined;
        // After each group, other processes and everything else in this one get their chance.
        await nextRound();
      } catch (error) {
        refuseLate(error);
        pause = pauseAfter(pause);
        await clock.sleep(pause);
      }
    }
    isServed = false;
  };

  return (decide) =>
    new Promise((resolve, reject) => {
      waiting.push({
        deadline: clock.monotonic() + BUSY_LIMIT_MS,
        write: (db) => {
          const result = decide(db);
          return () => resolve(result);
        },
        refuse: reject,
      });
      if (isServed) return;
      isServed = true;
      queueMicrotask(serve);
    });
}

/**
 * Has a group written, or as many of its first as there is time for.
 *
 * @returns for each of those, what tells its caller what became of it. @throws when the file is busy, and for no other reason
 */
function writeGroup(database: () => Database, group: readonly Writer[], clock: Clock): readonly Answer[] {
  const refused = (writers: readonly Writer[], fault: unknown): readonly Answer[] =>
    writers.map((writer) => () => writer.refuse(fault));
  let answers: readonly Answer[] | undefined;
  let db: Database | undefined;
  try {
    db = database();
    db.begin();
    answers = decideInTurn(db, group, clock);
    db.commit();
    return answers;
  } catch (error) {
    if (db !== undefined) rollBack(db);
    if (isBusy(error)) throw error;
    if (answers === undefined) return refused(group, asFault(error));
    return refused(group.slice(0, answers.length), perhapsApplied(error));
  }
}

function decideInTurn(db: Database, group: readonly Writer[], clock: Clock): readonly Answer[] {
  const [first, ...others] = group;
  // What a lone writer takes back is the whole transaction.
  if (first !== undefined && others.length === 0) return [first.write(db)];
  const end = clock.monotonic() + LONGEST_GROUP_MS;
  const answers: Answer[] = [];
  for (const writer of group) {
    answers.push(decideApart(db, writer));
    if (clock.monotonic() >= end) break;
  }
  return answers;
}

/** @throws when the whole transaction cannot go on */
function decideApart(db: Database, writer: Writer): Answer {
  db.savepoint();
  try {
    const answer = writer.write(db);
    db.release();
    return answer;
  } catch (error) {
    if (isBusy(error)) throw error;
    undo(db, error);
    return () => writer.refuse(asFault(error));
  }
}

/** Takes one decision back, which is not possible where its error has ended the transaction. */
function undo(db: Database, cause: unknown): void {
  try {
    db.undo();
  } catch {
    throw notApplied(cause);
  }
}

function rollBack(db: Database): void {
  try {
    db.rollback();
  } catch {
    // SQLite ends the transaction whatever it complains of, and what has led here says more.
  }
}
