import type { DeadLetter } from '../../src/ports/store';
import { keyOf } from '../../src/runtime/ingress';
import type { RuntimeOptions } from '../../src/runtime/options';
import { type ConversationKey, conversationKey, userKey } from '../../src/turn/keys';
import type { ConversationGhost, Ghost } from './ghost';
import type { SimPartitions, Version } from './partitions';
import { CHANNEL, type Plan } from './plan';

/** What must hold when a run has come to rest. Names as in the design. */
export function checkAtRest(
  ghost: Ghost,
  partitions: SimPartitions,
  plans: readonly Plan[],
  acknowledged: ReadonlySet<string>,
  options: RuntimeOptions,
): void {
  for (const key of partitions.keys()) {
    const conversation = ghost.of(key);
    const version = partitions.current(key);
    checkEnds(ghost, key, conversation, version, options);
    checkState(ghost, key, conversation, version, plans);
    checkReplies(ghost, key, conversation);
    checkApologies(ghost, key, conversation, version);
    checkRecords(ghost, key, version);
  }
  checkAcknowledged(ghost, partitions, plans, acknowledged);
  checkUsers(ghost, partitions, plans);
  const repeats = [...ghost.conversations.values()].reduce(
    (sum, { wire }) => sum + wire.length - new Set(wire).size,
    0,
  );
  const bound = ghost.unknownSends + ghost.interruptions + ghost.takeovers;
  if (repeats > bound) ghost.violate('I5b', `${repeats} repeated sends, at most ${bound} explained`);
  if (options.inDoubt === 'skip' && repeats > 0) ghost.violate('I5b', `${repeats} repeated sends although none may be`);
}

function checkAcknowledged(
  ghost: Ghost,
  partitions: SimPartitions,
  plans: readonly Plan[],
  acknowledged: ReadonlySet<string>,
): void {
  for (const plan of plans.filter(({ activity }) => acknowledged.has(activity.id ?? ''))) {
    const key = conversationOf(plan);
    const ends = ghost.of(key).ended.filter(({ turn }) => baseOf(turn) === turnOf(plan));
    const committed = ends.filter(({ dead }) => !dead).length;
    const letters = [...partitions.current(key).records.values()].filter(
      ({ kind, id }) => kind === 'dead' && baseOf(id) === turnOf(plan),
    ).length;
    if (committed + letters === 0) ghost.violate('I1', `${plan.activity.id} was acknowledged and is lost`);
    if (committed > 1) ghost.violate('I2', `${plan.activity.id} was committed ${committed} times`);
    if (committed + letters > 1)
      ghost.violate('I16', `${plan.activity.id} is committed and a dead letter, or two of them`);
  }
}

function checkEnds(
  ghost: Ghost,
  key: ConversationKey,
  { accepted, ended }: ConversationGhost,
  { head, records }: Version,
  options: RuntimeOptions,
): void {
  const order = ended.map(({ turn }) => turn);
  if (order.join() !== accepted.join()) ghost.violate('I3', `${key}: accepted ${accepted}, ended ${order}`);
  if (
    head !== undefined &&
    (head.pend.length > 0 || head.out.length > 0 || head.lease !== null || head.wake !== null)
  ) {
    ghost.violate('I7', `${key} is not at rest`);
  }
  for (const turn of order) {
    const starts = ghost.starts.get(`${key} ${turn}`) ?? 0;
    const allowed = options.maxAttempts + (ghost.extraStarts.get(`${key} ${turn}`) ?? 0);
    if (starts > allowed) ghost.violate('I9', `${key}: ${turn} was started ${starts} times, ${allowed} allowed`);
  }
  for (const record of records.values()) {
    if (record.kind !== 'dead') continue;
    const letter = record.value as DeadLetter;
    if (letter.dead.kind === 'effect' || letter.reason.message === 'never') continue;
    if (letter.attempts < options.maxAttempts) {
      ghost.violate('I10', `${key}: ${letter.id} died after ${letter.attempts} attempts (${letter.reason.code})`);
    }
  }
}

