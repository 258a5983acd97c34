import type { NewActivity } from '../turn/accept';
import { type ActivityKey, activityKey, conversationKey } from '../turn/keys';
import { NEW_HEAD, RECORD_VERSION } from '../turn/record';
import { DEFAULT_TIMING, MAX_SEEN } from '../turn/timing';
import { appendPatch } from './cosmos-accept';
import { acquirePatch } from './cosmos-acquire';
import { NEVER } from './cosmos-conversations';
import { headItem, type Item } from './cosmos-documents';
import { isMissing, type Reply, resultsIn, type Scratch, type StoredItem, Undecided } from './cosmos-scratch';
import { impossibleSession, SessionTokens } from './cosmos-session';
import type { ConditionalPatch } from './cosmos-transport';

/** A promise that the account does not keep: the question, and what was found instead. */
export class Disproved extends Error {
  override readonly name = 'Disproved';
  constructor(
    readonly probe: string,
    readonly found: string,
  ) {
    super(`${probe}: ${found}`);
  }
}

/** A question about what safety rests on. It resolves when the promise is kept. */
export interface Probe {
  readonly name: string;
  /** @throws Disproved when it is not; Undecided when that is not known */
  run(scratch: Scratch): Promise<void>;
}

/** The time by which the conditions of scratch items are made: so far ahead that no sweep finds a `wake` that is counted from it. */
const NOW = Date.UTC(2100, 0, 1);

const KEY: ActivityKey = activityKey('5e1f'.repeat(8));
const ROOM = 5;
const ACTIVITY: NewActivity = { key: KEY, body: { ref: 'self-check', bytes: 1 } };

/** The patches as the store makes them. */
const PATCHES = {
  acceptAtRest: appendPatch(NOW, ACTIVITY, ROOM, { rests: true }, DEFAULT_TIMING),
  acceptAwake: appendPatch(NOW, ACTIVITY, ROOM, { rests: false }, DEFAULT_TIMING),
  acquire: acquirePatch(NOW, 'self-check', DEFAULT_TIMING),
  confirm: NEVER,
} satisfies Record<string, ConditionalPatch>;

/** Everything that these questions ask for: whatever is changed in it has to be asked anew. */
export const PATCH_TEXTS: string = JSON.stringify(PATCHES);

