import type { TurnStore } from '../../src/ports/store';
import type { ConversationKey } from '../../src/turn/keys';
import type { Head } from '../../src/turn/record';

/** When the first effect of a record is due. */
export const dueOf = ({ out }: Head): number => out[0]?.due ?? 0;

/** On a good day an effect of an inline turn leaves in this time, whatever else its conversation does: a renewal, and some for deliveries. */
export const PROMPT_MS = 11_000;

interface Recorded {
  readonly id: string;
  readonly text: string;
  readonly at: number;
  readonly due: number;
}

/** How long an effect of an inline turn was held up by anything but the times that it, or what is recorded before it, asked for; in ms. */
export function heldUpMs(recorded: readonly Recorded[], text: string, now: number): number {
  const index = recorded.findLastIndex((each) => each.text === text);
  const effect = recorded[index];
  if (effect === undefined || !effect.id.includes('~i')) return 0;
  return now - Math.max(effect.at, ...recorded.slice(0, index + 1).map(({ due }) => due));
}

/**
 * Tells of every acquire that is put off although something is due to be delivered. What is due waits for nothing but what is recorded before it:
 * not for the back-off of a turn that has failed.
 */
export function watchingAcquires(
  turns: TurnStore,
  headOf: (key: ConversationKey) => Head | undefined,
  now: () => number,
  tell: (key: ConversationKey) => void,
): TurnStore {
  return {
    ...turns,
    async acquire(key, owner) {
      const outcome = await turns.acquire(key, owner);
      const head = headOf(key);
      const isPutOff = outcome.outcome === 'later' && head !== undefined && head.lease === null && head.out.length > 0;
      if (isPutOff && dueOf(head) < now()) tell(key);
      return outcome;
    },
  };
}
