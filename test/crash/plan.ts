import type { Random } from '../sim/random';

/** What the bot is to do in a turn. */
export type Manner =
  /** Counts and answers. */
  | 'fast'
  /** Takes its time before it answers. */
  | 'slow'
  /** Says something, takes longer than `holdReplies`, and answers. */
  | 'long'
  /** Says something, flushes it, and answers. */
  | 'flush'
  /** Answers with the recorded result of a step. */
  | 'step'
  /** Comes with a body, and answers with a reply, that are too large for the record. */
  | 'large'
  /** Posts to other conversations more than the record has room for, and answers. */
  | 'fanOut'
  /** Throws on its first attempt. */
  | 'stumble'
  /** Throws on every attempt. */
  | 'poison'
  /** Throws an error that says another attempt is pointless. */
  | 'terminal';

/** The orders that an activity carries to the bot, as its `value`. */
export interface Orders {
  readonly manner: Manner;
  readonly takesMs: number;
  /** Whether the turn changes its user's state as well. */
  readonly user: boolean;
  /** Makes the activity large. */
  readonly padding?: string;
}

/** What fills an activity so that it lies beside the record. */
export const PADDING = 'x'.repeat(20_000);

/** What a turn that fans out posts: so many events of so many characters, each to one of these conversations. */
export const FAN = { posts: 12, conversations: 10, padding: 'y'.repeat(8_000) };

/** Returns the name of the conversation that the `index`-th post of a turn goes to. */
export function fanOf(activity: string, index: number): string {
  return `fan${(Number(activity.slice(1)) + index) % FAN.conversations}`;
}

export interface PlannedActivity {
  readonly id: string;
  readonly conversation: string;
  readonly user: string;
  readonly orders: Orders;
  /** When it is posted, in ms from the start. */
  readonly at: number;
  /** Whether it is posted without waiting for the acknowledgement of the one before: then nobody knows the order of the two. */
  readonly impatient: boolean;
}

const USERS = 40;
const MEMBERS = 3;

/** The load: activities of all conversations in the order of their times. The same seed gives the same load. */
export function planLoad(random: Random, turns: number, conversations: number, durationMs: number): PlannedActivity[] {
  return Array.from({ length: turns }, (_, index): PlannedActivity => {
    const room = random.below(conversations);
    return {
      id: `a${index}`,
      conversation: `c${room}`,
      // Members of neighbouring conversations overlap, so that turns of several conversations meet in one user's state.
      user: `u${(room * 2 + random.below(MEMBERS)) % USERS}`,
      orders: ordersOf(random),
      at: Math.floor((index * durationMs) / turns),
      impatient: random.chance(0.15),
    };
  });
}

const MANNERS: readonly (readonly [Manner, weight: number, fromMs: number, toMs: number])[] = [
  ['fast', 0.55, 0, 0],
  ['slow', 0.15, 200, 3_000],
  ['long', 0.05, 1_200, 3_000],
  ['flush', 0.07, 50, 400],
  ['step', 0.08, 20, 300],
  ['large', 0.05, 0, 200],
  ['fanOut', 0.02, 0, 200],
  ['stumble', 0.02, 0, 50],
  ['poison', 0.005, 0, 50],
  ['terminal', 0.005, 0, 50],
];

function ordersOf(random: Random): Orders {
  const [manner, , from, to] = pickWeighted(random);
  const orders = { manner, takesMs: Math.round(random.between(from, to)), user: random.chance(0.5) };
  return manner === 'large' ? { ...orders, padding: PADDING } : orders;
}

function pickWeighted(random: Random): (typeof MANNERS)[number] {
  let rest = random.next();
  for (const choice of MANNERS) {
    rest -= choice[1];
    if (rest < 0) return choice;
  }
  return ['fast', 1, 0, 0];
}

/** How many replies a committed turn has shown. */
export function repliesOf({ manner }: Orders): number {
  return manner === 'long' || manner === 'flush' ? 2 : 1;
}
