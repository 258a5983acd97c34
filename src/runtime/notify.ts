import { createHash } from 'node:crypto';
import type { AppAuth, AppCaller } from '../ports/app-auth';
import type { EndpointRequest, EndpointResponse } from '../ports/endpoint';
import type { StoredNotification } from '../ports/notifications';
import { type Failure, failure, TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import { activityKey } from '../turn/keys';
import { answerOf, RETRY_SOON_S } from './endpoint-answers';
import { logEvent } from './events';
import { readJsonBody } from './json-body';
import { type NotifyRequest, parseNotifyRequest } from './notify-request';
import { persist } from './persist';
import { postActivity, postKey } from './post';
import { postTo } from './post-content';
import { postedStatus } from './posted-status';
import { resolveRecipient } from './recipients';
import type { Runtime } from './runtime';

/** Largest request, in bytes: four times what a message in Teams may have. */
const MAX_BYTES = 131_072;

/**
 * `POST /api/notify`: another application has the bot tell somebody something. 202 means that it is durable. Repeated with the same
 * `Idempotency-Key` and body by the same application it is answered in the same way, and nothing is sent twice.
 */
export async function notify(runtime: Runtime, auth: AppAuth, request: EndpointRequest): Promise<EndpointResponse> {
  const caller = await auth.authenticate({ headers: request.headers });
  if (!caller.ok) return refuse(runtime, caller);
  const key = request.headers['idempotency-key'] ?? '';
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) return refuse(runtime, failure(400, 'IdempotencyKeyMissing'));
  const asked = await readRequest(runtime, request);
  if (!asked.ok) return refuse(runtime, asked);
  try {
    return await accept(runtime, nameOf(caller), key, asked);
  } catch (error) {
    const refusal = refusalOf(error);
    return refuse(runtime, refusal);
  }
}

/** `GET /api/notify/{id}`: what became of it, for the application that asked for it. */
export function notificationStatus(
  runtime: Runtime,
  auth: AppAuth,
  request: EndpointRequest,
  id: string,
): Promise<EndpointResponse> {
  return withOwn(runtime, auth, request, id, async (found) => {
    if (found.cancelled) return { status: 200, headers: NOT_STORED, body: { id, status: 'cancelled' } };
    const ageMs = runtime.clock.now() - found.at;
    const look = () => postedStatus(runtime.store, found.to, found.id, ageMs);
    const what = await persist(runtime.clock, look, { limitMs: LIMIT_MS });
    return { status: 200, headers: NOT_STORED, body: { id, ...what } };
  });
}

/**
 * `DELETE /api/notify/{id}`: takes back what has not come due, for the application that asked for it. Repeated, it is answered in the same way.
 * The decision is the conversation's, so a request that is still on its way then schedules nothing any more.
 */
export function cancelNotification(
  runtime: Runtime,
  auth: AppAuth,
  request: EndpointRequest,
  id: string,
): Promise<EndpointResponse> {
  return withOwn(runtime, auth, request, id, async ({ accepted, cancelled, id: key, to }) => {
    const { clock, store } = runtime;
    const limit = { limitMs: LIMIT_MS };
    if (!cancelled) {
      const outcome = await persist(clock, () => store.mailbox.unschedule(to, key, accepted), limit);
      if (outcome === 'gone') return refuse(runtime, failure(409, 'NotificationGone'));
      await persist(clock, () => store.notifications.cancelled(key), limit);
    }
    return { status: 200, headers: NOT_STORED, body: { id, status: 'cancelled' } };
  });
}

