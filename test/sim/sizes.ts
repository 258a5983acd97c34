import type { DeadLetter } from '../../src/ports/store';
import type { RuntimeOptions } from '../../src/runtime/options';
import { TurnwiseError } from '../../src/schema/errors';
import type { PartitionWrites } from '../../src/store/partition';
import type { ConversationKey } from '../../src/turn/keys';
import type { Head } from '../../src/turn/record';
import type { RecordSizes } from '../../src/turn/size';
import type { Ghost } from './ghost';
import { LARGE_TEXT, type Plan } from './plan';
import { Random } from './random';

/** Runs of these seeds have a store with limits on size, scaled down, and effects whose delivery throws. */
const SIZED_SEEDS = { first: 120_001, last: 140_000 } as const;

export const FIRST_SIZED_SEED = SIZED_SEEDS.first;

export function isSized(seed: number): boolean {
  return seed >= SIZED_SEEDS.first && seed <= SIZED_SEEDS.last;
}

/** The limits of records, about a hundredth of the real ones. */
export const SMALL_SIZES: RecordSizes = { asideBytes: 3_000, acceptBytes: 8_000, turnBytes: 12_000 };

/** Options that go with them. In half of the runs a delivery is given up soon. */
export function smallOptions(seed: number): Partial<RuntimeOptions> {
  const givesUpSoon = new Random(seed * 17 + 7).chance(0.5);
  return { outboxBytes: 1_500, packBytes: 4_000, ...(givesUpSoon ? { maxDeliveries: 3 } : {}) };
}

const MAX_HEAD_BYTES = 16_000;
const MAX_TRANSACTION_BYTES = 40_000;
const MAX_TRANSACTION_RECORDS = 100;

/** Refuses what Cosmos DB would refuse: an item or a batch that is too large, or a batch of too many operations. */
export function assertFits({ head, put = [], drop = [] }: PartitionWrites): void {
  const sizeOf = (value: unknown): number => JSON.stringify(value)?.length ?? 0;
  const bytes = [head, ...put].reduce((sum, each) => sum + sizeOf(each), 0);
  const records = 1 + put.length + drop.length;
  if (sizeOf(head) > MAX_HEAD_BYTES || bytes > MAX_TRANSACTION_BYTES || records > MAX_TRANSACTION_RECORDS) {
    throw new TurnwiseError('RecordTooLarge');
  }
}

/** What a holder's own writes may add to a record that is as large as a turn may leave it: a lease, marks, ids of what was delivered. */
const HEADROOM_BYTES = 800;

/** Checks that a write has left a record which its holder can still write, with room to spare. */
export function checkSize(ghost: Ghost, key: ConversationKey, head: Head | undefined): void {
  const bytes = JSON.stringify(head)?.length ?? 0;
  if (bytes > SMALL_SIZES.turnBytes + HEADROOM_BYTES) ghost.violate('I17', `${key} has grown to ${bytes} bytes`);
}

/** Most sends of a turn that fit into a record whatever waits in it. */
const FEW = 5;

/** Checks that turns which send little were not refused for their size. */
export function checkRefused(ghost: Ghost, letters: readonly DeadLetter[], plans: readonly Plan[]): void {
  if (plans.some(({ inline }) => inline)) return;
  const few = new Set(plans.filter(({ replies }) => replies <= FEW).map(({ activity }) => activity.id));
  for (const { dead, id, reason } of letters) {
    if (reason.code !== 'TurnTooLarge' || dead.kind !== 'activity' || !('inline' in dead.activity.body)) continue;
    if (few.has(dead.activity.body.inline.id)) ghost.violate('I17', `${id} sends little, and was refused for its size`);
  }
}

/** A text that is kept in the record, and fills it soon. */
const MEDIUM_TEXT = 'y'.repeat(1_500);

