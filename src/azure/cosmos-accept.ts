import type { Body, Mailbox } from '../ports/store';
import { TurnwiseError } from '../schema/errors';
import { accept, type NewActivity, seenAt } from '../turn/accept';
import { isMarker } from '../turn/erase';
import type { ConversationKey } from '../turn/keys';
import type { PendingActivity } from '../turn/record';
import { jsonBytes, RECORD_SIZES } from '../turn/size';
import { MAX_SEEN, type Timing } from '../turn/timing';
import { upgrade } from '../turn/upgrade';
import type { AwakeConversations } from './cosmos-awake';
import { headId, headItem, type Item, PATCH_BYTES, partitionKey, readHead } from './cosmos-documents';
import type { Answer, CosmosRequests } from './cosmos-requests';
import type { ConditionalPatch, ItemAddress } from './cosmos-transport';

type Accepted = 'accepted' | 'duplicate' | 'full';

/** Rounds of trying to append; each that fails means that the record was changed in between. */
const MOST_ROUNDS = 8;

/**
 * Accepts in one write: a patch that appends to the mailbox, under the condition that the key is new and there is room. The service
 * decides at the primary, so nothing has to be read, and activities that arrive together do not get in each other's way.
 *
 * It is `accept` of `src/turn/accept.ts` in the two shapes that it takes: the conversation rests (`wake` is null and is set), or something
 * is going on in it (`wake` stays). What neither shape can do (a first activity, a key to be pruned, a large body or record) takes the
 * general way.
 */
export function patchingAccept(
  requests: CosmosRequests,
  awake: AwakeConversations,
  general: Mailbox['accept'],
  timing: Timing,
): Mailbox['accept'] {
  return async (key, activity, bodies, limit) => {
    if (bodies.length > 0) return fullWhenTooLarge(() => general(key, activity, bodies, limit));
    await requests.ready();
    const address = { id: headId(key), partition: partitionKey(key) };
    const rests = !awake.has(key);
    awake.accepted(key);
    let outcome = await append(requests, address, activity, limit, { rests }, timing);
    if (outcome === 'changed') {
      outcome = await append(requests, address, activity, limit, { rests: !rests }, timing);
      if (outcome === 'accepted' && rests) awake.accepted(key, true);
    }
    if (outcome !== 'absent' && outcome !== 'changed') return outcome;
    const call = { key, activity, bodies, limit };
    return fullWhenTooLarge(() => appendByReading(requests, general, timing, call, outcome === 'absent'));
  };
}

interface Call {
  readonly key: ConversationKey;
  readonly activity: NewActivity;
  readonly bodies: readonly Body[];
  readonly limit: number;
}

const ABSENT: Answer<Item> = { ok: false, refusal: 'absent' };

/** Looks at the record, unless it is known to be absent, to find out why no patch applied, and what will. */
async function appendByReading(
  requests: CosmosRequests,
  general: Mailbox['accept'],
  timing: Timing,
  { key, activity, bodies, limit }: Call,
  absent: boolean,
): Promise<Accepted> {
  const address = { id: headId(key), partition: partitionKey(key) };
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    if (round > 0) await requests.pause(round);
    // A write has just found out that there is none, which is worth more than a read.
    const read = absent && round === 0 ? ABSENT : await requests.read(address);
    const head = read.ok ? readHead(read.value).head : undefined;
    const accepted = accept(head, requests.clock.now(), activity, limit, timing, RECORD_SIZES);
    // A key that was seen stays seen, and a mailbox that was full may say so a moment longer.
    if (accepted.outcome !== 'accepted') return accepted.outcome;
    if (head === undefined) {
      const created = await requests.create(headItem(key, accepted.head, { rev: 1 }), address.partition);
      if (created.ok) return 'accepted';
    } else if (
      isMarker(head) ||
      head.seen.length >= MAX_SEEN ||
      upgrade(head).sched.length > 0 ||
      head.seen.some((seen) => seen.key === activity.key) ||
      !(read.ok && Number(read.value.size) < RECORD_SIZES.asideBytes)
    ) {
      return general(key, activity, bodies, limit);
    } else {
      const appended = await append(requests, address, activity, limit, { rests: head.wake === null }, timing);
      if (appended !== 'changed' && appended !== 'absent') return appended;
    }
  }
  return general(key, activity, bodies, limit);
}

/** @returns `changed` when the condition does not hold, for whatever reason; `absent` when there is no record */
async function append(
  requests: CosmosRequests,
  address: ItemAddress,
  activity: NewActivity,
  limit: number,
  shape: { readonly rests: boolean },
  timing: Timing,
): Promise<Accepted | 'changed' | 'absent'> {
  const answer = await requests.patch(address, appendPatch(requests.clock.now(), activity, limit, shape, timing));
  if (answer.ok) return 'accepted';
  return answer.refusal === 'absent' ? 'absent' : 'changed';
}

/** Makes the patch that appends an activity to a mailbox of one shape. */
export function appendPatch(
  now: number,
  activity: NewActivity,
  limit: number,
  { rests }: { readonly rests: boolean },
  timing: Timing,
): ConditionalPatch {
  const { key } = activity;
  const entry: PendingActivity = { ...activity, at: now };
  return {
    // A key that waits is always among those seen, so `pend` need not be searched.
    condition: [
      // What erasing has left ends by itself, and has to be written whole to end that.
      `from c where not is_defined(c.ttl) and ${rests ? 'c.wake = null' : 'c.wake > 0'}`,
      `and array_length(c.pend) < ${limit} and array_length(c.seen) < ${MAX_SEEN}`,
      // With something scheduled `wake` may be far away, which only the general way moves.
      'and array_length(c.sched) = 0',
      // Of a record without a size it is not known what it has room for; a large one takes the body beside it.
      `and c.size < ${RECORD_SIZES.asideBytes}`,
      `and not array_contains(c.seen, {"key": "${key}"}, true)`,
    ].join(' '),
    operations: [
      { op: 'add', path: '/pend/-', value: entry },
      { op: 'add', path: '/seen/-', value: { key, at: seenAt(activity, now, timing) } },
      { op: 'incr', path: '/size', value: jsonBytes(entry) + PATCH_BYTES },
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
