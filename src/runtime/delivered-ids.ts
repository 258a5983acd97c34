import type { DeliveredId } from '../turn/record';

/** Shape of the ids that a send returns to the bot: `<activity key>[~replay].<ordinal>` (see `effectId`), or `~i<epoch>` from an inline turn. */
const OURS = /^[0-9a-f]{16,64}(~i?\d+)?\.\d+$/;

/** The channel's id for one that the bot holds; an id that is not ours is the channel's already. `undefined`: ours, but not known (any more). */
export function translateOutgoing(id: string, ids: readonly DeliveredId[]): string | undefined {
  if (!OURS.test(id)) return id;
  return ids.findLast((each) => each.ours === id)?.theirs;
}

/** The id that the bot got from its send, for the channel's id of the same activity; an unknown one stays as it is. */
export function translateIncoming(id: string, ids: readonly DeliveredId[]): string {
  return ids.findLast((each) => each.theirs === id)?.ours ?? id;
}
