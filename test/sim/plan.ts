import type { Activity } from '../../src/schema/activity';
import type { Random } from './random';

/** What one activity's handler will do, decided before the run so that every attempt does the same. */
export interface Plan {
  readonly activity: Activity;
  readonly arrivesAt: number;
  readonly replies: number;
  /** Pauses inside the handler, in ms: some outlast `holdReplies`, some the lease. */
  readonly pauseMs: number;
  readonly flushes: boolean;
  readonly step: boolean;
  readonly touches: { readonly conversation: boolean; readonly user: boolean; readonly priv: boolean };
  readonly poison: 'none' | 'throwsOnce' | 'throwsAlways' | 'terminal' | 'hangs' | 'kills';
}

export const CHANNEL = 'sim';

const LARGE_TEXT = 'x'.repeat(3_000);

/**
 * The activities of a run: several conversations, users shared between them. One run in five is all about one user who writes in
 * several conversations at once.
 */
export function makePlans(random: Random, poisonous: boolean): Plan[] {
  const hotUser = random.chance(0.2);
  const conversations = hotUser ? 3 : 1 + random.below(3);
  const users = hotUser ? 1 : 1 + random.below(2);
  const spread = random.pick([200, 5_000, 60_000]);
  return Array.from({ length: hotUser ? 9 : 2 + random.below(7) }, (_, index) => ({
    activity: {
      type: 'message',
      id: `a${index}`,
      channelId: CHANNEL,
      serviceUrl: 'https://sim.example/',
      from: { id: `u${random.below(users)}` },
      recipient: { id: 'bot' },
      conversation: { id: `c${random.below(conversations)}` },
      text: random.chance(0.15) ? LARGE_TEXT : 'hello',
    },
    arrivesAt: hotUser || random.chance(0.4) ? 0 : random.between(0, spread),
    replies: hotUser ? random.below(2) : random.below(4),
    pauseMs: hotUser ? 0 : random.pick([0, 0, 0, 300, 1_500, 3_500, 30_000]),
    flushes: random.chance(0.2),
    step: random.chance(0.3),
    touches: { conversation: random.chance(0.8), user: hotUser || random.chance(0.5), priv: random.chance(0.2) },
    poison: poisonous && random.chance(0.25) ? random.pick(POISONS) : 'none',
  }));
}

const POISONS = ['throwsOnce', 'throwsAlways', 'terminal', 'hangs', 'kills'] as const;
