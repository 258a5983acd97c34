import type { Activity } from '../../src/schema/activity';
import type { Random } from './random';

/** What one activity's handler will do, decided before the run so that every attempt does the same. */
export interface Plan {
  readonly activity: Activity;
  readonly arrivesAt: number;
  /** Answered inside the HTTP response. */
  readonly inline: boolean;
  readonly replies: number;
  /** Replies are too large for the record. */
  readonly large: boolean;
  /** Asked for before every reply but the first, in ms; 0 for none. */
  readonly delayMs: number;
  /** Changes and takes back what it sent, and changes what an earlier turn sent. */
  readonly amends: boolean;
  /** Pauses inside the handler, in ms: some outlast `holdReplies`, some the lease. */
  readonly pauseMs: number;
  readonly flushes: 'never' | 'once' | 'often' | 'unawaited';
  readonly step: 'none' | 'plain' | 'failsOnce' | 'unawaited';
  readonly touches: { readonly conversation: boolean; readonly user: boolean; readonly priv: boolean };
  /** Which property of the conversation's state it appends to. */
  readonly property: 'list' | 'other';
  /** `contested`: others change the state that it touches under each of its runs. */
  readonly poison: 'none' | 'throwsOnce' | 'throwsAlways' | 'terminal' | 'hangs' | 'kills' | 'contested';
  /** Its first reply ends every process that delivers it. */
  readonly deadly: boolean;
  readonly apology: 'sends' | 'flushes' | 'throws' | 'hangs' | 'slow';
  /** What its turn posts to a conversation, as another plan. */
  readonly posts?: { readonly child: Plan; readonly laterMs: number; readonly cancels: boolean };
  /** The plan whose turn posts this one; absent for what comes from the channel. */
  readonly postedBy?: Plan;
  /** Posted once more when the dedupe horizon has passed. */
  readonly comesAgain: boolean;
}

export const CHANNEL = 'sim';

/**
 * Runs from this seed on also post to conversations, at once and at a time. Earlier ones are as they were, so that seeds which catch a rare
 * mistake still do.
 */
export const FIRST_POSTING_SEED = 20_001;

export const LARGE_TEXT = 'x'.repeat(3_000);

/**
 * The activities of a run: several conversations, users shared between them. One run in five is all about one user who writes in
 * several conversations at once.
 */
export function makePlans(random: Random, poisonous: boolean): Plan[] {
  const hotUser = random.chance(0.2);
  const conversations = hotUser ? 3 : 1 + random.below(3);
  const users = hotUser ? 1 : 1 + random.below(2);
  const spread = random.pick([200, 5_000, 60_000]);
  const invokes = random.chance(0.4) ? 0.3 : 0;
  const again = random.chance(0.05);
  return Array.from({ length: hotUser ? 9 : 2 + random.below(7) }, (_, index) => {
    const inline = random.chance(invokes);
    return {
      activity: {
        type: inline ? 'invoke' : 'message',
        id: `a${index}`,
        channelId: CHANNEL,
        serviceUrl: 'https://sim.example/',
        from: { id: `u${random.below(users)}` },
        recipient: { id: 'bot' },
        conversation: { id: `c${random.below(conversations)}` },
        text: random.chance(again ? 0.5 : 0.15) ? LARGE_TEXT : 'hello',
      },
      arrivesAt: hotUser || random.chance(0.4) ? 0 : random.between(0, spread),
      inline,
      replies: hotUser ? random.below(2) : random.below(4),
      large: random.chance(0.1),
      delayMs: hotUser || random.chance(0.9) ? 0 : random.pick([700, 4_000, 40_000]),
      // Past the dedupe horizon a turn comes to the effect ids of an earlier one, and may find what that one sent.
      amends: !hotUser && !again && random.chance(0.15),
      pauseMs: hotUser ? 0 : random.pick([0, 0, 0, 300, 1_500, 3_500, 30_000]),
      flushes: random.chance(0.75) ? 'never' : random.pick(['once', 'often', 'unawaited'] as const),
      step: random.chance(0.65) ? 'none' : random.pick(['plain', 'plain', 'failsOnce', 'unawaited'] as const),
      touches: { conversation: random.chance(0.8), user: hotUser || random.chance(0.5), priv: random.chance(0.2) },
      property: random.chance(0.7) ? 'list' : 'other',
      poison:
        poisonous && random.chance(again ? 0.5 : 0.25) ? random.pick(again ? RETURNING_POISONS : POISONS) : 'none',
      deadly: poisonous && random.chance(0.03),
      apology: random.pick(APOLOGIES),
      comesAgain: again && !inline,
    };
  });
}

const POISONS = ['throwsOnce', 'throwsAlways', 'terminal', 'terminal', 'hangs', 'kills'] as const;

/** What comes again past the dedupe horizon: some of it dies both times, some only the first. */
const RETURNING_POISONS = ['throwsAlways', 'kills', 'terminal', 'terminal'] as const;

const APOLOGIES = ['sends', 'sends', 'sends', 'flushes', 'throws', 'hangs', 'slow'] as const;
