import type { Fighter } from '../arena.ts';
import { pause } from './pause.ts';
import type { Scale } from './scale.ts';
import { median } from './statistics.ts';

/** The store and the connector as far away as they are in one region of Azure. */
const AWAY = { storeMs: 5, connectorMs: 30 };

/** How often the Functions host looks at the queue. */
const POLL_MS = 100;

/** What somebody waits for whose messages come at leisure. */
export interface Leisure {
  readonly ackMs: number;
  readonly replyMs: number;
  /** The same with a queue that is looked at ten times a second. */
  readonly replyWithPollMs: number;
  /** The acknowledgement of a message whose handler is slow. */
  readonly ackBehindSlowMs: number;
  readonly slowHandlerMs: number;
}

export async function atLeisure(fighter: Fighter, { leisurely: messages, slowHandlerMs }: Scale): Promise<Leisure> {
  const { arena } = fighter;
  await arena.latencies(AWAY);
  const leisurely = { clients: 1, seconds: 60, until: 'reply', conversations: 4, perSecond: 5, messages } as const;
  await fighter.load({ ...leisurely, messages: 5 });
  const plain = await fighter.load(leisurely);
  await arena.queue({ pollMs: POLL_MS, held: false });
  const polled = fighter.contender.kind === 'turnwise' ? await fighter.load(leisurely) : plain;
  await arena.queue({ pollMs: 0, held: false });
  return {
    ackMs: plain.ack.p50,
    replyMs: plain.reply.p50,
    replyWithPollMs: polled.reply.p50,
    ackBehindSlowMs: await ackOfSlow(fighter, slowHandlerMs),
    slowHandlerMs,
  };
}

/** How many conversations are kept waiting, one a moment after the other. */
const SLOW = 8;
const BETWEEN_MS = 150;

/** Messages whose handlers are slow, in conversations that have begun: how long until each is acknowledged. */
async function ackOfSlow(fighter: Fighter, workMs: number): Promise<number> {
  const say = async (conversation: string, number: number, work: number): Promise<number> => {
    const orders = [{ id: `${conversation}-${number}`, workMs: work }];
    const { ackMs } = await fighter.talk({ conversation, orders, patienceMs: work + 5_000 });
    return ackMs[0] ?? Number.NaN;
  };
  const conversations = Array.from({ length: SLOW }, () => fighter.arena.name('slow'));
  for (const conversation of conversations) await say(conversation, 1, 0);
  await pause(LONG_REST_MS);
  const acks = await Promise.all(
    conversations.map(async (conversation, index) => {
      await pause(index * BETWEEN_MS);
      return say(conversation, 2, workMs);
    }),
  );
  return median(acks);
}

/** Longer than anything that remembers the message before. */
const LONG_REST_MS = 1_100;

/** One conversation in which everybody writes. */
export interface Hot {
  readonly replyP50Ms: number;
  readonly replyP99Ms: number;
  readonly answered: number;
  readonly posted: number;
}

export async function hotConversation(fighter: Fighter, seconds: number): Promise<Hot> {
  const perSecond = 50;
  const { reply, replies, acks } = await fighter.load({
    clients: 32,
    seconds,
    until: 'reply',
    conversations: 1,
    perSecond,
  });
  return { replyP50Ms: reply.p50, replyP99Ms: reply.p99, answered: replies, posted: acks };
}
