import type { DeadLetter } from '../../src/ports/store';
import { keyOf } from '../../src/runtime/activity-keys';
import type { RuntimeOptions } from '../../src/runtime/options';
import { type ConversationKey, conversationKey, userKey } from '../../src/turn/keys';
import { bodyRefs, effectPayload, type Head, turnPrefix } from '../../src/turn/record';
import { MAX_DELIVERED_IDS, MAX_SEEN } from '../../src/turn/timing';
import type { ConversationGhost, Ghost } from './ghost';
import type { SimPartitions, Version } from './partitions';
import { CHANNEL, type Plan } from './plan';
import { postedTurns } from './posts';

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
    checkInnocent(ghost, key, version, plans);
    checkState(ghost, key, conversation, version, plans);
    checkReplies(ghost, key, conversation);
    checkApologies(ghost, key, conversation, version);
    checkRecords(ghost, key, version, plans);
  }
  checkAcknowledged(ghost, partitions, plans, acknowledged);
  for (const plan of plans) checkPosts(ghost, partitions, plan);
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
    const { accepted, answered, ended } = ghost.of(key);
    const gone = !accepted.includes(turnOf(plan)) && !answered.has(turnOf(plan));
    if (gone && ghost.wasErased(key, turnOf(plan))) continue;
    const ends = ended.filter(({ turn }) => baseOf(turn) === turnOf(plan));
    const inline = answered.has(turnOf(plan)) ? 1 : 0;
    const committed = inline + ends.filter(({ dead }) => !dead).length;
    // Past the dedupe horizon a key is a new activity.
    const times = Math.max(1, inline + accepted.filter((turn) => turn === turnOf(plan)).length);
    const letters = [...partitions.current(key).records.values()].filter(
      ({ kind, value }) => kind === 'dead' && isOf(value as DeadLetter, plan),
    ).length;
    if (committed + letters === 0) ghost.violate('I1', `${plan.activity.id} was acknowledged and is lost`);
    if (committed > times) ghost.violate('I2', `${plan.activity.id} was committed ${committed} times`);
    if (committed + letters > times)
      ghost.violate('I16', `${plan.activity.id} is committed and a dead letter, or two of them`);
  }
}

/** What a turn posts is accepted once for every time that the turn commits, and never otherwise. */
function checkPosts(ghost: Ghost, partitions: SimPartitions, { posts, ...parent }: Plan): void {
  if (posts === undefined) return;
  const key = conversationOf(parent);
  const turn = turnOf(parent);
  // What was posted goes with the outbox that it waits in, or the mailbox that it has reached.
  if (ghost.past.some((each) => each.key === key || each.key === conversationOf(posts.child))) return;
  const committed = ghost.of(key).committed.filter((each) => baseOf(each) === turn).length;
  const turns = postedTurns(posts.child, turnOf);
  const accepted = ghost.of(conversationOf(posts.child)).accepted.filter((each) => turns.includes(each)).length;
  // A mailbox that was full.
  const refused = [...partitions.current(key).records.values()].filter(({ kind, value }) => {
    const { dead } = value as DeadLetter;
    return kind === 'dead' && dead.kind === 'effect' && dead.effect.kind === 'post' && dead.effect.id.startsWith(turn);
  }).length;
  const least = posts.cancels ? 0 : committed;
  if (accepted + refused < least || accepted > committed) {
    ghost.violate(
      'I1',
      `${key}: ${turn} was committed ${committed} times, and what it posts accepted ${accepted} times`,
    );
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
    (head.pend.length > 0 || head.out.length > 0 || head.sched.length > 0 || head.lease !== null || head.wake !== null)
  ) {
    ghost.violate('I7', `${key} is not at rest`);
  }
  if (head !== undefined) checkGrowth(ghost, key, head);
  for (const turn of order) {
    const starts = ghost.starts.get(`${key} ${turn}`) ?? 0;
    const times = order.filter((each) => each === turn).length;
    const allowed = times * options.maxAttempts + (ghost.extraStarts.get(`${key} ${turn}`) ?? 0);
    if (starts > allowed) ghost.violate('I9', `${key}: ${turn} was started ${starts} times, ${allowed} allowed`);
  }
  for (const record of records.values()) {
    if (record.kind !== 'dead') continue;
    const letter = record.value as DeadLetter;
    if (letter.dead.kind === 'activity') checkAttempts(ghost, letter, turnPrefix(letter.dead.activity), options);
  }
}

