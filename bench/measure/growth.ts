import type { Fighter } from '../arena.ts';

/** What a turn costs when there is this much of something already. */
export interface Grown {
  readonly size: number;
  readonly cpuMsPerTurn: number;
  readonly replyP50Ms: number;
}

const PROBE = { clients: 4, seconds: 2, until: 'reply' } as const;

async function probed(fighter: Fighter, size: number, load: Parameters<Fighter['load']>[0]): Promise<Grown> {
  const before = await fighter.usage();
  const { replies, reply } = await fighter.load(load);
  const { cpuMs } = await fighter.usage();
  return { size, cpuMsPerTurn: (cpuMs - before.cpuMs) / replies, replyP50Ms: reply.p50 };
}

/** As conversations grow in number. */
export async function byConversations(fighter: Fighter, sizes: readonly number[]): Promise<Grown[]> {
  const grown: Grown[] = [];
  let there = 0;
  for (const size of sizes) {
    const missing = size - there;
    await fighter.load({ clients: 32, seconds: 600, until: 'reply', conversations: missing, messages: missing });
    there = size;
    grown.push(await probed(fighter, size, { ...PROBE, conversations: 64 }));
  }
  return grown;
}

/** As one conversation goes on. */
export async function byTurns(fighter: Fighter, sizes: readonly number[]): Promise<Grown[]> {
  const name = fighter.arena.name('long');
  const load = (messages: number, seconds: number) =>
    fighter.arena.load({
      endpoints: fighter.endpoints,
      clients: 1,
      until: 'reply',
      conversations: 1,
      name,
      messages,
      seconds,
    });
  const grown: Grown[] = [];
  let there = 0;
  for (const size of sizes) {
    await load(size - there, 600);
    const before = await fighter.usage();
    const { replies, reply } = await load(100, 30);
    const { cpuMs } = await fighter.usage();
    grown.push({ size, cpuMsPerTurn: (cpuMs - before.cpuMs) / replies, replyP50Ms: reply.p50 });
    there = size + replies;
  }
  return grown;
}

/** As the state of a conversation grows. */
export async function byState(fighter: Fighter, sizesKb: readonly number[]): Promise<Grown[]> {
  const grown: Grown[] = [];
  for (const size of sizesKb) {
    grown.push(await probed(fighter, size, { ...PROBE, conversations: 16, orders: { stateKb: size } }));
  }
  return grown;
}

/** Memory after many turns, with garbage collected. */
export interface Memory {
  readonly turns: number;
  readonly heapBeforeMb: number;
  readonly heapAfterMb: number;
  readonly rssAfterMb: number;
}

export async function memory(fighter: Fighter, turns: number): Promise<Memory> {
  const load = { clients: 32, seconds: 900, until: 'reply', conversations: 200 } as const;
  await fighter.load({ ...load, messages: Math.min(2_000, turns) });
  const before = await fighter.usage(true);
  await fighter.load({ ...load, messages: turns });
  const after = await fighter.usage(true);
  return { turns, heapBeforeMb: before.heapMb, heapAfterMb: after.heapMb, rssAfterMb: after.rssMb };
}
