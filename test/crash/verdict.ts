import type { DeadLetter, InspectedConversation, StateSnapshot, Store } from '../../src/ports/store';
import type { Activity } from '../../src/schema/activity';
import { conversationKey, userKey } from '../../src/turn/keys';
import type { Posted } from './channel';
import { type Duplicate, type Explanation, replyName } from './duplicates';
import { FAN, fanOf, type PlannedActivity, repliesOf } from './plan';
import type { SeenReply } from './replies';
import { CHANNEL } from './wire';

/** What the store holds when everything has come to rest. */
export interface GroundTruth {
  readonly conversations: ReadonlyMap<string, InspectedConversation & { readonly state: StateSnapshot | undefined }>;
  /** The turns that each user's state has counted, as `conversation/activity`, with the counter beside them. */
  readonly users: ReadonlyMap<string, { readonly count: number; readonly turns: readonly string[] }>;
  readonly dead: readonly DeadLetter[];
  /** What turns have posted to other conversations and what these have written down, by the name of the conversation. */
  readonly fanned: ReadonlyMap<string, readonly string[]>;
}

/** The numbers of the table. */
export interface Verdict {
  readonly attempted: number;
  readonly acknowledged: number;
  readonly committed: number;
  readonly deadLettered: number;
  readonly lost: number;
  readonly twice: number;
  readonly outOfOrder: number;
  readonly lostUpdates: number;
  readonly duplicateReplies: number;
  /** Duplicates by what they come from. */
  readonly explained: Readonly<Record<Explanation, number>>;
  readonly missingReplies: number;
  readonly wrongReplies: number;
  /** Posts to other conversations that did not happen exactly once for a committed turn. */
  readonly wrongPosts: number;
  /** Everything that must not be, in words. */
  readonly violations: readonly string[];
}

/** Reads from the store what the runs of the bot have left there. */
export async function readGroundTruth(store: Store, posted: readonly Posted[]): Promise<GroundTruth> {
  const conversations = new Map<string, InspectedConversation & { readonly state: StateSnapshot | undefined }>();
  const users = new Map<string, { readonly count: number; readonly turns: readonly string[] }>();
  for (const name of new Set(posted.map(({ planned }) => planned.conversation))) {
    const found = await store.inspection.conversation(conversationKey(CHANNEL, name));
    if (found !== undefined) conversations.set(name, { ...found, state: found.states.get('conversation') });
  }
  for (const name of new Set(posted.map(({ planned }) => planned.user))) {
    const { data } = await store.users.read(userKey(CHANNEL, name));
    users.set(name, { count: Number(data.count ?? 0), turns: (data.turns ?? []) as string[] });
  }
  const fanned = new Map<string, readonly string[]>();
  for (let index = 0; index < FAN.conversations; index += 1) {
    const name = `fan${index}`;
    const { data } = await store.turns.readState(conversationKey(CHANNEL, name), 'conversation');
    fanned.set(name, (data.fanned ?? []) as string[]);
  }
  return { conversations, users, fanned, dead: await lettersOf(store) };
}

/** The dead letters, with large activities in them. */
async function lettersOf(store: Store): Promise<readonly DeadLetter[]> {
  const letters = await store.deadLetters.list(1_000_000);
  return Promise.all(
    letters.map(async (letter): Promise<DeadLetter> => {
      const { conversation, dead } = letter;
      if (dead.kind !== 'activity' || 'inline' in dead.activity.body) return letter;
      const { bytes, ref } = dead.activity.body;
      const inline = (await store.turns.readBody(conversation, ref)) as Activity | undefined;
      if (inline === undefined) return letter;
      return { ...letter, dead: { ...dead, activity: { ...dead.activity, body: { inline, bytes } } } };
    }),
  );
}

