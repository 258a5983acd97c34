import type { Clock } from '../ports/clock';
import type { EarlierPlace, EarlierState } from '../ports/earlier-state';
import type { Ids } from '../ports/ids';
import type { ErasureRequest, Store } from '../ports/store';
import { StoreFault } from '../turn/fault';
import { type ConversationKey, partsOfKey, type UserKey } from '../turn/keys';
import { logEvent } from './events';
import { persist } from './persist';
import { errorName, type Runtime, ring } from './runtime';

/** Surroundings of forgetting. `R` is the outcome of a ring. */
export interface Forgetting<R> {
  readonly clock: Clock;
  readonly ids: Ids;
  /** State of the bot's earlier SDK; absent when there is none. */
  readonly earlier?: EarlierState;
  /** Asks the store, through passing faults. */
  ask<T>(call: (store: Store) => Promise<T>): Promise<T>;
  ring(key: ConversationKey): Promise<R>;
  /** Is told the progress. Names no user. */
  progress?(what: string): void;
}

/** Result of one request. */
export type Forgotten<R> =
  | { readonly conversation: ConversationKey; readonly found: boolean; readonly ring: R; readonly user?: never }
  | {
      readonly user: UserKey;
      readonly found: boolean;
      /** The conversation with this user alone, which went as well. */
      readonly personal?: ConversationKey;
      /** Other conversations that had something of the user. */
      readonly conversations: readonly ConversationKey[];
      readonly conversation?: never;
    };

/** Time for which a request stays with the caller that carries it out, unless that holds it anew, in ms. */
const HOLD_MS = 60_000;

/** Interval at which it is held anew, in ms. */
const HOLD_AGAIN_MS = 15_000;

/**
 * Erases what is kept about conversations and users, everywhere. All of it is written down before anything is erased, so a sweep carries out
 * what a crash leaves.
 */
export async function forgetAll<R>(
  forgetting: Forgetting<R>,
  requests: readonly ErasureRequest[],
): Promise<readonly Forgotten<R>[]> {
  const asked: Asked[] = [];
  for (const request of requests) asked.push(await writtenDown(forgetting, request));
  return carryOutAll(forgetting, asked);
}

/** A request that this process carries out. */
interface Asked {
  readonly request: ErasureRequest;
  readonly mark: string;
}

async function writtenDown<R>(forgetting: Forgetting<R>, request: ErasureRequest): Promise<Asked> {
  const mark = forgetting.ids.next();
  await forgetting.ask(({ erasure }) => erasure.request(request, mark, HOLD_MS));
  return { request, mark };
}

async function carryOutAll<R>(forgetting: Forgetting<R>, asked: readonly Asked[]): Promise<readonly Forgotten<R>[]> {
  const over = new AbortController();
  const waiting = new Set(asked.map(({ request }) => request));
  void holdAll(forgetting, waiting, over.signal);
  const forgotten: Forgotten<R>[] = [];
  try {
    for (const { request, mark } of asked) {
      forgotten.push(await carryOut(forgetting, request));
      waiting.delete(request);
      await forgetting.ask(({ erasure }) => erasure.endRequest(request, mark));
    }
  } finally {
    over.abort();
  }
  return forgotten;
}

/** Requests that are read at a time. */
const PAGE = 100;

/** Time for which the store is asked again, in a sweep, in ms. */
const STORE_LIMIT_MS = 5_000;

/**
 * Finishes what was interrupted: erasing that is not done in the store, and requests to forget that their maker left. One that cannot be carried
 * out is logged, and tried again by the next sweep.
 *
 * @param limit most of each
 */
export async function finishForgetting(runtime: Runtime, limit: number): Promise<void> {
  const { clock, earlier, ids, log, store } = runtime;
  const forgetting: Forgetting<void> = {
    clock,
    ids,
    ...(earlier === undefined ? {} : { earlier }),
    ask: (call) => persist(clock, () => call(store), { limitMs: STORE_LIMIT_MS }),
    ring: (key) => ring(runtime, key, 0),
  };
  try {
    const finished = await store.erasure.finish(limit);
    if (finished > 0) logEvent(log, 'erasingFinished', { conversations: finished });
  } catch (error) {
    logEvent(log, 'erasingFailed', failureOf(error));
  }
  try {
    let taken = 0;
    for await (const request of dueRequests(runtime)) {
      const mark = await store.erasure.takeRequest(request, HOLD_MS);
      if (mark === undefined) continue;
      await finishRequest(runtime, forgetting, { request, mark });
      taken += 1;
      if (taken === limit) return;
    }
  } catch (error) {
    logEvent(log, 'erasingFailed', failureOf(error));
  }
}

