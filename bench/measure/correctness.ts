import type { Arena, Fighter } from '../arena.ts';
import type { Contender } from '../contenders.ts';
import { pause } from './pause.ts';

/** What became of 20 messages that one person sent at once. */
export interface AtOnce {
  /** What the bot has counted in the end. */
  readonly counter: number;
  readonly replies: number;
  /** Whether the replies came in the order of their numbers. */
  readonly inOrder: boolean;
}

const MESSAGES = 20;

export async function atOnce(fighter: Fighter): Promise<AtOnce> {
  const conversation = fighter.arena.name('at-once');
  const orders = Array.from({ length: MESSAGES }, (_, number) => ({ id: `${conversation}-${number}`, workMs: 5 }));
  const { replies } = await fighter.talk({ conversation, orders, patienceMs: 10_000 });
  const numbers = replies.map((text) => Number.parseInt(text, 10));
  const last = await fighter.talk({ conversation, orders: [{ id: `${conversation}-last` }], patienceMs: 5_000 });
  return {
    counter: Number.parseInt(last.replies[0] ?? '', 10) - 1,
    replies: numbers.length,
    inOrder: numbers.every((number, index) => number === index + 1),
  };
}

/** Replies to a message that the channel delivers twice. */
export async function deliveredTwice(fighter: Fighter): Promise<number> {
  const conversation = fighter.arena.name('twice');
  const orders = [{ id: `${conversation}-1`, workMs: 50 }];
  await fighter.talk({ conversation, orders, patienceMs: 5_000 });
  await fighter.talk({ conversation, orders, patienceMs: 500 });
  await pause(500);
  // Each talk begins a list of its own: the first reply was in the one before.
  return 1 + (await fighter.arena.shown(conversation)).length;
}

/** What became of messages whose turns were under way when their process was killed. */
export interface Killed {
  readonly acknowledged: number;
  /** Acknowledged, and never answered: nobody will send them again. */
  readonly lost: number;
  /** Never acknowledged and never answered: gone, unless the channel sends them again. */
  readonly leftToTheChannel: number;
}

/** The lease, and then the bell that was left for its end. */
const RECOVERY_MS = 30_000;

export async function killedInMidTurn(arena: Arena, contender: Contender): Promise<Killed> {
  const folder = arena.folder();
  const fighter = await arena.enter(contender, folder);
  const conversations = Array.from({ length: 10 }, () => arena.name('killed'));
  const talks = conversations.map((conversation) =>
    fighter.talk({ conversation, orders: [{ id: `${conversation}-1`, workMs: 1_500 }], patienceMs: RECOVERY_MS }),
  );
  await pause(1_000);
  await fighter.leave('SIGKILL');
  const next = await arena.enter(contender, folder);
  const results = await Promise.all(talks);
  await next.leave();
  const acknowledged = results.filter(({ statuses }) => statuses[0] === 200 || statuses[0] === 202);
  const answered = (of: typeof results): number => of.filter(({ replies }) => replies.length > 0).length;
  return {
    acknowledged: acknowledged.length,
    lost: acknowledged.length - answered(acknowledged),
    leftToTheChannel:
      results.length - acknowledged.length - answered(results.filter((each) => !acknowledged.includes(each))),
  };
}
