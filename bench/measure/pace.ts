import type { Fighter } from '../arena.ts';
import type { ServiceCounts } from '../fakes/services.ts';
import { pause } from './pause.ts';
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

/** What one turn of a conversation in its stride asks of the services. */
export interface Footprint {
  /** Of the store, until the message is acknowledged; nothing where turns cannot be held back. */
  readonly acceptRoundTrips?: number;
  /** The same for a message that comes while the turn before it has only just come to its rest. */
  readonly soonAcceptRoundTrips?: number;
  /** Of the store: after that, or all of them where an acknowledgement comes with the end of the turn. */
  readonly turnRoundTrips: number;
  /** Of the whole, as is what follows. */
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

/** Messages in as many conversations, and how long they rest: longer than anything that remembers the message before, and not so long. */
const TALKING = 10;
const LONG_REST_MS = 1_100;
const SHORT_REST_MS = 100;

/**
 * Counts what each conversation's next message asks of the services. Where turns are run from the queue they are held back until the
 * messages are acknowledged, so that what accepting takes is counted by itself.
 */
export async function footprint(fighter: Fighter): Promise<Footprint> {
  const { arena, contender, endpoints } = fighter;
  const name = arena.name('footprint');
  const each = { endpoints, name, clients: TALKING, conversations: TALKING, messages: TALKING, seconds: 30 } as const;
  const acknowledged = () => arena.counted(() => arena.load({ ...each, until: 'ack' }));
  const answered = () => arena.load({ ...each, until: 'reply' });
  await answered();
  await answered();
  await pause(LONG_REST_MS);
  if (contender.kind !== 'turnwise') {
    const whole = await arena.counted(answered);
    return { turnRoundTrips: whole.cosmos.requests / TALKING, ...perTurn([whole]) };
  }
  await arena.queue({ pollMs: 0, held: true });
  const accept = await acknowledged();
  const turn = await arena.counted(async () => {
    await arena.queue({ pollMs: 0, held: false });
    await pause(LONG_REST_MS);
  });
  await answered();
  await pause(SHORT_REST_MS);
  await arena.queue({ pollMs: 0, held: true });
  const soonAccept = await acknowledged();
  await arena.queue({ pollMs: 0, held: false });
  await pause(LONG_REST_MS);
  return {
    acceptRoundTrips: accept.cosmos.requests / TALKING,
    soonAcceptRoundTrips: soonAccept.cosmos.requests / TALKING,
    turnRoundTrips: turn.cosmos.requests / TALKING,
    ...perTurn([accept, turn]),
  };
}

function perTurn(counts: readonly ServiceCounts[]): Pick<Footprint, 'requestUnits' | 'queueMessages'> {
  const sum = (figure: (each: ServiceCounts) => number): number =>
    counts.reduce((total, each) => total + figure(each), 0) / TALKING;
  return { requestUnits: sum(({ cosmos }) => cosmos.charge), queueMessages: sum(({ queue }) => queue.put) };
}