/** Holds what was acknowledged and seen against what the store holds. */
export function judge(
  posted: readonly Posted[],
  seen: readonly SeenReply[],
  truth: GroundTruth,
  duplicates: readonly Duplicate[],
): Verdict {
  const complaints = new Complaints();
  const dead = deadOf(truth, complaints);
  const acknowledged = posted.filter(({ ackedAt }) => ackedAt !== undefined);
  const lists = new Map(
    [...truth.conversations].map(([name, { state }]) => [name, (state?.data.turns ?? []) as string[]] as const),
  );
  const committed = new Set([...lists].flatMap(([name, ids]) => ids.map((id) => `${name}/${id}`)));
  for (const { planned } of acknowledged) {
    const name = nameOf(planned);
    if (!committed.has(name) && !dead.has(name)) complaints.add('lost', `${name} was acknowledged and is nowhere`);
    if (committed.has(name) && dead.has(name)) complaints.add('twice', `${name} was committed and dead-lettered`);
  }
  for (const [name, ids] of lists) {
    for (const id of repeated(ids)) complaints.add('twice', `${name}/${id} was committed more than once`);
  }
  checkOrder(acknowledged, lists, complaints);
  checkUpdates(posted, truth, lists, dead, committed, complaints);
  checkReplies(posted, seen, lists, truth, committed, complaints);
  checkFans(posted, truth, committed, complaints);
  const explained = checkDuplicates(duplicates, complaints);
  return {
    attempted: posted.length,
    acknowledged: acknowledged.length,
    committed: committed.size,
    deadLettered: dead.size,
    lost: complaints.count('lost'),
    twice: complaints.count('twice'),
    outOfOrder: complaints.count('outOfOrder'),
    lostUpdates: complaints.count('lostUpdate'),
    duplicateReplies: duplicates.length,
    explained,
    missingReplies: complaints.count('missingReply'),
    wrongReplies: complaints.count('wrongReply'),
    wrongPosts: complaints.count('wrongPost'),
    violations: complaints.all,
  };
}

type Kind = 'lost' | 'twice' | 'outOfOrder' | 'lostUpdate' | 'missingReply' | 'wrongReply' | 'wrongPost' | 'duplicate';

class Complaints {
  readonly all: string[] = [];
  readonly #counts = new Map<Kind, number>();

  add(kind: Kind, text: string): void {
    this.all.push(`${kind}: ${text}`);
    this.#counts.set(kind, this.count(kind) + 1);
  }

  count(kind: Kind): number {
    return this.#counts.get(kind) ?? 0;
  }
}

/** The dead-lettered activities by name. A reply in the dead letters is one that its user never sees. */
function deadOf({ dead }: GroundTruth, complaints: Complaints): ReadonlySet<string> {
  const names = dead.flatMap(({ conversation, id, dead: what }) => {
    if (what.kind === 'activity' && 'inline' in what.activity.body) {
      const { inline } = what.activity.body;
      return [`${inline.conversation.id}/${inline.id}`];
    }
    complaints.add('missingReply', `${conversation} ${id} was given up`);
    return [];
  });
  for (const name of repeated(names)) complaints.add('twice', `${name} was dead-lettered more than once`);
  return new Set(names);
}

/** An activity acknowledged before another was first posted comes before it. */
function checkOrder(
  acknowledged: readonly Posted[],
  lists: ReadonlyMap<string, readonly string[]>,
  complaints: Complaints,
): void {
  const byName = new Map(acknowledged.map((each) => [nameOf(each.planned), each]));
  for (const [name, ids] of lists) {
    const inOrder = ids.flatMap((id) => byName.get(`${name}/${id}`) ?? []);
    let latestPost: Posted | undefined;
    for (const each of inOrder) {
      if (latestPost !== undefined && (each.ackedAt ?? 0) < latestPost.firstPostAt) {
        const [late, early] = [nameOf(each.planned), latestPost.planned.id];
        complaints.add('outOfOrder', `${late} was acknowledged before ${early} was posted, and ran after it`);
      }
      if (latestPost === undefined || each.firstPostAt > latestPost.firstPostAt) latestPost = each;
    }
  }
}

function checkUpdates(
  posted: readonly Posted[],
  truth: GroundTruth,
  lists: ReadonlyMap<string, readonly string[]>,
  dead: ReadonlySet<string>,
  committed: ReadonlySet<string>,
  complaints: Complaints,
): void {
  for (const [name, { head, state }] of truth.conversations) {
    const turns = lists.get(name) ?? [];
    const ended = turns.length + [...dead].filter((each) => each.startsWith(`${name}/`)).length;
    if (head.n !== ended) complaints.add('lostUpdate', `${name}: ${head.n} turns ended, ${ended} left a trace`);
    const count = Number(state?.data.count ?? 0);
    if (count !== turns.length) complaints.add('lostUpdate', `${name} counted ${count} of ${turns.length} turns`);
  }
  const expected = new Map<string, string[]>();
  for (const { planned } of posted) {
    const name = nameOf(planned);
    if (!planned.orders.user || !committed.has(name)) continue;
    expected.set(planned.user, [...(expected.get(planned.user) ?? []), name]);
  }
  for (const [user, { count, turns }] of truth.users) {
    const names = expected.get(user) ?? [];
    const have = new Set(turns);
    for (const name of names.filter((each) => !have.has(each))) {
      complaints.add('lostUpdate', `${user} does not know of ${name}`);
    }
    for (const name of repeated(turns)) complaints.add('twice', `${user} counted ${name} more than once`);
    for (const name of turns.filter((each) => !names.includes(each))) {
      complaints.add('twice', `${user} counted ${name}, which was not committed`);
    }
    if (count !== turns.length) complaints.add('lostUpdate', `${user} counted ${count} of ${turns.length} turns`);
  }
}

