import type { EndpointRequest, EndpointResponse } from '../ports/endpoint';
import type { Authenticated, InboundAuth } from '../ports/inbound-auth';
import { defined } from '../schema/defined';
import { type Failure, failure } from '../schema/errors';
import { parseActivity } from '../schema/parse-activity';
import { hostOfServiceUrl } from '../schema/service-host';
import { StoreFault } from '../turn/fault';
import { type ActivityKey, conversationKey } from '../turn/keys';
import { actionKeyOf, keyOf } from './activity-keys';
import { answerInline } from './answer-inline';
import { answerOf, RETRY_SOON_S, type ReceivedActivity, receivedEntry } from './endpoint-answers';
import { logEvent } from './events';
import { readJsonBody } from './json-body';
import { persist } from './persist';
import { type Runtime, report, ring } from './runtime';
import { stage, traced } from './stage';
import { isOwnChannel } from './task-posts';
import { withPinned } from './turn-address';

/**
 * The messaging endpoint: authenticate, parse, make durable, ring, acknowledge. A 200 means that the activity is in its
 * conversation's mailbox; whatever cannot be made durable in time is answered 503, so that the channel sends it again.
 */
export function receive(runtime: Runtime, auth: InboundAuth, request: EndpointRequest): Promise<EndpointResponse> {
  return stage(
    runtime,
    'receive',
    { kind: 'server', parent: request.traceparent, parentOfCaller: true },
    async (span) => {
      const answer = await answerTo(runtime, auth, request);
      span.set({ 'turnwise.status': answer.status });
      return answer;
    },
  );
}

async function answerTo(runtime: Runtime, auth: InboundAuth, request: EndpointRequest): Promise<EndpointResponse> {
  const caller = await auth.authenticate({ headers: request.headers });
  if (!caller.ok) return refused(runtime, caller);
  const parsed = await readActivity(runtime, request, caller);
  if (!parsed.ok) return refused(runtime, parsed);
  const { activity } = parsed;
  const key = keyOf(activity, () => runtime.ids.next());
  // These need their answer in the HTTP response; everything else is answered when it is durable.
  if (activity.type === 'invoke' || activity.deliveryMode === 'expectReplies') {
    return answerInline(runtime, parsed, key, actionKeyOf(activity, runtime.options.invokeIds));
  }
  return acceptActivity(runtime, parsed, key);
}

async function readActivity(
  runtime: Runtime,
  request: EndpointRequest,
  caller: Authenticated,
): Promise<({ readonly ok: true } & ReceivedActivity) | RefusedActivity> {
  const body = await readJsonBody(request, runtime.options.maxBodyBytes);
  if (!body.ok) return body;
  const parsed = parseActivity(body.bytes);
  if (!parsed.ok) return parsed;
  if (isOwnChannel(parsed.activity.channelId)) return failure(403, 'ChannelReserved');
  const admitted = caller.admit(parsed.activity);
  if (!admitted.ok) {
    // An operator who knows the host can allow it, and cannot find it out elsewhere.
    const isUnknownHost = admitted.code === 'ServiceUrlNotTrusted';
    return isUnknownHost
      ? { ...admitted, ...defined({ host: hostOfServiceUrl(parsed.activity.serviceUrl) }) }
      : admitted;
  }
  const { pinned } = admitted;
  return { ...parsed, activity: withPinned(parsed.activity, pinned), ...defined({ vouched: pinned.vouched }) };
}

async function acceptActivity(
  runtime: Runtime,
  received: ReceivedActivity,
  key: ActivityKey,
): Promise<EndpointResponse> {
  const { clock, options, store } = runtime;
  const { activity } = received;
  const conversation = conversationKey(activity.channelId, activity.conversation.id);
  const { entry, bodies } = receivedEntry(key, received, options.inlineBytes, runtime.ids.next());
  let outcome: 'accepted' | 'duplicate' | 'full';
  try {
    const known = { 'turnwise.conversation': conversation, 'turnwise.activity': key };
    outcome = await stage(runtime, 'accept', { kind: 'producer', attributes: known }, async (span) => {
      const accept = (): Promise<typeof outcome> =>
        store.mailbox.accept(conversation, traced(entry, span), bodies, options.backlogLimit);
      const accepted = await persist(clock, accept, { limitMs: options.acceptLimitMs });
      span.set({ 'turnwise.outcome': accepted });
      return accepted;
    });
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error;
    report(runtime, 'acceptFailed', conversation, { activity: key, applied: error.applied });
    return answerOf(failure(503, 'TryAgain'), RETRY_SOON_S);
  }
  if (outcome === 'full') return answerOf(failure(429, 'BacklogFull'), RETRY_WHEN_FULL_S);
  report(runtime, outcome, conversation, { activity: key });
  // A duplicate rings too: the channel repeats itself when something went wrong on the first delivery.
  await ring(runtime, conversation, 0);
  return { status: 200 };
}

const RETRY_WHEN_FULL_S = 10;

/** An activity that was refused, with the host that it named as its service if that was the reason. */
type RefusedActivity = Failure & { readonly host?: string };

function refused({ log }: Runtime, refusal: RefusedActivity): EndpointResponse {
  const { status, code, host } = refusal;
  logEvent(log, 'refused', { status, code, ...defined({ host }) });
  return answerOf(refusal, refusal.status === 503 ? RETRY_SOON_S : undefined);
}