/** Those that no caller holds any more, as far as this process's clock can tell. */
async function* dueRequests({ clock, store }: Runtime): AsyncGenerator<ErasureRequest> {
  let from: string | undefined;
  do {
    const { requests, next } = await store.erasure.requests(from, PAGE);
    for (const { request, heldUntil } of requests) {
      if (heldUntil <= clock.now()) yield request;
    }
    from = next;
  } while (from !== undefined);
}

async function finishRequest({ log }: Runtime, forgetting: Forgetting<void>, asked: Asked): Promise<void> {
  try {
    await carryOutAll(forgetting, [asked]);
    logEvent(log, 'forgotten', {});
  } catch (error) {
    logEvent(log, 'erasingFailed', failureOf(error));
  }
}

function failureOf(error: unknown): { readonly error: string; readonly applied?: string } {
  return error instanceof StoreFault ? { error: error.name, applied: error.applied } : { error: errorName(error) };
}

async function holdAll<R>(
  { ask, clock }: Forgetting<R>,
  requests: ReadonlySet<ErasureRequest>,
  over: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(HOLD_AGAIN_MS, over);
    if (over.aborted) return;
    for (const request of requests) {
      // A request that is carried out twice at once is carried out.
      await ask(({ erasure }) => erasure.keepRequest(request, HOLD_MS)).catch(() => undefined);
    }
  }
}

async function carryOut<R>(forgetting: Forgetting<R>, { conversation, user }: ErasureRequest): Promise<Forgotten<R>> {
  if (conversation === undefined) return forgetUser(forgetting, user);
  forgetting.progress?.('erasing a conversation');
  const found = await eraseConversation(forgetting, conversation);
  // Changes of user state that were committed there are still to be made.
  return { conversation, found, ring: await forgetting.ring(conversation) };
}

/** Erases the way to a conversation, and the conversation: whatever else is kept about one is erased here. */
async function eraseConversation<R>(forgetting: Forgetting<R>, key: ConversationKey): Promise<boolean> {
  // The original first: as long as it is there, the next turn takes it over again.
  const originals = await removeOriginal(forgetting, { conversation: key });
  const known = await forgetting.ask(({ references }) => references.forget(key));
  return (await forgetting.ask(({ erasure }) => erasure.conversation(key))) || known || originals > 0;
}

/**
 * Erases the user's own record first: what a turn in flight has of it can then no longer be written back. Then the conversation with this user
 * alone, if it is known, and what others keep of the user. Whatever else is kept about a user is erased here.
 */
async function forgetUser<R>(forgetting: Forgetting<R>, user: UserKey): Promise<Forgotten<R>> {
  const { channelId, id: userId } = partsOfKey(user);
  forgetting.progress?.("erasing a user's state");
  const originals = await removeOriginal(forgetting, { user });
  const found = (await forgetting.ask(({ erasure }) => erasure.user(user))) || originals > 0;
  const personal = (await forgetting.ask(({ references }) => references.ofUser({ channelId, userId })))?.id;
  if (personal !== undefined) {
    // From here on nothing would lead to it.
    const { request, mark } = await writtenDown(forgetting, { conversation: personal });
    await eraseConversation(forgetting, personal);
    await forgetting.ask(({ erasure }) => erasure.endRequest(request, mark));
    await forgetting.ring(personal);
  }
  forgetting.progress?.('looking through the store for conversations with the user');
  const conversations: ConversationKey[] = [];
  const candidates = await forgetting.ask(({ erasure }) => erasure.conversationsOf(user));
  for (const [index, key] of candidates.entries()) {
    forgetting.progress?.(`conversation ${index + 1} of ${candidates.length}`);
    if (!(await forgetting.ask(({ erasure }) => erasure.userIn(key, user)))) continue;
    conversations.push(key);
    await forgetting.ring(key);
  }
  return { user, found, ...(personal === undefined ? {} : { personal }), conversations };
}

/** Removes state of the bot's earlier SDK, if the settings name one. */
async function removeOriginal<R>({ ask, earlier }: Forgetting<R>, place: EarlierPlace): Promise<number> {
  return earlier === undefined ? 0 : ask(() => earlier.remove(place));
}