/** Each committed turn's replies were seen, in the order of the commits, and say what the committed state says. */
function checkReplies(
  posted: readonly Posted[],
  seen: readonly SeenReply[],
  lists: ReadonlyMap<string, readonly string[]>,
  truth: GroundTruth,
  committed: ReadonlySet<string>,
  complaints: Complaints,
): void {
  const plans = new Map(posted.map(({ planned }) => [nameOf(planned), planned]));
  const firsts = new Map(seen.toReversed().map((reply) => [replyName(reply), reply]));
  const shown = [...firsts.values()].toSorted((a, b) => a.call.index - b.call.index);
  for (const name of committed) {
    const planned = plans.get(name);
    if (planned === undefined) {
      complaints.add('twice', `${name} is in the state of that conversation, and was never posted to it`);
      continue;
    }
    const replies = repliesOf(planned.orders);
    for (let ordinal = 0; ordinal < replies; ordinal += 1) {
      if (!firsts.has(`${name}/${ordinal}`)) complaints.add('missingReply', `${name}/${ordinal} was never seen`);
    }
  }
  for (const [conversation, ids] of lists) {
    let last = -1;
    for (const { text } of shown.filter((each) => each.conversation === conversation)) {
      const place = ids.indexOf(text.activity);
      if (place < 0) continue; // Of a turn that became a dead letter: what it had flushed, or its apology.
      const name = `${conversation}/${text.activity}/${text.ordinal}`;
      if (text.count !== place + 1)
        complaints.add('wrongReply', `${name} said ${text.count}, it was turn ${place + 1}`);
      if (place < last) complaints.add('outOfOrder', `the reply ${name} came after one of a later turn`);
      last = Math.max(last, place);
      const user = plans.get(`${conversation}/${text.activity}`)?.user ?? '';
      const counted = (truth.users.get(user)?.turns.indexOf(`${conversation}/${text.activity}`) ?? -1) + 1;
      if (text.userCount !== undefined && text.userCount !== counted) {
        complaints.add('wrongReply', `${name} said ${text.userCount} for ${user}, it was number ${counted}`);
      }
    }
  }
}

/** What a committed turn has posted has come to its conversation once, and nothing else has. */
function checkFans(
  posted: readonly Posted[],
  { fanned }: GroundTruth,
  committed: ReadonlySet<string>,
  complaints: Complaints,
): void {
  const fans = posted.filter(({ planned }) => planned.orders.manner === 'fanOut' && committed.has(nameOf(planned)));
  const expected = new Set(
    fans.flatMap(({ planned }) =>
      Array.from({ length: FAN.posts }, (_, index) => `${fanOf(planned.id, index)} ${nameOf(planned)}#${index}`),
    ),
  );
  const came = [...fanned].flatMap(([conversation, posts]) => posts.map((post) => `${conversation} ${post}`));
  for (const post of repeated(came)) complaints.add('wrongPost', `${post} came more than once`);
  for (const post of new Set(came))
    if (!expected.delete(post)) complaints.add('wrongPost', `${post} was not committed`);
  for (const post of expected) complaints.add('wrongPost', `${post} never came`);
}

function checkDuplicates(duplicates: readonly Duplicate[], complaints: Complaints): Record<Explanation, number> {
  const explained: Record<Explanation, number> = { kill: 0, takeover: 0, unknown: 0, none: 0 };
  for (const { first, second, why } of duplicates) {
    explained[why] += 1;
    if (why !== 'none') continue;
    const name = replyName(first);
    complaints.add(
      'duplicate',
      `${name} was sent by ${first.worker} and again by ${second.worker}, for no known reason`,
    );
  }
  return explained;
}

const nameOf = ({ conversation, id }: PlannedActivity): string => `${conversation}/${id}`;

function repeated(names: readonly string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}