/** What one activity does is not held against another: only what ends or delays its worker can end one whose handler never fails. */
function checkInnocent(ghost: Ghost, key: ConversationKey, { records }: Version, plans: readonly Plan[]): void {
  for (const { kind, value } of records.values()) {
    if (kind !== 'dead') continue;
    const { dead, id, reason } = value as DeadLetter;
    if (dead.kind !== 'activity') continue;
    const innocent = planOf(plans, key, turnPrefix(dead.activity)).every(({ poison }) => poison === 'none');
    // Where nothing happens to any worker, none can have died.
    const noneDied = reason.code === 'WorkerDied' && ghost.interruptions + ghost.unknownWrites === 0;
    if (innocent && (noneDied || !NOBODYS_FAULT.has(reason.code)))
      ghost.violate('I13', `${key}: ${id} died of ${reason.code}`);
  }
}

const NOBODYS_FAULT = new Set(['WorkerDied', 'BodyMissing', 'TurnTimedOut', 'TurnTooLarge', 'RangeError']);

function checkAttempts(ghost: Ghost, letter: DeadLetter, turn: string, { maxAttempts }: RuntimeOptions): void {
  const { conversation, attempts, id, reason } = letter;
  const isTerminal = reason.message === 'never' || reason.code === 'TurnTooLarge';
  if (!isTerminal && attempts < maxAttempts) {
    ghost.violate('I10', `${conversation}: ${id} died after ${attempts} attempts (${reason.code})`);
  }
  // An attempt is counted before its handler starts: what comes between the two can cost it one.
  const starts = ghost.starts.get(`${conversation} ${turn}`) ?? 0;
  const lost = ghost.interruptions + ghost.unknownWrites;
  if (ghost.readsAreFresh && starts + lost < Math.min(attempts, maxAttempts)) {
    ghost.violate('I10', `${conversation}: ${id} died of ${attempts} attempts, and ${starts} were started`);
  }
}

function checkGrowth(ghost: Ghost, key: ConversationKey, head: Head): void {
  if (head.seen.length > MAX_SEEN || head.ids.length > MAX_DELIVERED_IDS) {
    ghost.violate('growth', `${key}: ${head.seen.length} keys, ${head.ids.length} ids`);
  }
  if (head.att !== 0 || head.flushed !== 0 || head.notBefore !== 0) {
    ghost.violate('I7', `${key} rests with att ${head.att}, flushed ${head.flushed}, notBefore ${head.notBefore}`);
  }
}

function checkState(
  ghost: Ghost,
  key: ConversationKey,
  { accepted, committed, ended, steps }: ConversationGhost,
  { records }: Version,
  plans: readonly Plan[],
): void {
  const data = (records.get('state/conversation')?.value as { data: Record<string, unknown> } | undefined)?.data ?? {};
  const ran = committed.flatMap((turn) => planOf(plans, key, turn)).filter(({ touches }) => touches.conversation);
  for (const property of ['list', 'other']) {
    const expected = ran.filter((plan) => plan.property === property).map(nameOf);
    const list = (data[property] ?? []) as string[];
    if (list.join() !== expected.join()) ghost.violate('I2', `${key}: ${property} ${list}, committed ${expected}`);
    const foreign = list.filter((name) => conversationKey(CHANNEL, name.split('/')[0] ?? '') !== key);
    if (foreign.length > 0) ghost.violate('I13', `${key}: ${property} has ${foreign}`);
  }
  const once = ended.filter(({ turn }) => accepted.indexOf(turn) === accepted.lastIndexOf(turn));
  for (const { turn, dead } of once) {
    const recorded = steps.get(`${turn}/work`);
    const kept = data[`step:${turn}`];
    if (!dead && recorded !== undefined && JSON.stringify(kept) !== recorded) {
      ghost.violate('I15', `${key}: step of ${turn} gave ${JSON.stringify(kept)}, recorded ${recorded}`);
    }
  }
}

