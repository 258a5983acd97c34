import { postKey } from '../../src/runtime/post';
import { type ConversationKey, conversationKey } from '../../src/turn/keys';
import { CHANNEL, FIRST_POSTING_SEED, type Plan } from './plan';
import { Random } from './random';

/** The plans, some of which now post further ones, and those further ones. */
export function withPosts(plans: readonly Plan[], seed: number): readonly Plan[] {
  if (seed < FIRST_POSTING_SEED) return plans;
  const random = new Random(seed * 7 + 1);
  const conversations = [...new Set(plans.map(({ activity }) => activity.conversation.id)), 'other'];
  const all: Plan[] = [];
  for (const plan of plans) {
    const quiet = plan.poison === 'none' && !plan.comesAgain && !plan.inline && !plan.deadly;
    if (!quiet || random.chance(0.4)) {
      all.push(plan);
      continue;
    }
    const child = childOf(plan, random.pick(conversations), random);
    const laterMs = random.chance(0.5) ? 0 : random.pick([500, 3_000, 45_000, 170_000, 900_000]);
    const posts = { child, laterMs, cancels: laterMs > 0 && random.chance(0.25) };
    const parent = { ...plan, posts };
    all.push(parent, Object.assign(child, { postedBy: parent }));
  }
  return all;
}

function childOf(parent: Plan, conversation: string, random: Random): Plan {
  return {
    ...parent,
    activity: {
      ...parent.activity,
      type: 'event',
      id: `${parent.activity.id}p`,
      conversation: { id: conversation },
      text: random.chance(0.15) ? (parent.activity.text?.repeat(2) ?? '') : '',
    },
    arrivesAt: 0,
    replies: random.below(2),
    delayMs: 0,
    amends: false,
    pauseMs: random.pick([0, 0, 1_500]),
    flushes: 'never',
    step: 'none',
  };
}

/** The turns that a plan which is posted can have: one for each replay of the turn that posts it. */
export function postedTurns({ postedBy }: Plan, prefixOf: (plan: Plan) => string): readonly string[] {
  if (postedBy === undefined) return [];
  const from: ConversationKey = conversationKey(CHANNEL, postedBy.activity.conversation.id);
  const prefix = prefixOf(postedBy);
  return [prefix, ...[1, 2, 3, 4, 5, 6].map((replay) => `${prefix}~${replay}`)].map((turn) =>
    postKey(from, `${turn}.p0`),
  );
}
