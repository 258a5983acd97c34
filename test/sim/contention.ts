import type { Store } from '../../src/ports/store';
import { activityKey, type ConversationKey } from '../../src/turn/keys';
import { type Faults, NO_FAULTS } from './faults';
import { CHANNEL, type Plan } from './plan';
import { Random } from './random';

/** Runs of these seeds have turns that want the same state all the time, some in a store whose commits never become fast. */
const CONTENDED_SEEDS = { first: 100_001, last: 120_000 } as const;

export const FIRST_CONTENDED_SEED = CONTENDED_SEEDS.first;

function isContended(seed: number): boolean {
  return seed >= CONTENDED_SEEDS.first && seed <= CONTENDED_SEEDS.last;
}

const randomOf = (seed: number): Random => new Random(seed * 17 + 7);

/** The faults of a contended run: a store that is slow to commit, for as long as the run takes. */
export function contendedFaults(faults: Faults, seed: number): Faults {
  if (!isContended(seed)) return faults;
  return { ...NO_FAULTS, commitSlowMs: randomOf(seed).pick([0, 2_000, 5_000, 9_000]) };
}

/** The plans of a contended run: one user who writes in several conversations, and turns whose state others change under each of their runs. */
export function contendedPlans(plans: readonly Plan[], seed: number): readonly Plan[] {
  if (!isContended(seed)) return plans;
  const random = randomOf(seed);
  return Array.from({ length: 6 }, (_, index): Plan => {
    const isContested = random.chance(0.15);
    return {
      activity: {
        type: 'message',
        id: `a${index}`,
        channelId: CHANNEL,
        serviceUrl: 'https://sim.example/',
        from: { id: 'u0' },
        recipient: { id: 'bot' },
        conversation: { id: `c${random.below(3)}` },
        text: 'hello',
      },
      arrivesAt: random.chance(0.5) ? 0 : random.between(0, 5_000),
      inline: false,
      replies: 1,
      large: false,
      delayMs: 0,
      amends: false,
      pauseMs: 0,
      flushes: 'never',
      step: 'none',
      touches: { conversation: true, user: !isContested, priv: false },
      property: 'list',
      poison: isContested ? 'contested' : 'none',
      deadly: false,
      apology: 'sends',
      comesAgain: false,
    };
  });
}

/**
 * Changes a property of a conversation's state, as an inline turn of another user does. Best effort.
 *
 * @param number of the change, unique in its run
 */
export async function contend({ inline, turns }: Store, key: ConversationKey, number: number): Promise<void> {
  const activity = activityKey(number.toString(16).padStart(32, '0'));
  try {
    const { version, data } = await turns.readState(key, 'conversation');
    const claimed = await inline.claim(key, activity, `contender-${number}`, 10_000);
    if (claimed.outcome !== 'claimed') return;
    const writes = [{ id: 'conversation', data: { ...data, contested: number } }] as const;
    const turn = { activity, answer: { status: 200 }, effects: [], bodies: [], writes };
    await inline.commit(key, claimed.fence, { ...turn, reads: [{ id: 'conversation', version }] });
  } catch {
    // The store was away: this run is left alone.
  }
}