/** Answers about a notification to the application that asked for it; to every other one, there is none. */
async function withOwn(
  runtime: Runtime,
  auth: AppAuth,
  request: EndpointRequest,
  id: string,
  answer: (found: StoredNotification) => Promise<EndpointResponse>,
): Promise<EndpointResponse> {
  const caller = await auth.authenticate({ headers: request.headers });
  if (!caller.ok) return refuse(runtime, caller);
  if (!/^[0-9a-f]{32}$/.test(id)) return refuse(runtime, failure(404, 'NotificationUnknown'));
  try {
    const { clock, store } = runtime;
    const found = await persist(clock, () => store.notifications.get(activityKey(id)), { limitMs: LIMIT_MS });
    if (found === undefined || found.by !== nameOf(caller)) return refuse(runtime, failure(404, 'NotificationUnknown'));
    return await answer(found);
  } catch (error) {
    return refuse(runtime, refusalOf(error));
  }
}

const LIMIT_MS = 5_000;

const NOT_STORED = { 'cache-control': 'no-store' };

async function accept(
  runtime: Runtime,
  by: string,
  idempotencyKey: string,
  asked: NotifyRequest,
): Promise<EndpointResponse> {
  const { clock, store } = runtime;
  const { notifications } = store;
  const id = postKey('notify', by, idempotencyKey);
  const limit = { limitMs: LIMIT_MS };
  const known = await persist(clock, () => notifications.get(id), limit);
  if (known?.accepted || known?.cancelled) return repeated(known, asked);
  const { to, reference } = await persist(clock, () => resolveRecipient(store, asked.to), limit);
  const time = asked.at === undefined ? {} : { at: asked.at };
  const due = asked.at === undefined ? {} : { due: asked.at };
  const begun = await persist(clock, () => notifications.begin({ id, to, by, digest: asked.digest, ...due }), limit);
  if (begun.digest !== asked.digest || begun.accepted || begun.cancelled) return repeated(begun, asked);
  const post = postTo(to, reference, asked.content, new Date(asked.at ?? clock.now()));
  const posted = { ...post, to: begun.to, ...time, by: sourceOf(by) };
  if ((await postActivity(runtime, posted, id, LIMIT_MS)) === 'full') {
    const waits = asked.at !== undefined && asked.at > clock.now();
    return waits ? answerOf(failure(429, 'ScheduleFull'), 3_600) : answerOf(failure(429, 'BacklogFull'), 10);
  }
  await persist(clock, () => notifications.accepted(id), limit);
  return accepted(id);
}

function repeated({ id, digest }: StoredNotification, asked: NotifyRequest): EndpointResponse {
  return digest === asked.digest ? accepted(id) : answerOf(failure(409, 'IdempotencyKeyReused'));
}

function accepted(id: string): EndpointResponse {
  return { status: 202, headers: { location: `/api/notify/${id}`, ...NOT_STORED }, body: { id } };
}

async function readRequest({ clock }: Runtime, request: EndpointRequest): Promise<NotifyRequest | Failure> {
  const body = await readJsonBody(request, MAX_BYTES);
  return body.ok ? parseNotifyRequest(body.bytes, MAX_BYTES, clock.now()) : body;
}

/** Ids of applications are unique in the world; with a key of the app, whoever has it is the same caller. */
const nameOf = ({ appId, tenantId }: AppCaller): string => `${tenantId}/${appId}`;

/** Returns what the conversation's record says of a caller: enough to tell a few apart, and nothing that is a name. */
const sourceOf = (caller: string): string => createHash('sha256').update(caller).digest('hex').slice(0, 12);

/** @throws what is neither the caller's nor the store's */
function refusalOf(error: unknown): Failure {
  if (error instanceof StoreFault) return failure(503, 'TryAgain');
  if (!(error instanceof TurnwiseError)) throw error;
  switch (error.code) {
    case 'RecipientUnknown':
      return failure(404, 'RecipientUnknown');
    case 'RecipientBlocked':
      return failure(409, 'RecipientBlocked');
    case 'RecipientRemoved':
      return failure(409, 'RecipientRemoved');
    default:
      throw error;
  }
}

function refuse({ log }: Runtime, refusal: Failure): EndpointResponse {
  logEvent(log, 'notifyRefused', { status: refusal.status, code: refusal.code });
  return answerOf(refusal, refusal.status === 503 ? RETRY_SOON_S : undefined);
}
