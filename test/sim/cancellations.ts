import type { ConversationKey } from '../../src/turn/keys';
import type { Head } from '../../src/turn/record';

/** Watches what is taken back, by cancelling or with its conversation: a late repetition of its schedule must not bring it back. */
export class Cancellations {
  private readonly taken = new Set<string>();

  /** Notes one write of a record. @returns what has come back with it */
  track(key: ConversationKey, was: Head | undefined, is: Head | undefined): readonly string[] {
    const waiting = (head: Head | undefined): readonly string[] =>
      [...(head?.sched ?? []), ...(head?.pend ?? [])].map((each) => `${key} ${each.key}`);
    const [before, after] = [new Set(waiting(was)), new Set(waiting(is))];
    const back = [...after].filter((each) => !before.has(each) && this.taken.has(each));
    for (const each of was?.sched ?? []) {
      if (!after.has(`${key} ${each.key}`)) this.taken.add(`${key} ${each.key}`);
    }
    return back;
  }
}
