import type { Arena } from '../arena.ts';
import type { Contender } from '../contenders.ts';

/** From nothing to the first acknowledgement. */
export interface Start {
  /** From the start of the process until it listens. */
  readonly loadMs: number;
  /** From the start of the process until the first message is acknowledged. */
  readonly firstAckMs: number;
}

export async function start(arena: Arena, contender: Contender): Promise<Start> {
  const began = performance.now();
  const fighter = await arena.enter(contender, arena.folder());
  const conversation = arena.name('first');
  const orders = [{ id: `${conversation}-1` }];
  const { ackMs } = await fighter.talk({ conversation, orders, patienceMs: 0 });
  const firstAckMs = performance.now() - began;
  const loadMs = await fighter.loadedMs();
  await fighter.leave();
  return ackMs.length === 0 ? { loadMs, firstAckMs: Number.NaN } : { loadMs, firstAckMs };
}
