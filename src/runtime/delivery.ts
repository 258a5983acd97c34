import type { ConnectorCall, Delivery } from '../ports/connector';
import type { DeadReason } from '../ports/store';
import type { Activity } from '../schema/activity';
import { StoreFault } from '../turn/fault';
import type { Effect } from '../turn/record';
import { loadBody } from './bodies';
import { deliverPost } from './deliver-post';
import { translateOutgoing } from './delivered-ids';
import { ConversationLost, type Hold } from './hold';
import { backoff } from './options';
import { notePause } from './pacing';
import { persist } from './persist';
import { errorName, type Runtime, report } from './runtime';
import { stage } from './stage';
import { deliverEnding } from './stream-end';

/**
 * - `drained`: nothing is left to deliver; the hold goes on.
 * - `stopped`: the hold is over (everything done and released, or handed back for later).
 * - `stuck`: only while a turn runs: the first effect cannot leave now, and waits for the commit.
 */
export type Drained = 'drained' | 'stopped' | 'stuck';

/** A due time this near is waited for; for a later one the conversation is handed back. */
const WAIT_IN_PLACE_MS = 5_000;

/**
 * Delivers what is recorded, in order, marking each effect as it is done with. A channel that throttles or fails leaves
 * the record as it is: the conversation is handed back with a back-off and no handler runs again for it.
 */
export async function deliverRecorded(
  runtime: Runtime,
  hold: Hold,
  turnRuns: boolean,
  goesOn: () => boolean = () => true,
): Promise<Drained> {
  for (let effect = hold.head.out[0]; effect !== undefined && goesOn(); effect = hold.head.out[0]) {
    const quiet = hold.quietForMs;
    const wait = Math.max((effect.due ?? 0) - hold.storeNow, quiet);
    if (quiet > 0 || wait > WAIT_IN_PLACE_MS) {
      if (turnRuns) return 'stuck';
      await hold.handBack(0, 'attemptCounts');
      return 'stopped';
    }
    if (wait > 0) await runtime.clock.sleep(wait, hold.lost);
    const next = await deliverOrWait(runtime, hold, effect, turnRuns);
    if (next !== 'next') return next;
  }
  return 'drained';
}

/**
 * Delivers one effect. An error on the way is a failed delivery like any other: it is counted, so that the conversation does not stand still
 * for an effect that can never be delivered.
 */
async function deliverOrWait(
  runtime: Runtime,
  hold: Hold,
  effect: Effect,
  turnRuns: boolean,
): Promise<'next' | 'stopped' | 'stuck'> {
  try {
    return await deliverOne(runtime, hold, effect, turnRuns);
  } catch (error) {
    if (error instanceof ConversationLost || hold.lost.aborted) throw error;
    // Posts, cancellations and changes of user state may be repeated; of a channel it is not known what it has received.
    const isKnown = error instanceof StoreFault || !isForChannel(effect);
    const delivery: Delivery = { outcome: isKnown ? 'notSent' : 'unknown', reason: errorName(error) };
    return settle(runtime, hold, effect, delivery, turnRuns);
  }
}

const isForChannel = ({ kind }: Effect): boolean => kind === 'send' || kind === 'update' || kind === 'delete';

/** Longest pause between two tries to apply a committed change of user state: others wait for it. In ms. */
const MAX_FOLD_PAUSE_MS = 60_000;