function checkState(
  ghost: Ghost,
  key: ConversationKey,
  { ended, steps }: ConversationGhost,
  { records }: Version,
  plans: readonly Plan[],
): void {
  const data = (records.get('state/conversation')?.value as { data: Record<string, unknown> } | undefined)?.data ?? {};
  const committed = ended.filter(({ dead }) => !dead).flatMap(({ turn }) => planOf(plans, key, turn));
  const expected = committed.filter(({ touches }) => touches.conversation).map(nameOf);
  const list = (data.list ?? []) as string[];
  if (list.join() !== expected.join()) ghost.violate('I2', `${key}: state ${list}, committed ${expected}`);
  for (const { turn, dead } of ended) {
    const recorded = steps.get(`${turn}/work`);
    const kept = data[`step:${turn}`];
    if (!dead && recorded !== undefined && JSON.stringify(kept) !== recorded) {
      ghost.violate('I15', `${key}: step of ${turn} gave ${JSON.stringify(kept)}, recorded ${recorded}`);
    }
  }
}

function checkReplies(ghost: Ghost, key: ConversationKey, conversation: ConversationGhost): void {
  const { recorded, dropped, skipped, wire } = conversation;
  const texts = new Set(recorded.map(({ text }) => text));
  for (const text of wire.filter((each) => !texts.has(each))) {
    ghost.violate('I6', `${key}: "${text}" was sent and never recorded`);
  }
  // What was skipped because a stalled worker may have sent it may still come, late, from that worker.
  const inDoubt = new Set(recorded.filter(({ id }) => skipped.has(id)).map(({ text }) => text));
  const first = [...new Set(wire)].filter((text) => !inDoubt.has(text));
  const sent = new Set(wire);
  const expected = recorded
    .filter(({ id, text }) => !inDoubt.has(text) && (sent.has(text) || dropped.get(id) !== 'dead'))
    .map(({ text }) => text);
  if (first.join() !== expected.join()) {
    ghost.violate('I5', `${key}: sent ${first.join(' | ')}; recorded ${expected.join(' | ')}`);
  }
}

function checkApologies(
  ghost: Ghost,
  key: ConversationKey,
  { ended, recorded }: ConversationGhost,
  { records }: Version,
): void {
  const data = (records.get('state/conversation')?.value as { data: Record<string, unknown> } | undefined)?.data ?? {};
  for (const { turn } of ended.filter((each) => data[`sorry:${each.turn}`] === true)) {
    if (!recorded.some(({ id, text }) => id.startsWith(turn) && text.includes('sorry'))) {
      ghost.violate('I5', `${key}: the apology of ${turn} was dropped although its state was kept`);
    }
  }
}

function checkRecords(ghost: Ghost, key: ConversationKey, { records }: Version): void {
  const letters = [...records.values()].flatMap((each) => (each.kind === 'dead' ? [each.value as DeadLetter] : []));
  const kept = new Set(
    letters.flatMap(({ dead }) =>
      dead.kind === 'activity' && 'ref' in dead.activity.body ? [dead.activity.body.ref] : [],
    ),
  );
  for (const { kind, id } of records.values()) {
    if (kind === 'body' && !kept.has(id)) ghost.violate('I14', `${key}: body ${id} is an orphan`);
    if (kind === 'step') ghost.violate('I15', `${key}: step ${id} outlived its turn`);
  }
  for (const ref of kept) {
    if (!records.has(`body/${ref}`)) ghost.violate('I14', `${key}: body ${ref} of a dead letter is gone`);
  }
}

function checkUsers(ghost: Ghost, partitions: SimPartitions, plans: readonly Plan[]): void {
  const expected = new Map<string, string[]>();
  for (const [key, { ended }] of ghost.conversations) {
    for (const plan of ended.filter(({ dead }) => !dead).flatMap(({ turn }) => planOf(plans, key, turn))) {
      const user = userKey(CHANNEL, plan.activity.from.id);
      if (plan.touches.user) expected.set(user, [...(expected.get(user) ?? []), nameOf(plan)]);
    }
  }
  const users = partitions.users();
  for (const [user, names] of expected) {
    const list = ((users.get(user as never)?.data.list ?? []) as string[]).slice().sort();
    if (list.join() !== names.sort().join()) ghost.violate('I4', `${user}: state ${list}, committed ${names}`);
  }
}

const conversationOf = ({ activity }: Plan): ConversationKey => conversationKey(CHANNEL, activity.conversation.id);

/** The turn prefix of a planned activity, replays aside. */
export const turnOf = ({ activity }: Plan): string =>
  keyOf(activity, () => {
    throw new Error('Every planned activity has an id.');
  });

const baseOf = (turn: string): string => turn.replace(/~\d+$/, '');

const nameOf = ({ activity }: Plan): string => `${activity.conversation.id}/${activity.id}`;

function planOf(plans: readonly Plan[], key: ConversationKey, turn: string): Plan[] {
  return plans.filter((plan) => conversationOf(plan) === key && turnOf(plan) === baseOf(turn));
}
