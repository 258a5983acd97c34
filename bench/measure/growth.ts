import type { Fighter } from '../arena.ts';
import type { Scale } from './scale.ts';

/** What a turn costs when there is this much of something already, and what the process has in memory then. */
export interface Grown {
  readonly size: number;
  readonly cpuMsPerTurn: number;
  readonly replyP50Ms: number;
  /** With garbage collected, as is what follows. */
  readonly heapMb: number;
  readonly residentMb: number;
}

type Load = Parameters<Fighter['arena']['load']>[0];

/** Longer than any of it takes: what has not been played by then is not counted as being there. */
const PATIENCE_S = 1_200;

async function probed(fighter: Fighter, size: number, load: Load): Promise<Grown> {
  const before = await fighter.usage();
  const { replies, reply } = await fighter.arena.load(load);
  const { cpuMs } = await fighter.usage();
  const { heapMb, rssMb } = await fighter.usage(true);
  return {
    size,
    cpuMsPerTurn: (cpuMs - before.cpuMs) / replies,
    replyP50Ms: reply.p50,
    heapMb,
    residentMb: rssMb,
  };
}

/** As conversations grow in number: a turn is played in each, so that the process, too, has seen all of them. */
export async function byConversations(fighter: Fighter, { conversations, probeS }: Scale): Promise<Grown[]> {
  const { arena, endpoints } = fighter;
  const grown: Grown[] = [];
  let there = 0;
  for (const size of conversations) {
    const missing = size - there;
    const played = await fighter.load({
      clients: 32,
      seconds: PATIENCE_S,
      until: 'reply',
      conversations: missing,
      messages: missing,
    });
    there += played.replies;
    const probe = { clients: 4, seconds: probeS, until: 'reply', conversations: 64 } as const;
    grown.push(await probed(fighter, there, { ...probe, endpoints, name: arena.name('among-many') }));
  }
  return grown;
}

const PROBE_TURNS = 100;

/** As one conversation goes on: one for each length. */
export async function byTurns(fighter: Fighter, { turns }: Scale): Promise<Grown[]> {
  const { arena, endpoints } = fighter;
  const grown: Grown[] = [];
  for (const size of turns) {
    const load = { endpoints, clients: 1, until: 'reply', conversations: 1, name: arena.name('long') } as const;
    const { replies } = await arena.load({ ...load, messages: size, seconds: PATIENCE_S });
    grown.push(await probed(fighter, replies, { ...load, messages: PROBE_TURNS, seconds: 30 }));
  }
  return grown;
}

/** As the state of a conversation grows. */
export async function byState(fighter: Fighter, { stateKb, probeS }: Scale): Promise<Grown[]> {
  const { arena, endpoints } = fighter;
  const grown: Grown[] = [];
  for (const size of stateKb) {
    const probe = { clients: 4, seconds: probeS, until: 'reply', conversations: 16 } as const;
    const name = arena.name('state');
    grown.push(await probed(fighter, size, { ...probe, endpoints, name, orders: { stateKb: size } }));
  }
  return grown;
}