async function deliverOne(
  runtime: Runtime,
  hold: Hold,
  effect: Effect,
  turnRuns: boolean,
): Promise<'next' | 'stopped' | 'stuck'> {
  // A change of user state is committed: it is tried for as long as it takes.
  if (effect.kind !== 'fold' && effect.tries >= runtime.options.maxDeliveries) {
    return bury(runtime, hold, effect, UNDELIVERABLE, turnRuns);
  }
  if (effect.kind === 'post' || effect.kind === 'cancel') {
    await hold.ensure(runtime.options.deliveryLimitMs);
    const dead = await deliverPost(runtime, hold, effect);
    if (dead === 'noBody') return settle(runtime, hold, effect, NO_BODY, turnRuns);
    return dead === undefined
      ? mark(runtime, hold, { effect: effect.id }, turnRuns)
      : bury(runtime, hold, effect, dead, turnRuns);
  }
  if (effect.kind === 'fold') {
    const { clock, store } = runtime;
    await hold.ensure(runtime.options.deliveryLimitMs);
    await persist(clock, () => store.users.settle(effect.user, effect.intent, true), { limitMs: store.timing.leaseMs });
    return mark(runtime, hold, { effect: effect.id }, turnRuns);
  }
  if (effect.inDoubt) {
    const { inDoubt } = runtime.options;
    report(runtime, 'deliveryInDoubt', hold.key, { effect: effect.id, policy: inDoubt });
    if (inDoubt === 'skip') return mark(runtime, hold, { effect: effect.id }, turnRuns);
  }
  await hold.ensureDelivery(effect, runtime.options.deliveryLimitMs);
  const call = await connectorCall(runtime, hold, effect);
  const delivery = 'outcome' in call ? call : await watchedDelivery(runtime, hold, effect, call);
  return settle(runtime, hold, effect, delivery, turnRuns);
}

/** One call of the channel, in the trace of the write that recorded the effect. */
function watchedDelivery(runtime: Runtime, hold: Hold, effect: Effect, call: ConnectorCall): Promise<Delivery> {
  const attributes = {
    'turnwise.conversation': hold.key,
    'turnwise.effect': effect.id,
    'turnwise.effect.kind': call.op,
    'turnwise.tries': effect.tries,
  };
  return stage(runtime, 'deliver', { kind: 'client', parent: effect.trace, attributes }, async (span) => {
    const delivery = await deliverEnding(runtime, hold, call);
    const status = 'status' in delivery && delivery.status !== undefined ? { 'turnwise.status': delivery.status } : {};
    span.set({ 'turnwise.outcome': delivery.outcome, ...status });
    return delivery;
  });
}

async function settle(
  runtime: Runtime,
  hold: Hold,
  effect: Effect,
  delivery: Delivery,
  turnRuns: boolean,
): Promise<'next' | 'stopped' | 'stuck'> {
  const { options } = runtime;
  const failures = effect.tries + 1;
  switch (delivery.outcome) {
    case 'delivered':
      report(runtime, 'delivered', hold.key, { effect: effect.id });
      return mark(runtime, hold, { effect: effect.id, ...newId(effect, delivery.id) }, turnRuns);
    case 'rejected':
      if (delivery.status === 403) await noteRefusal(runtime, hold, effect);
      if (delivery.host !== undefined)
        report(runtime, 'serviceNotTrusted', hold.key, { effect: effect.id, host: delivery.host });
      return bury(runtime, hold, effect, { code: `Rejected${delivery.status}`, message: delivery.reason }, turnRuns);
    case 'unknown':
      if (options.inDoubt === 'skip' && isForChannel(effect)) {
        report(runtime, 'deliveryInDoubt', hold.key, { effect: effect.id, policy: 'skip' });
        return mark(runtime, hold, { effect: effect.id }, turnRuns);
      }
      break;
    case 'notSent':
      if (delivery.status === 429) await noteThrottling(runtime, hold, effect, delivery.retryAfterMs);
      break;
  }
  const { outcome, reason } = delivery;
  report(runtime, 'deliveryFailed', hold.key, { effect: effect.id, outcome, reason, failures });
  if (failures >= options.maxDeliveries && effect.kind !== 'fold') {
    return bury(runtime, hold, effect, { code: 'Undeliverable', message: delivery.reason }, turnRuns);
  }
  const pauseMs = Math.max(backoff(options.deliveryBackoffMs, failures), delivery.retryAfterMs ?? 0);
  const delayMs = effect.kind === 'fold' ? Math.min(pauseMs, MAX_FOLD_PAUSE_MS) : pauseMs;
  hold.deliveryFailed({ effect: effect.id, outcome: delivery.outcome }, delayMs);
  if (turnRuns) return 'stuck';
  await hold.handBack(0, 'attemptCounts');
  return 'stopped';
}

