import { keyOf } from '../../src/runtime/activity-keys';
import type { Activity } from '../../src/schema/activity';
import { conversationKey } from '../../src/turn/keys';
import type { Diary } from './diary';
import type { SeenReply } from './replies';
import { CHANNEL } from './wire';

/**
 * Why a reply came twice, told from its first sender:
 * - `kill`: it was killed, and told of nothing that it would have done after recording the delivery.
 * - `takeover`: frozen or starved past its lease, it was fenced before it could record the delivery.
 * - `unknown`: it had no answer from the channel.
 * - `none`: none of these, which must not be.
 */
export type Explanation = 'kill' | 'takeover' | 'unknown' | 'none';

export interface Duplicate {
  readonly first: SeenReply;
  readonly second: SeenReply;
  readonly why: Explanation;
}

/** Every reply that was seen again, each repetition with its reason. */
export function duplicatesOf(
  seen: readonly SeenReply[],
  diary: Diary,
  wasKilled: (worker: string) => boolean,
): Duplicate[] {
  const previous = new Map<string, SeenReply>();
  return seen.flatMap((second) => {
    const name = replyName(second);
    const first = previous.get(name);
    previous.set(name, second);
    return first === undefined ? [] : [{ first, second, why: explain(first, diary, wasKilled) }];
  });
}

/** Names a reply by conversation, activity and ordinal. */
export function replyName({ conversation, text }: SeenReply): string {
  return `${conversation}/${text.activity}/${text.ordinal}`;
}

/** What a worker tells of a conversation, answering the same ring, once it has recorded the delivery before. */
const MOVED_ON = new Set(['delivered', 'started', 'committed', 'answered']);

function explain(reply: SeenReply, diary: Diary, wasKilled: (worker: string) => boolean): Explanation {
  const told = diary.of(reply.worker, conversationKey(CHANNEL, reply.conversation));
  const effect = effectOf(reply);
  if (reply.unknown || told.some(({ event, detail }) => event === 'deliveryFailed' && detail?.startsWith(effect))) {
    return 'unknown';
  }
  const delivered = told.findLastIndex(({ event, detail }) => event === 'delivered' && detail?.startsWith(effect));
  const after = told
    .slice(delivered + 1)
    .filter(({ ring }) => ring === told[delivered]?.ring)
    .map(({ event }) => event);
  if (delivered >= 0 ? after.includes('fenced') || after.includes('storeFault') : told.at(-1)?.event === 'fenced') {
    return 'takeover';
  }
  const movedOn = delivered >= 0 && after.some((event) => MOVED_ON.has(event));
  return wasKilled(reply.worker) && !movedOn ? 'kill' : 'none';
}

/** The id of the reply's effect; of an apology only how it begins, because its ordinal depends on what had been flushed. */
function effectOf({ call, text }: SeenReply): string {
  // A reply goes to the sender of its activity.
  const key = keyOf({ type: 'message', id: text.activity, from: call.body?.recipient } as Activity, () => '');
  return text.ordinal < 0 ? `${key}.` : `${key}.${text.ordinal}`;
}
