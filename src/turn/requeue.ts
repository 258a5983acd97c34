import { appended, wakeForWork } from './accept';
import type { Effect, Head, PendingActivity } from './record';
import type { Timing } from './timing';

/** Puts a dead-lettered activity at the end of the mailbox. It was accepted once, so its key is not asked again. */
export function requeueActivity(head: Head, now: number, dead: PendingActivity, timing: Timing): Head {
  return appended(head, now, { ...dead, at: now, replay: (dead.replay ?? 0) + 1 }, timing);
}

/** Puts an effect that the channel refused at the end of what is to be delivered, as if it had never been tried. */
export function requeueEffect(head: Head, now: number, dead: Effect, timing: Timing): Head {
  const { started, inDoubt, due, ...fresh } = dead;
  const out = [...head.out, { ...fresh, at: now, tries: 0 }];
  return { ...head, out, wake: wakeForWork(head, now, timing) };
}
