import type { Fighter } from '../arena.ts';
import type { Spread } from './statistics.ts';

/** How fast, and what it costs. */
export interface Pace {
  readonly clients: number;
  readonly turnsPerS: number;
  readonly ack: Spread;
  readonly reply: Spread;
  /** Of one core, for everything that the contender does about one turn. */
  readonly cpuMsPerTurn: number;
}

export interface AckPace {
  readonly acksPerS: number;
  readonly ack: Spread;
  readonly cpuMsPerAck: number;
}

/** What one turn asks of the services. */
export interface Footprint {
  readonly roundTrips: number;
  readonly requestUnits: number;
  readonly queueMessages: number;
}

/** Conversations that a load goes round, so that no two clients are in the same. */
const CONVERSATIONS = 256;

/** Clients that post, wait for the reply as a person would, and post again. */
export async function paceOfTurns(fighter: Fighter, clients: number, seconds: number): Promise<Pace> {
  const until = fighter.contender.replies ? 'reply' : 'ack';
  const before = await fighter.usage();
  const load = await fighter.load({ clients, seconds, until, conversations: CONVERSATIONS });
  const { cpuMs } = await fighter.usage();
  const turns = fighter.contender.replies ? load.replies : load.acks;
  return {
    clients,
    turnsPerS: turns / load.seconds,
    ack: load.ack,
    reply: load.reply,
    cpuMsPerTurn: (cpuMs - before.cpuMs) / turns,
  };
}

/** Acknowledgements alone: what an instance does that has the HTTP function and not the queue's, as functions scale on Flex Consumption. */
export async function paceOfAcks(fighter: Fighter, clients: number, seconds: number): Promise<AckPace> {
  const { arena, endpoints } = fighter;
  // Conversations that have begun, and so many of them that few messages wait in each.
  const conversations = 1_024;
  const load = { endpoints, clients, until: 'ack', conversations, name: arena.name('acks') } as const;
  await arena.load({ ...load, messages: conversations, seconds: 30 });
  await pause(500);
  await arena.queue({ pollMs: 0, held: true });
  const before = await fighter.usage();
  const result = await arena.load({ ...load, seconds });
  const { cpuMs } = await fighter.usage();
  return { acksPerS: result.acks / result.seconds, ack: result.ack, cpuMsPerAck: (cpuMs - before.cpuMs) / result.acks };
}

/** What turns ask of the services when a conversation is in its stride. */
export async function footprint(fighter: Fighter): Promise<Footprint> {
  const turns = 20;
  const orders = { clients: 1, conversations: 1, messages: turns, seconds: 30, until: 'reply' } as const;
  // The pause lets each turn come to its rest before the next message.
  await fighter.load({ ...orders, messages: 2 });
  const counts = await fighter.arena.counted(() => fighter.load({ ...orders, perSecond: 20 }));
  return {
    roundTrips: counts.cosmos.requests / turns,
    requestUnits: counts.cosmos.charge / turns,
    queueMessages: counts.queue.put / turns,
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