/** Of what the bot says first, or at all, 403 is final: the user has blocked it, or it was taken out of the conversation. */
async function noteRefusal({ keeper }: Runtime, hold: Hold, effect: Effect): Promise<void> {
  if (effect.kind !== 'send') return;
  const [channelId = '', conversationId = ''] = hold.key.split('/').map(decodeURIComponent);
  await keeper?.refused(channelId, conversationId);
}

async function noteThrottling(runtime: Runtime, hold: Hold, effect: Effect, retryAfterMs?: number): Promise<void> {
  if (effect.kind !== 'send') return;
  const activity = await loadBody(runtime, hold.key, effect.activity, hold.lastPack);
  if (activity !== undefined) await notePause(runtime, activity, retryAfterMs);
}

/** Only a send makes an activity. An update is answered with the id of the one that it changed, which the bot knows by its send. */
function newId(effect: Effect, id: string | undefined): { readonly channelActivityId?: string } {
  return effect.kind === 'send' && id !== undefined ? { channelActivityId: id } : {};
}

async function bury(
  runtime: Runtime,
  hold: Hold,
  effect: Effect,
  dead: DeadReason,
  turnRuns: boolean,
): Promise<'next' | 'stopped'> {
  report(runtime, 'deliveryDead', hold.key, { effect: effect.id, code: dead.code });
  const next = await mark(runtime, hold, { effect: effect.id, dead }, turnRuns);
  void tellBot(runtime, { conversation: hold.key, effect: effect.id, reason: dead });
  return next;
}

/** The effect is done with whatever the bot makes of it, so an error of its own must not end the hold. */
async function tellBot(
  runtime: Runtime,
  failed: Parameters<NonNullable<Runtime['bot']['onDeliveryFailed']>>[0],
): Promise<void> {
  try {
    await runtime.bot.onDeliveryFailed?.(failed);
  } catch (error) {
    report(runtime, 'errorHandlerFailed', failed.conversation, { effect: failed.effect, error: errorName(error) });
  }
}

async function mark(
  { store }: Runtime,
  hold: Hold,
  done: Parameters<Runtime['store']['turns']['markDelivered']>[1],
  turnRuns: boolean,
): Promise<'next' | 'stopped'> {
  const marked = await hold.write((held) => store.turns.markDelivered(held, done, turnRuns));
  return marked.outcome === 'released' ? 'stopped' : 'next';
}

/** The call that delivers an effect, with the ids that the bot holds turned into the channel's. */
async function connectorCall(
  runtime: Runtime,
  hold: Hold,
  effect: Extract<Effect, { kind: 'send' | 'update' | 'delete' }>,
): Promise<ConnectorCall | Delivery> {
  const { ids } = hold.head;
  if (effect.kind === 'delete') {
    const activityId = translateOutgoing(effect.activityId, ids);
    if (activityId === undefined) return UNKNOWN_ID;
    return { op: 'delete', activityId, ...effect.reference };
  }
  const stored = await loadBody(runtime, hold.key, effect.activity, hold.lastPack);
  if (stored === undefined) return NO_BODY;
  const replyToId = stored.replyToId === undefined ? undefined : translateOutgoing(stored.replyToId, ids);
  const { replyToId: _, ...bare } = stored;
  const activity: Activity = replyToId === undefined ? bare : { ...bare, replyToId };
  const address = {
    channelId: activity.channelId,
    serviceUrl: activity.serviceUrl,
    conversationId: activity.conversation.id,
  };
  if (effect.kind === 'update') {
    const activityId = translateOutgoing(effect.activityId, ids);
    if (activityId === undefined) return UNKNOWN_ID;
    return { op: 'update', activityId, activity: { ...activity, id: activityId }, ...address };
  }
  return replyToId === undefined
    ? { op: 'send', activity, ...address }
    : { op: 'reply', replyToId, activity, ...address };
}

const UNDELIVERABLE: DeadReason = { code: 'Undeliverable', message: 'Every worker that delivered it has died of it.' };

const UNKNOWN_ID: Delivery = {
  outcome: 'rejected',
  status: 410,
  reason: 'The id of an earlier send is no longer known, or that send was never delivered.',
};

/** Tried again, like a channel that does not answer: a replica may not have it yet. */
const NO_BODY: Delivery = { outcome: 'notSent', reason: 'The stored body of the activity is not there.' };
