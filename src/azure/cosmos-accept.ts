import type { Body, Mailbox } from '../ports/store';
import { TurnwiseError } from '../schema/errors';
import { accept, type NewActivity, seenAt } from '../turn/accept';
import { isMarker } from '../turn/erase';
import type { ConversationKey } from '../turn/keys';
import type { PendingActivity } from '../turn/record';
import { MAX_SEEN, type Timing } from '../turn/timing';
import { upgrade } from '../turn/upgrade';
import { headId, headItem, partitionKey, readHead } from './cosmos-documents';
import type { ConditionalPatch, CosmosRequests, ItemAddress } from './cosmos-requests';

type Accepted = 'accepted' | 'duplicate' | 'full';

/** Rounds of trying to append; each that fails means that the record was changed in between. */
const MOST_ROUNDS = 8;

/**
 * Accepts in one write: a patch that appends to the mailbox, under the condition that the key is new and there is room. The service
 * decides at the primary, so nothing has to be read, and activities that arrive together do not get in each other's way.
 *
 * It is `accept` of `src/turn/accept.ts` in the two shapes that it takes: the conversation rests (`wake` is null and is set), or something
 * is going on in it (`wake` stays). What neither shape can do (a first activity, a key to be pruned, a large body) takes the general way.
 */
export function patchingAccept(
  requests: CosmosRequests,
  general: Mailbox['accept'],
  timing: Timing,
): Mailbox['accept'] {
  const awake = new LatelyAccepted(requests);
  return async (key, activity, bodies, limit) => {
    if (bodies.length > 0) return fullWhenTooLarge(() => general(key, activity, bodies, limit));
    const address = { id: headId(key), partition: partitionKey(key) };
    const shape = { rests: !awake.has(key) };
    const first = await append(requests, address, activity, unseenLimit(activity, limit), shape, timing);
    const outcome =
      first === 'read'
        ? await fullWhenTooLarge(() => appendByReading(requests, general, timing, { key, activity, bodies, limit }))
        : first;
    awake.add(key);
    return outcome;
  };
}

/** For how long, and of how many conversations, it is assumed that what was accepted in them is still being worked on. */
const AWAKE_MS = 500;
const MOST_AWAKE = 1_000;

/** The conversations in which this process accepted something a moment ago: a guess at which of the two shapes applies. */
class LatelyAccepted {
  private readonly times = new Map<ConversationKey, number>();

  constructor(private readonly requests: CosmosRequests) {}

  has(key: ConversationKey): boolean {
    return (this.times.get(key) ?? Number.NEGATIVE_INFINITY) > this.requests.clock.monotonic - AWAKE_MS;
  }

  add(key: ConversationKey): void {
    this.times.delete(key);
    this.times.set(key, this.requests.clock.monotonic);
    const [oldest] = this.times.keys();
    if (this.times.size > MOST_AWAKE && oldest !== undefined) this.times.delete(oldest);
  }
}

/** A head that is nearly as large as items may be could not be written by its holder any more: accepting stops well before. */
const MOST_BYTES = 1_500_000;

/** Activities of up to this size may wait in this number, and larger ones in that, without a look at how large the head is. */
const SMALL_BYTES = 4_096;
const MOST_SMALL_UNSEEN = 200;
const MOST_LARGE_UNSEEN = 40;

function unseenLimit({ body }: NewActivity, limit: number): number {
  return Math.min(limit, body.bytes <= SMALL_BYTES ? MOST_SMALL_UNSEEN : MOST_LARGE_UNSEEN);
}

interface Call {
  readonly key: ConversationKey;
  readonly activity: NewActivity;
  readonly bodies: readonly Body[];
  readonly limit: number;
}

/** Looks at the record to find out why the first patch did not apply, and which one will. */
async function appendByReading(
  requests: CosmosRequests,
  general: Mailbox['accept'],
  timing: Timing,
  { key, activity, bodies, limit }: Call,
): Promise<Accepted> {
  const address = { id: headId(key), partition: partitionKey(key) };
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    if (round > 0) await requests.pause(round);
    const read = await requests.read(address);
    const head = read.ok ? readHead(read.value).head : undefined;
    const accepted = accept(head, requests.clock.now(), activity, limit, timing);
    // A key that was seen stays seen, and a mailbox that was full may say so a moment longer.
    if (accepted.outcome !== 'accepted') return accepted.outcome;
    if (read.ok && Buffer.byteLength(JSON.stringify(read.value)) + activity.body.bytes > MOST_BYTES) return 'full';
    if (head === undefined) {
      const created = await requests.create(headItem(key, accepted.head, { rev: 1 }), address.partition);
      if (created.ok) return 'accepted';
    } else if (
      isMarker(head) ||
      head.seen.length >= MAX_SEEN ||
      upgrade(head).sched.length > 0 ||
      head.seen.some((seen) => seen.key === activity.key)
    ) {
      return general(key, activity, bodies, limit);
    } else {
      const appended = await append(requests, address, activity, limit, { rests: head.wake === null }, timing);
      if (appended !== 'read') return appended;
    }
  }
  return general(key, activity, bodies, limit);
}

/** @returns `read` when the patch did not apply, for whatever reason */
async function append(
  requests: CosmosRequests,
  address: ItemAddress,
  activity: NewActivity,
  limit: number,
  shape: { readonly rests: boolean },
  timing: Timing,
): Promise<Accepted | 'read'> {
  const answer = await requests.patch(address, appendPatch(requests.clock.now(), activity, limit, shape, timing));
  if (answer.ok) return 'accepted';
  return answer.refusal === 'tooLarge' ? 'full' : 'read';
}

/** The condition's names and values are lower case (the test server compares them so): keys are lower-case hex. */
export function appendPatch(
  now: number,
  activity: NewActivity,
  limit: number,
  { rests }: { readonly rests: boolean },
  timing: Timing,
): ConditionalPatch {
  const { key } = activity;
  return {
    // A key that waits is always among those seen, so `pend` need not be searched.
    condition: [
      // What erasing has left ends by itself, and has to be written whole to end that.
      `from c where not is_defined(c.ttl) and ${rests ? 'c.wake = null' : 'c.wake > 0'}`,
      `and array_length(c.pend) < ${limit} and array_length(c.seen) < ${MAX_SEEN}`,
      // With something scheduled `wake` may be far away, which only the general way moves.
      'and array_length(c.sched) = 0',
      `and not array_contains(c.seen, {"key": "${key}"}, true)`,
    ].join(' '),
    operations: [
      { op: 'add', path: '/pend/-', value: { ...activity, at: now } satisfies PendingActivity },
      { op: 'add', path: '/seen/-', value: { key, at: seenAt(activity, now, timing) } },
      ...(rests ? [{ op: 'set' as const, path: '/wake', value: now + timing.graceMs }] : []),
    ],
  };
}

/** A mailbox whose record has no room for one more activity is full, whatever the limit says. */
async function fullWhenTooLarge(run: () => Promise<Accepted>): Promise<Accepted> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof TurnwiseError && error.code === 'RecordTooLarge') return 'full';
    throw error;
  }
}
