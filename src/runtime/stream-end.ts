import type { ConnectorCall, Delivery } from '../ports/connector';
import { isFinalOfStream, withoutStreamInfo } from '../schema/stream-info';
import type { Hold } from './hold';
import type { Runtime } from './runtime';

/**
 * Makes a call. A channel may refuse the final message of a stream because of the stream: its time is over (two minutes in Teams), the user
 * has stopped it, or the text is not the one that was shown. The answer is the user's all the same, and leaves as a message of its own.
 */
export async function deliverEnding(
  { connector, options }: Runtime,
  hold: Hold,
  call: ConnectorCall,
): Promise<Delivery> {
  const delivery = await connector.deliver(call, hold.lost);
  if (delivery.outcome !== 'rejected' || (call.op !== 'send' && call.op !== 'reply')) return delivery;
  if (!isFinalOfStream(call.activity)) return delivery;
  await hold.ensure(options.deliveryLimitMs);
  return connector.deliver({ ...call, activity: withoutStreamInfo(call.activity) }, hold.lost);
}