/** The plans with larger activities, with turns that send much, and with more of them. */
export function withSizes(plans: readonly Plan[], seed: number): readonly Plan[] {
  const random = new Random(seed * 11 + 3);
  const [first] = plans;
  const crowd = first === undefined || random.chance(0.6) ? 0 : random.below(60);
  const larger = plans.map((plan) => {
    // The children of posting plans are known by their identity.
    if (plan.postedBy !== undefined) return plan;
    const text = random.pick(['hello', MEDIUM_TEXT, MEDIUM_TEXT, LARGE_TEXT]);
    const many = plan.poison === 'none' && plan.delayMs === 0 && random.chance(0.4);
    const replies = many ? 4 + random.below(20) : plan.replies;
    return Object.assign(plan, { activity: { ...plan.activity, text }, replies, large: random.chance(0.3) });
  });
  // Where many come, the first of them takes its time and sends much, so that all that a record holds is there at once.
  if (first !== undefined && crowd > 10 && first.poison === 'none' && !first.inline) {
    Object.assign(first, {
      flushes: random.pick(['never', 'often']),
      replies: 20 + random.below(10),
      pauseMs: 3_500,
      delayMs: 0,
      amends: false,
    });
  }
  return [...larger, ...(first === undefined ? [] : Array.from({ length: crowd }, (_, index) => small(first, index)))];
}

/** A further activity of the same conversation, whose turn does little. */
function small({ posts, ...plan }: Plan, index: number): Plan {
  return {
    ...plan,
    activity: { ...plan.activity, type: 'message', id: `m${index}`, text: MEDIUM_TEXT },
    arrivesAt: plan.arrivesAt + 20 * index,
    inline: false,
    replies: 1,
    delayMs: 0,
    pauseMs: 0,
    amends: false,
    flushes: 'never',
    step: 'none',
    poison: 'none',
    deadly: false,
    comesAgain: false,
  };
}

/** What is delivered through a call: `fold` to a user's record, `channel` through the connector. */
type Delivered = 'post' | 'cancel' | 'fold' | 'channel';

/**
 * Decides which deliveries throw what is no fault of a store or a channel: a mistake in an adapter, say. Where deliveries are given up soon,
 * those of one kind may throw for ever; a change of user state is never given up, so that this would never end.
 */
export class Breakage {
  readonly #random: Random;
  readonly #isOver: () => boolean;
  readonly #forEver: Delivered | undefined;

  /** @param isOver whether nothing goes wrong any more, but what goes wrong for ever */
  constructor(seed: number, options: Pick<RuntimeOptions, 'maxDeliveries'>, isOver: () => boolean) {
    this.#random = new Random(seed * 13 + 5);
    this.#isOver = isOver;
    const forEver = this.#random.pick(['post', 'cancel', 'channel', undefined, undefined] as const);
    this.#forEver = options.maxDeliveries <= 10 ? forEver : undefined;
  }

  /** Whether a call of the store throws. */
  ofStore(name: string, parameters: readonly unknown[]): boolean {
    const delivered = deliveredBy(name, parameters);
    return delivered !== undefined && this.#breaks(delivered);
  }

  /** Whether the connector throws. */
  ofConnector(): boolean {
    return this.#breaks('channel');
  }

  #breaks(delivered: Delivered): boolean {
    return delivered === this.#forEver || (!this.#isOver() && this.#random.chance(BREAKS[delivered]));
  }
}

const BREAKS: Readonly<Record<Delivered, number>> = { post: 0.1, cancel: 0.1, fold: 0.4, channel: 0.08 };

function deliveredBy(name: string, parameters: readonly unknown[]): Delivered | undefined {
  if (name === 'settle') return parameters[2] === true ? 'fold' : undefined;
  if (name === 'unschedule') return 'cancel';
  const isMailbox = name === 'accept' || name === 'schedule';
  return isMailbox && (parameters[1] as { readonly proactive?: unknown }).proactive !== undefined ? 'post' : undefined;
}
