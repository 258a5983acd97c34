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
  const asked = await readRequest(request);
  if (!asked.ok) return refuse(runtime, asked);
  try {
    return await accept(runtime, nameOf(caller), key, asked);
  } catch (error) {
    const refusal = refusalOf(error);
    return refuse(runtime, refusal);
  }
}

/** `GET /api/notify/{id}`: what became of it, for the application that asked for it. */
export async function notificationStatus(
  runtime: Runtime,
  auth: AppAuth,
  request: EndpointRequest,
  id: string,
): Promise<EndpointResponse> {
  const caller = await auth.authenticate({ headers: request.headers });
  if (!caller.ok) return refuse(runtime, caller);
  if (!/^[0-9a-f]{32}$/.test(id)) return refuse(runtime, failure(404, 'NotificationUnknown'));
  try {
    const limit = { limitMs: LIMIT_MS };
    const found = await persist(runtime.clock, () => runtime.store.notifications.get(activityKey(id)), limit);
    if (found === undefined || found.by !== nameOf(caller)) return refuse(runtime, failure(404, 'NotificationUnknown'));
    const ageMs = runtime.clock.now() - found.at;
    const what = await persist(runtime.clock, () => postedStatus(runtime.store, found.to, found.id, ageMs), limit);
    return { status: 200, headers: NOT_STORED, body: { id, ...what } };
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
  if (known?.accepted) return repeated(known, asked);
  const { to, reference } = await persist(clock, () => resolveRecipient(store, asked.to), limit);
  const begun = await persist(clock, () => notifications.begin({ id, to, by, digest: asked.digest }), limit);
  if (begun.digest !== asked.digest || begun.accepted) return repeated(begun, asked);
  const post = postTo(to, reference, asked.content, new Date(asked.at ?? clock.now()));
  const posted = { ...post, to: begun.to, ...(asked.at === undefined ? {} : { at: asked.at }) };
  if ((await postActivity(runtime, posted, id, LIMIT_MS)) === 'full') return answerOf(failure(429, 'BacklogFull'), 10);
  await persist(clock, () => notifications.accepted(id), limit);
  return accepted(id);
}

function repeated({ id, digest }: StoredNotification, asked: NotifyRequest): EndpointResponse {
  return digest === asked.digest ? accepted(id) : answerOf(failure(409, 'IdempotencyKeyReused'));
}

function accepted(id: string): EndpointResponse {
  return { status: 202, headers: { location: `/api/notify/${id}`, ...NOT_STORED }, body: { id } };
}

async function readRequest(request: EndpointRequest): Promise<NotifyRequest | Failure> {
  const body = await readJsonBody(request, MAX_BYTES);
  return body.ok ? parseNotifyRequest(body.bytes, MAX_BYTES) : body;
}

/** Ids of applications are unique in the world; with a key of the app, whoever has it is the same caller. */
const nameOf = ({ appId, tenantId }: AppCaller): string => `${tenantId}/${appId}`;

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
