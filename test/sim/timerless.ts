import type { Sweeps } from '../../src/ports/sweeps';
import type { Ghost } from './ghost';
import { CHANNEL, type Plan } from './plan';

/** Runs of these seeds have no timer at all: what is left behind is found by invocations that come for something else. */
const TIMERLESS_SEEDS = { first: 40_001, last: 60_000 } as const;

export const FIRST_TIMERLESS_SEED = TIMERLESS_SEEDS.first;

export function isTimerless(seed: number): boolean {
  return seed >= TIMERLESS_SEEDS.first && seed <= TIMERLESS_SEEDS.last;
}

/** More than any run takes to come to rest. */
const VISITS = 400;

/** Messages to a conversation of their own, which goes on while others wait: all that calls the app once the channel has nothing to repeat. */
export function visitPlans(): readonly Plan[] {
  return Array.from({ length: VISITS }, (_, index) => ({
    activity: {
      type: 'message',
      id: `v${index}`,
      channelId: CHANNEL,
      serviceUrl: 'https://sim.example/',
      from: { id: 'visitor' },
      recipient: { id: 'bot' },
      conversation: { id: 'visitor' },
      text: 'hello',
    },
    arrivesAt: 0,
    inline: false,
    replies: 0,
    large: false,
    delayMs: 0,
    amends: false,
    pauseMs: 0,
    flushes: 'never',
    step: 'none',
    touches: { conversation: false, user: false, priv: false },
    property: 'list',
    poison: 'none',
    deadly: false,
    apology: 'sends',
    comesAgain: false,
  }));
}

/** Checks as they are granted that claims on sweeps are as far apart as they say. */
export class SweepLedger {
  private claimed: { readonly owner: string; readonly at: number } | undefined;
  private endedAt: number | undefined;

  constructor(
    private readonly now: () => number,
    private readonly ghost: Ghost,
  ) {}

  /** The sweeps of a store, with every claim and end noted when it takes effect. */
  noting(sweeps: Sweeps): Sweeps {
    return {
      claim: async (owner, lateMs, claimMs) => {
        const claim = await sweeps.claim(owner, lateMs, claimMs);
        if (claim.outcome === 'claimed' && this.claimed?.owner !== owner) this.granted(owner, lateMs, claimMs);
        return claim;
      },
      ended: async (by) => {
        await sweeps.ended(by);
        this.endedAt = this.now();
      },
      last: () => sweeps.last(),
    };
  }

  private granted(owner: string, lateMs: number, claimMs: number): void {
    const now = this.now();
    const tooSoon = (at: number | undefined, ms: number): boolean => at !== undefined && now - at < ms;
    if (tooSoon(this.claimed?.at, claimMs)) this.ghost.violate('sweeps', `${owner} claims what another has claimed`);
    if (tooSoon(this.endedAt, lateMs)) this.ghost.violate('sweeps', `${owner} claims a sweep that is not due`);
    this.claimed = { owner, at: now };
  }
}
