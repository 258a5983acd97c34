import type { Arena } from '../arena.ts';
import type { Contender } from '../contenders.ts';

/** From nothing to the first acknowledgement. */
export interface Start {
  /** What it took to load the contender's code and to set it up, without the start of Node itself. */
  readonly loadMs: number;
  /** From the start of the process until the first message is acknowledged. */
  readonly firstAckMs: number;
}

export async function start(arena: Arena, contender: Contender, bundled: boolean): Promise<Start> {
  const folder = arena.folder();
  const conversation = arena.name('first');
  const orders = [{ id: `${conversation}-1` }];
  const began = performance.now();
  const fighter = await arena.enter(contender, folder, { bundled });
  const { statuses } = await fighter.talk({ conversation, orders, patienceMs: 0 });
  const firstAckMs = performance.now() - began;
  const loadMs = await fighter.loadMs();
  await fighter.leave();
  const acknowledged = statuses[0] === 200 || statuses[0] === 202;
  if (!acknowledged) throw new Error(`${contender.name} answered its first message with HTTP ${statuses[0]}.`);
  return { loadMs, firstAckMs };
}
