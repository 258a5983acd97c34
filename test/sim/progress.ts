import type { ConversationKey } from '../../src/turn/keys';
import { type Head, turnPrefix } from '../../src/turn/record';

/**
 * What is counted of attempts that ended without a commit.
 * - `all`: every one that threw or ran out of time.
 * - `progressIsFree`: as before, but an attempt that ran out of time is not counted when it has recorded a new step or flush.
 */
export type CountingRule = 'all' | 'progressIsFree';

/** The rule that the production engine keeps today; {@link CountingRule} has the other for turns that work for hours. */
export const RULE: CountingRule = 'all';

/** A write to a conversation's record, as far as it says whether an attempt has come on. */
export interface ProgressWrite {
  readonly was: Head;
  readonly is: Head;
  /** Whether it records a step. */
  readonly recordsStep: boolean;
}

/** Holds what is counted of an attempt to a rule: I19. */
export class ProgressWatch {
  readonly #rule: CountingRule;
  readonly #violate: (what: string) => void;
  /** By conversation, the hold under which the running attempt has recorded something new. */
  readonly #moved = new Map<ConversationKey, string>();
  /** By conversation, the hold whose attempt has failed, and how. */
  readonly #failed = new Map<ConversationKey, { readonly hold: string; readonly timedOut: boolean }>();

  constructor(rule: CountingRule, violate: (what: string) => void) {
    this.#rule = rule;
    this.#violate = violate;
  }

  /** Notes that a worker has given an attempt up, before it hands the conversation back. */
  failed(key: ConversationKey, head: Head | undefined, error: string): void {
    const hold = holdOf(head);
    if (hold !== undefined) this.#failed.set(key, { hold, timedOut: error === 'TurnTimedOut' });
  }

  wrote(key: ConversationKey, { was, is, recordsStep }: ProgressWrite): void {
    const hold = holdOf(was);
    const [first] = was.pend;
    if (hold === undefined || first === undefined || is.epoch !== was.epoch) return;
    if (recordsStep || is.flushed > was.flushed) this.#moved.set(key, hold);
    const failed = this.#failed.get(key);
    if (is.lease !== null || is.pend[0]?.key !== first.key || failed?.hold !== hold) return;
    const isFree = this.#rule === 'progressIsFree' && failed.timedOut && this.#moved.get(key) === hold;
    const counted = is.att === was.att;
    if (counted === isFree) {
      this.#violate(`${key}: an attempt at ${turnPrefix(first)} was ${counted ? '' : 'not '}counted`);
    }
  }
}

/** Names a hold and the turn that runs under it. */
function holdOf(head: Head | undefined): string | undefined {
  const [first] = head?.pend ?? [];
  if (head === undefined || head.lease === null || first === undefined) return undefined;
  return `${head.epoch}/${head.lease.owner}/${turnPrefix(first)}`;
}