function checkReplies(ghost: Ghost, key: ConversationKey, conversation: ConversationGhost): void {
  const { recorded, dropped, givenUp, skipped, wire } = conversation;
  const sent = new Set(wire);
  const texts = new Set(recorded.map(({ text }) => text));
  for (const text of [...sent].filter((each) => !texts.has(each))) {
    ghost.violate('I6', `${key}: "${text}" was sent and never recorded`);
  }
  for (const text of [...givenUp].filter((each) => dropped.get(each) === 'done')) {
    if (!sent.has(text) && !skipped.has(text)) ghost.violate('I5', `${key}: "${text}" was replayed and never sent`);
  }
  // What was skipped or given up because a stalled worker may have sent it may still come, late, from that worker.
  const inOrder = (text: string): boolean => !skipped.has(text) && !givenUp.has(text);
  const first = [...sent].filter(inOrder);
  const expected = recorded.map(({ text }) => text).filter(inOrder);
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
  for (const { turn } of ended.filter(({ dead }) => !dead)) {
    const sorry = recorded.some(({ id, text }) => id.startsWith(`${turn}.`) && text.includes('sorry'));
    if (sorry && !ended.some((each) => each.turn === turn && each.dead)) {
      ghost.violate('I5', `${key}: ${turn} was committed, and apologised for`);
    }
  }
  for (const { turn } of ended.filter((each) => data[`sorry:${each.turn}`] === true)) {
    if (!recorded.some(({ id, text }) => id.startsWith(turn) && text.includes('sorry'))) {
      ghost.violate('I5', `${key}: the apology of ${turn} was dropped although its state was kept`);
    }
  }
}

function checkRecords(ghost: Ghost, key: ConversationKey, { records }: Version, plans: readonly Plan[]): void {
  const { accepted, answered } = ghost.of(key);
  // An inline run that dies leaves its steps to the next delivery of its activity, and to nobody if there is none.
  const unfinished = plans
    .filter((plan) => plan.inline && conversationOf(plan) === key)
    .map(turnOf)
    .filter((turn) => !answered.has(turn) && !accepted.includes(turn));
  const letters = [...records.values()].flatMap((each) => (each.kind === 'dead' ? [each.value as DeadLetter] : []));
  const kept = new Set(
    letters.flatMap(({ dead }) =>
      bodyRefs([dead.kind === 'activity' ? dead.activity.body : effectPayload(dead.effect)]),
    ),
  );
  for (const { kind, id } of records.values()) {
    if (kind === 'scheduled') ghost.violate('I1', `${key}: ${id} is scheduled, and nobody knows`);
    if (kind === 'body' && !kept.has(id)) ghost.violate('I14', `${key}: body ${id} is an orphan`);
    if (kind === 'step' && !unfinished.some((turn) => id.startsWith(turn)))
      ghost.violate('I15', `${key}: step ${id} outlived its turn`);
  }
  for (const ref of kept) {
    if (!records.has(`body/${ref}`)) ghost.violate('I14', `${key}: body ${ref} of a dead letter is gone`);
  }
}

function checkUsers(ghost: Ghost, partitions: SimPartitions, plans: readonly Plan[]): void {
  const expected = new Map<string, string[]>();
  const present = [...ghost.conversations].map(([key, each]) => ({ key, ghost: each }));
  // Erasing a conversation leaves the state of its users alone.
  for (const {
    key,
    ghost: { committed },
  } of [...ghost.past, ...present]) {
    for (const plan of committed.flatMap((turn) => planOf(plans, key, turn))) {
      const user = userKey(CHANNEL, plan.activity.from.id);
      if (plan.touches.user) expected.set(user, [...(expected.get(user) ?? []), nameOf(plan)]);
    }
  }
  const users = partitions.users();
  const runs = ghost.conversations.size + plans.filter(({ inline }) => inline).length;
  for (const [user, { intents }] of users) {
    if (intents.length > runs) ghost.violate('growth', `${user} has ${intents.length} intents`);
  }
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

function isOf({ dead }: DeadLetter, plan: Plan): boolean {
  return dead.kind === 'activity' && baseOf(turnPrefix(dead.activity)) === turnOf(plan);
}

function isTurnOf(plan: Plan, turn: string): boolean {
  return plan.postedBy === undefined ? turnOf(plan) === turn : postedTurns(plan, turnOf).includes(turn);
}

const baseOf = (turn: string): string => turn.replace(/~\d+$/, '');

const nameOf = ({ activity }: Plan): string => `${activity.conversation.id}/${activity.id}`;

function planOf(plans: readonly Plan[], key: ConversationKey, turn: string): Plan[] {
  return plans.filter((plan) => conversationOf(plan) === key && isTurnOf(plan, baseOf(turn)));
}