/** A record on which a patch is tried: one in which all of its condition holds, or all but one part. */
export interface Case {
  readonly patch: keyof typeof PATCHES;
  /** The part of the condition that does not hold; absent where all do. */
  readonly without?: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const filled = (length: number): number[] => Array.from({ length }, () => 0);

/** A size that no patch applies to, where the condition looks at it. */
const sizes = (patch: keyof typeof PATCHES, fields: Case['fields']): readonly Case[] =>
  PATCHES[patch].condition.includes('size')
    ? [
        { patch, without: 'size', fields: { ...fields, size: 2 ** 21 } },
        { patch, without: 'noSize', fields: { ...fields, size: undefined } },
      ]
    : [];

/** An accept has to be refused where the item ends by itself, so these have no time to live; they are removed at once. */
const LASTING = { ttl: undefined };

const accepts = (patch: 'acceptAtRest' | 'acceptAwake', wake: number | null, other: number | null): readonly Case[] => {
  const fields = { ...LASTING, wake };
  return [
    { patch, fields },
    { patch, without: 'ttl', fields: { wake } },
    { patch, without: 'wake', fields: { ...LASTING, wake: other } },
    { patch, without: 'pend', fields: { ...fields, pend: filled(ROOM) } },
    { patch, without: 'seen', fields: { ...fields, seen: filled(MAX_SEEN) } },
    { patch, without: 'sched', fields: { ...fields, sched: filled(1) } },
    { patch, without: 'key', fields: { ...fields, seen: [{ key: KEY, at: 0 }] } },
    ...sizes(patch, fields),
  ];
};

const pend = filled(1);

export const CASES: readonly Case[] = [
  ...accepts('acceptAtRest', null, NOW),
  ...accepts('acceptAwake', NOW, null),
  { patch: 'acquire', fields: { pend } },
  { patch: 'acquire', fields: { pend, lease: { owner: 'before', until: NOW } } },
  { patch: 'acquire', without: 'v', fields: { pend, v: RECORD_VERSION + 1 } },
  { patch: 'acquire', without: 'lease', fields: { pend, lease: { owner: 'before', until: NOW + 1 } } },
  { patch: 'acquire', without: 'notBefore', fields: { pend, notbefore: NOW + 1 } },
  { patch: 'acquire', without: 'pend', fields: { pend: [] } },
  { patch: 'acquire', without: 'out', fields: { pend, out: filled(1) } },
  { patch: 'acquire', without: 'sched', fields: { pend, sched: filled(1) } },
  { patch: 'confirm', without: 'rev', fields: {} },
];

/** Requests that are on their way at once. */
const AT_ONCE = 8;

/** The record of a conversation in which nothing has happened, as the store writes it, as a scratch item. */
function recordOf(scratch: Scratch, name: string, fields: Case['fields']): Item {
  const { key: _key, ...head } = headItem(conversationKey('turnwise', 'self-check'), NEW_HEAD, { rev: 1 });
  return { ...head, ...scratch.item(name, fields) };
}

/** Tries a patch of the store on records in which its condition holds, and on those in which one part of it does not. */
async function tryPatch(scratch: Scratch, patch: keyof typeof PATCHES): Promise<void> {
  const cases = CASES.filter((each) => each.patch === patch);
  const items = cases.map(({ fields }, index) => recordOf(scratch, `${patch}-${index}`, fields));
  try {
    const etags = await scratch.createAll(items);
    if (etags.length !== items.length || etags.includes('')) {
      throw new Disproved(`${patch}.create`, 'a batch that was applied has no ETags');
    }
    for (let first = 0; first < cases.length; first += AT_ONCE) {
      const some = cases.slice(first, first + AT_ONCE);
      await Promise.all(
        some.map((each, index) => tryCase(scratch, each, items[first + index]?.id ?? '', etags[first + index] ?? '')),
      );
    }
  } finally {
    await scratch.removeAll(items.map(({ id }) => id));
  }
}

async function tryCase(scratch: Scratch, { patch, without }: Case, id: string, etag: string): Promise<void> {
  const wanted = patch === 'acquire' ? 'item' : 'nothing';
  const reply = await scratch.patch(id, PATCHES[patch], wanted);
  const stored = await storedItem(scratch, id);
  if (without === undefined) {
    const name = `${patch}.holds`;
    if (reply.status >= 300) throw new Disproved(name, `a condition that holds is answered ${reply.status}`);
    if (reply.etag === '') throw new Disproved(name, 'a patch that was applied has no ETag');
    if (stored?._etag !== reply.etag) throw new Disproved(name, 'the ETag of an answer is not that of the item');
    if (!isPatched(patch, stored)) throw new Disproved(name, 'a patch was not applied as it was asked for');
    return;
  }
  const name = `${patch}.${without}`;
  if (reply.status !== PRECONDITION_FAILED) {
    throw new Disproved(name, `a condition that does not hold is answered ${reply.status}`);
  }
  if (stored?._etag !== etag) throw new Disproved(name, 'an item was changed although the condition does not hold');
}

function isPatched(patch: keyof typeof PATCHES, { pend, seen, epoch, att, lease, wake }: StoredItem): boolean {
  const length = (list: unknown): number => (Array.isArray(list) ? list.length : 0);
  if (patch !== 'acquire') return length(pend) === 1 && length(seen) === 1 && Number(wake) >= NOW;
  return (
    epoch === 1 && att === 1 && Number(wake) > NOW && (lease as { owner?: unknown } | null)?.owner === 'self-check'
  );
}

const PRECONDITION_FAILED = 412;
const FAILED_DEPENDENCY = 424;
const SESSION_NOT_AVAILABLE = 1002;
const BAD_REQUEST = 400;

/** Returns an item as it is; `undefined` where there is none. @throws Undecided, Disproved when it cannot be read */
async function storedItem(scratch: Scratch, id: string): Promise<StoredItem | undefined> {
  const reply = await scratch.read(id);
  if (isMissing(reply)) return undefined;
  const stored = reply.content as StoredItem | undefined;
  if (reply.status >= 300 || typeof stored?._etag !== 'string') {
    throw new Disproved('read', `an item cannot be read: ${reply.status}`);
  }
  return stored;
}

/** A write with its answer spared has the item's ETag, and a stale one is refused. */
async function answerHasEtag(scratch: Scratch): Promise<void> {
  const name = 'minimalAnswer';
  const item = scratch.item('minimal', { n: 1 });
  const etagOf = ({ status, etag }: Reply, what: string): string => {
    if (status >= 300) throw new Disproved(`${name}.${what}`, `it is answered ${status}`);
    if (etag === '') throw new Disproved(`${name}.${what}`, 'the answer has no ETag');
    return etag;
  };
  const created = etagOf(await scratch.create(item), 'create');
  const replaced = etagOf(await scratch.replace({ ...item, n: 2 }, created), 'replace');
  if (replaced === created) throw new Disproved(`${name}.replace`, 'an item that was written anew has its old ETag');
  const change = { condition: 'from c where c.n = 2', operations: [{ op: 'incr' as const, path: '/n', value: 1 }] };
  const patched = etagOf(await scratch.patch(item.id, change), 'patch');
  if ((await storedItem(scratch, item.id))?._etag !== patched) {
    throw new Disproved(`${name}.patch`, 'the ETag of an answer is not that of the item');
  }
  const stale = await scratch.replace({ ...item, n: 9 }, created);
  if (stale.status !== PRECONDITION_FAILED) {
    throw new Disproved(`${name}.stale`, `a replace with an old ETag is answered ${stale.status}`);
  }
  const [batched = ''] = await scratch.createAll([scratch.item('batched')]);
  if (batched === '') throw new Disproved(`${name}.batch`, 'the answer to a batch has no ETag');
  if ((await storedItem(scratch, scratch.id('batched')))?._etag !== batched) {
    throw new Disproved(`${name}.batch`, 'the ETag of an answer is not that of the item');
  }
  await scratch.removeAll([item.id, scratch.id('batched')]);
}

/** A condition is looked at before the operations: what could not be done is refused for the condition, and does nothing. */
async function conditionComesFirst(scratch: Scratch): Promise<void> {
  const name = 'impossibleOperations';
  const item = scratch.item('impossible', { n: 1, text: 'none' });
  const { status, etag } = await scratch.create(item);
  if (status >= 300) throw new Disproved(name, `an item cannot be created: ${status}`);
  const reply = await scratch.patch(item.id, {
    condition: 'from c where c.n = 2',
    operations: [
      { op: 'remove', path: '/nothing' },
      { op: 'incr', path: '/text', value: 1 },
    ],
  });
  if (reply.status !== PRECONDITION_FAILED) throw new Disproved(name, `it is answered ${reply.status}`);
  if ((await storedItem(scratch, item.id))?._etag !== etag) throw new Disproved(name, 'the item was changed');
  await scratch.removeAll([item.id]);
}

/** A batch of a create and a replace with an old ETag does nothing, and says why. */
async function batchKeepsEtags(scratch: Scratch): Promise<void> {
  const name = 'batchEtag';
  const item = scratch.item('guarded', { n: 1 });
  const other = scratch.item('unguarded');
  const { etag: old } = await scratch.create(item);
  const { etag } = await scratch.replace({ ...item, n: 2 }, old);
  const { status, content } = await scratch.batch([
    { operationType: 'Create', resourceBody: other as never },
    { operationType: 'Replace', id: item.id, ifMatch: old, resourceBody: { ...item, n: 3 } as never },
  ]);
  const statuses = resultsIn(content).map(({ statusCode }) => statusCode);
  const isRefused = statuses.length === 2 && statuses[0] === FAILED_DEPENDENCY && statuses[1] === PRECONDITION_FAILED;
  if (!isRefused) {
    throw new Disproved(
      name,
      `a batch whose replace has an old ETag is answered ${status}, its operations ${statuses.join(' and ') || 'not'}, and not 424 and 412, ` +
        "as by Microsoft's Linux emulator (azure-cosmos-emulator:vnext), which ignores If-Match in batches",
    );
  }
  if ((await storedItem(scratch, other.id)) !== undefined)
    throw new Disproved(name, 'a part of a refused batch was done');
  if ((await storedItem(scratch, item.id))?._etag !== etag)
    throw new Disproved(name, 'a refused batch changed an item');
  await scratch.removeAll([item.id]);
}

/** A read that no replica can answer for the session is refused, and not answered with what is older. */
async function sessionIsKept(scratch: Scratch): Promise<void> {
  const name = 'impossibleSession';
  const item = scratch.item('session');
  const { status } = await scratch.create(item);
  if (status >= 300) throw new Disproved(name, `an item cannot be created: ${status}`);
  const ahead = impossibleSession(scratch.target.session.header);
  if (ahead === undefined) throw new Undecided('its answers name no session');
  const session = new SessionTokens();
  session.observe(ahead);
  const reply = await scratch.read(item.id, { ...scratch.target, session });
  if (reply.status < 300) throw new Disproved(name, 'a read is answered although no replica is as far');
  if (reply.status !== 404 || reply.substatus !== SESSION_NOT_AVAILABLE) {
    throw new Undecided(`it answers ${reply.status}/${reply.substatus}`);
  }
  await scratch.removeAll([item.id]);
}

/** Half of a surrogate pair is refused, or is in an item that can be read: what it becomes does not matter, as none is sent. */
async function halfSurrogateIsHarmless(scratch: Scratch): Promise<void> {
  const name = 'halfSurrogate';
  const item = scratch.item('surrogate', { text: '\ud83d' });
  const { status } = await scratch.create(item);
  if (status === BAD_REQUEST) return;
  if (status >= 300) throw new Disproved(name, `it is answered ${status}`);
  const reply = await scratch.read(item.id);
  if (isMissing(reply) || reply.status >= 300 || reply.content === undefined) {
    throw new Disproved(name, 'an item that was taken cannot be read');
  }
  await scratch.removeAll([item.id]);
}

/** The questions about writes and reads of items, in the order in which they are asked. */
export const ITEM_PROBES: readonly Probe[] = [
  { name: 'minimalAnswer', run: answerHasEtag },
  { name: 'batchEtag', run: batchKeepsEtags },
  { name: 'acceptAtRest', run: (scratch) => tryPatch(scratch, 'acceptAtRest') },
  { name: 'acceptAwake', run: (scratch) => tryPatch(scratch, 'acceptAwake') },
  { name: 'acquire', run: (scratch) => tryPatch(scratch, 'acquire') },
  { name: 'confirm', run: (scratch) => tryPatch(scratch, 'confirm') },
  { name: 'impossibleOperations', run: conditionComesFirst },
  { name: 'impossibleSession', run: sessionIsKept },
  { name: 'halfSurrogate', run: halfSurrogateIsHarmless },
];
