import { CHANNEL, type Plan } from './plan';
import { Random } from './random';

/** Runs of these seeds have many invokes beside queued turns that fail, pause and are slow: effects of the one must not wait for the other. */
const CROWDED_SEEDS = { first: 80_001, last: 100_000 } as const;

export const FIRST_CROWDED_SEED = CROWDED_SEEDS.first;

export function isCrowded(seed: number): boolean {
  return seed >= CROWDED_SEEDS.first && seed <= CROWDED_SEEDS.last;
}

/** Whether nothing goes wrong in a crowded run but what the bot does itself: then nothing may be late either. */
export function isCalmCrowd(seed: number): boolean {
  return isCrowded(seed) && new Random(seed * 11 + 3).chance(0.4);
}

/** The plans, some of which now fail or pause, and invokes that come in beside them. */
export function withCrowd(plans: readonly Plan[], seed: number): readonly Plan[] {
  if (!isCrowded(seed)) return plans;
  const random = new Random(seed * 13 + 5);
  const queued = plans.map((plan): Plan => {
    if (plan.inline || plan.comesAgain) return plan;
    const poison = random.chance(0.5) ? random.pick(['throwsOnce', 'throwsAlways'] as const) : 'none';
    return { ...plan, poison, pauseMs: random.pick([0, 1_500, 12_000, 30_000]), deadly: false, apology: 'sends' };
  });
  const conversations = [...new Set(plans.map(({ activity }) => activity.conversation.id))];
  const invokes = Array.from({ length: 8 }, (_, index): Plan => {
    const user = `u${random.below(2)}`;
    return {
      activity: {
        type: 'invoke',
        id: `i${index}`,
        channelId: CHANNEL,
        serviceUrl: 'https://sim.example/',
        from: { id: user },
        recipient: { id: 'bot' },
        conversation: { id: random.pick(conversations) },
        text: 'pressed',
      },
      arrivesAt: random.between(0, 60_000),
      inline: true,
      replies: 1,
      large: false,
      delayMs: 0,
      amends: false,
      pauseMs: 0,
      flushes: 'never',
      step: 'none',
      touches: { conversation: random.chance(0.5), user: random.chance(0.3), priv: false },
      property: 'list',
      poison: 'none',
      deadly: false,
      apology: 'sends',
      comesAgain: false,
    };
  });
  return [...queued, ...invokes];
}
