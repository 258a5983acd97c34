import { appended, wakeForWork } from './accept';
import type { Effect, Head, PendingActivity } from './record';
import { isLarger, type RecordSizes } from './size';
import type { Timing } from './timing';

/**
 * Puts a dead-lettered activity at the end of the mailbox. It was accepted once, so its key is not asked again. Its turn gets a name that no
 * waiting one has: an activity that came again past the dedupe horizon may have left two letters.
 *
 * @returns `full` when the record would be too large
 */
export function requeueActivity(
  head: Head,
  now: number,
  dead: PendingActivity,
  timing: Timing,
  sizes: RecordSizes,
): Head | 'full' {
  const replays = head.pend.filter(({ key }) => key === dead.key).map(({ replay }) => replay ?? 0);
  const replay = Math.max(dead.replay ?? 0, ...replays) + 1;
  const requeued = appended(head, now, { ...dead, at: now, replay }, timing);
  return isLarger(requeued, sizes.acceptBytes) ? 'full' : requeued;
}

/**
 * Puts an effect that the channel refused at the end of what is to be delivered, as if it had never been tried, and under a name that
 * nothing else there has.
 *
 * @returns `full` when the record would be too large
 */
export function requeueEffect(
  head: Head,
  now: number,
  dead: Effect,
  timing: Timing,
  sizes: RecordSizes,
): Head | 'full' {
  const { started, inDoubt, due, ...fresh } = dead;
  const out = [...head.out, { ...fresh, id: unusedId(head, dead.id), at: now, tries: 0 }];
  const longer: Head = { ...head, out };
  const requeued: Head = { ...longer, wake: wakeForWork(longer, now, timing) };
  return isLarger(requeued, sizes.acceptBytes) ? 'full' : requeued;
}

function unusedId({ out }: Pick<Head, 'out'>, id: string): string {
  return out.some((effect) => effect.id === id) ? unusedId({ out }, `${id}-`) : id;
}
