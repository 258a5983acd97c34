import type { LiveAnswer } from '../bot/turn';
import type { Activity } from '../schema/activity';
import type { ConversationKey } from '../turn/keys';
import type { ReplyAddress } from '../turn/record';
import { type Runtime, report } from './runtime';
import { addressOf, pinnedTo } from './turn-address';

/** How long a handler waits for a send on the live lane, in ms: it is worth waiting for order, and not worth waiting long. */
const LIVE_LIMIT_MS = 2_000;

/** Sends at once, at most once, outside the transaction: typing indicators, and the updates of a stream. Never rejects. */
export async function sendLive(
  runtime: Runtime,
  key: ConversationKey,
  address: ReplyAddress,
  sent: Activity,
  signal: AbortSignal,
  limitMs = LIVE_LIMIT_MS,
): Promise<LiveAnswer> {
  const enough = new AbortController();
  const limit = runtime.clock.sleep(limitMs, enough.signal).then((): LiveAnswer => ({ outcome: 'unknown' }));
  const activity = pinnedTo(address, sent);
  const call = { op: 'send', ...addressOf(activity), activity } as const;
  const delivery = runtime.connector.deliver(call, signal).then((answer): LiveAnswer => {
    if (answer.outcome !== 'delivered') report(runtime, 'liveDropped', key, { outcome: answer.outcome });
    return answer;
  });
  const answer = await Promise.race([delivery, limit]);
  enough.abort();
  return answer;
}
