import type { ConnectorCall } from '../../src/ports/connector';
import type { DeadLetter } from '../../src/ports/store';
import type { Activity } from '../../src/schema/activity';
import type { PartitionWrites } from '../../src/store/partition';
import type { Fence } from '../../src/turn/hold';
import type { InlineRecord } from '../../src/turn/inline';
import { type ConversationKey, conversationKey, type UserKey } from '../../src/turn/keys';
import { type Effect, type Head, type PendingActivity, turnPrefix } from '../../src/turn/record';
import { DEFAULT_TIMING } from '../../src/turn/timing';
import type { UserRecord } from '../../src/turn/user-state';
import { Cancellations } from './cancellations';
import { dueOf, heldUpMs, PROMPT_MS } from './held-up';
import type { Observer, Version } from './partitions';
import type { Plan } from './plan';
import { ProgressWatch, RULE } from './progress';

/** What happened in one conversation, as seen from outside the protocol. */
export interface ConversationGhost {
  /** Turn prefixes in the order in which they entered the mailbox. */
  readonly accepted: string[];
  /** Turn prefixes in the order in which they left it, and how. */
  readonly ended: { readonly turn: string; readonly dead: boolean }[];
  /** Turn prefixes whose state counts, in the order of their commits, inline ones among them. */
  readonly committed: string[];
  /** Inline turns that have their answer from a run of their own. */
  readonly answered: Set<string>;
  /** When a key was last accepted. */
  readonly acceptedAt: Map<string, number>;
  /** Effects that have a text, in the order in which they were recorded. */
  readonly recorded: { readonly id: string; readonly text: string; readonly at: number; readonly due: number }[];
  /** Texts of effects that left the record, with their fate. */
  readonly dropped: Map<string, 'done' | 'dead'>;
  /** Texts of effects that were given up at some time: a stalled worker may still send them, out of order. */
  readonly givenUp: Set<string>;
  /** Texts of effects left out because an earlier worker may have sent them. */
  readonly skipped: Set<string>;
  /** What reached the channel, in order, live lane aside. */
  readonly wire: string[];
  /** Recorded step results by `turn/name`. */
  readonly steps: Map<string, string>;
}

/** A store call, as the observer of its write needs to know it. */
export interface Writer {
  /** The conversation or user that it names. */
  readonly about: ConversationKey | UserKey;
  readonly fence: Fence | undefined;
}

/** Watches every write and checks what must hold at every moment; keeps what is checked at the end. */
export class Ghost implements Observer {
  readonly violations: string[] = [];
  readonly history: string[] = [];
  readonly conversations = new Map<ConversationKey, ConversationGhost>();
  /** The store call that is being applied: what it is about, and the fence under which it was made. */
  writer: Writer | undefined;
  /** The epochs of the holds under which records have got a newer format. */
  private readonly outgrown = new Map<ConversationKey, number>();
  /** What had happened in conversations up to the moments in which they were erased. */
  readonly past: { readonly key: ConversationKey; readonly ghost: ConversationGhost }[] = [];
  takeovers = 0;
  unknownSends = 0;
  unknownWrites = 0;
  interruptions = 0;
  /** What the channel's ids stand for. */
  private readonly channelIds = new Map<string, string>();
  private readonly heads = new Map<ConversationKey, Head>();
  private readonly progress = new ProgressWatch(RULE, (what) => this.violate('I19', what));
  private readonly dues = new Map<string, number>();
  private readonly cancellations = new Cancellations();
  readonly starts = new Map<string, number>();
  readonly extraStarts = new Map<string, number>();

  /** @param readsAreFresh a body that a replica does not have yet counts as an attempt. */
  constructor(
    private readonly now: () => number,
    readonly readsAreFresh: boolean,
    /** Nothing goes wrong in this run. */
    readonly calm: boolean,
  ) {}

  note(line: string): void {
    this.history.push(`${String(Math.round(this.now() - 1_700_000_000_000)).padStart(9)}  ${line}`);
  }

  violate(invariant: string, what: string): void {
    this.violations.push(`${invariant}: ${what}`);
    this.note(`VIOLATION ${invariant}: ${what}`);
  }

  of(key: ConversationKey): ConversationGhost {
    const known = this.conversations.get(key);
    if (known !== undefined) return known;
    return this.begin(key, new Map());
  }

  private begin(key: ConversationKey, acceptedAt: Map<string, number>): ConversationGhost {
    const made: ConversationGhost = {
      accepted: [],
      ended: [],
      committed: [],
      answered: new Set(),
      acceptedAt,
      recorded: [],
      dropped: new Map(),
      givenUp: new Set(),
      skipped: new Set(),
      wire: [],
      steps: new Map(),
    };
    this.conversations.set(key, made);
    return made;
  }

  /** Whether an activity was accepted or answered before its conversation was erased: nothing of it need be left. */
  wasErased(key: ConversationKey, turn: string): boolean {
    return this.past.some(
      (each) => each.key === key && (each.ghost.accepted.includes(turn) || each.ghost.answered.has(turn)),
    );
  }

  /** Everything begins anew, but what the channel delivers a second time is still known. */
  private erased(key: ConversationKey, was: Head | undefined, is: Head): void {
    const ghost = this.of(key);
    this.note(`${key} is erased`);
    if (is.epoch <= (was?.epoch ?? 0)) this.violate('I11', `${key}: erased without a fence`);
    if (is.sv <= (was?.sv ?? 0)) this.violate('I2', `${key}: erased, and versions of state went back`);
    if (is.pend.length > 0 || is.out.some(({ kind }) => kind !== 'fold' && kind !== 'cancel'))
      this.violate('erase', `${key} is not empty`);
    this.past.push({ key, ghost });
    this.begin(key, ghost.acceptedAt);
    this.interruptions += 1;
    for (const [name, starts] of this.starts) if (name.startsWith(`${key} `)) bump(this.extraStarts, name, starts);
  }

  started(key: ConversationKey, turn: string, attempt: number): void {
    bump(this.starts, `${key} ${turn}`, 1);
    // Whoever is about to start it may not know yet that it was erased: that start is none of those of a later acceptance.
    if (!this.of(key).accepted.includes(turn) && this.wasErased(key, turn)) this.allowStart(key, turn);
    // An attempt is counted before its handler starts: only what comes between the two can cost it one.
    const starts = this.starts.get(`${key} ${turn}`) ?? 0;
    if (this.readsAreFresh && attempt > starts + this.interruptions + this.unknownWrites) {
      this.violate('I10', `${key}: attempt ${attempt} at ${turn} begins after ${starts - 1} starts`);
    }
  }

  /** A worker has given an attempt up: of the turn that runs, or of an inline one beside it. */
  attemptFailed(key: ConversationKey, { activity, attempt, error }: Readonly<Record<string, unknown>>): void {
    const head = this.heads.get(key);
    // One that was taken over may fail while the next one runs.
    if (head?.pend[0]?.key === activity && head?.att === attempt) this.progress.failed(key, head, String(error));
  }

  /** A turn has asked for its post to be accepted at this time. What an attempt asks for that does not commit does not count. */
  notBefore(parent: string, { activity }: Plan, at: number): void {
    this.dues.set(`${parent} ${activity.id}`, Math.min(at, this.dues.get(`${parent} ${activity.id}`) ?? at));
  }

  /**
   * Whether a record has got a newer format under the hold of this epoch, whose holder then cannot keep it: scheduling by newer code
   * brings a record to its format.
   */
  outgrew(key: ConversationKey, epoch: number): boolean {
    return this.outgrown.get(key) === epoch;
  }

  allowStart(key: ConversationKey, turn: string): void {
    bump(this.extraStarts, `${key} ${turn}`, 1);
  }

  /** An effect was left out because it is in doubt. */
  skippedEffect(key: ConversationKey, id: string): void {
    const ghost = this.of(key);
    const effect = ghost.recorded.findLast((each) => each.id === id);
    if (effect !== undefined) ghost.skipped.add(effect.text);
  }

  /** What tells a call from every other: the text, or what a deletion takes back. */
  textOf(call: ConnectorCall): string {
    if (call.op !== 'delete') return call.activity.text ?? '';
    return `delete ${this.channelIds.get(call.activityId) ?? call.activityId}`;
  }

  /** The channel has taken a call. */
  reached(call: ConnectorCall, text: string, id: string): void {
    const { recorded, wire } = this.recorderOf(conversationKey(call.channelId, call.conversationId), text);
    wire.push(text);
    if (call.op === 'send' || call.op === 'reply') this.channelIds.set(id, text);
    if (this.calm) this.checkPrompt(text, heldUpMs(recorded, text, this.now()));
    const due = recorded.findLast((each) => each.text === text)?.due ?? 0;
    if (this.now() < due - CLOCK_ERROR_MS) this.violate('I5', `"${text}" was sent ${due - this.now()} ms early`);
    this.checkMarked(conversationKey(call.channelId, call.conversationId), text);
    if (call.op !== 'update') return;
    const { of } = call.activity.value as { of: string };
    const meant = recorded.findLast((each) => each.id === of)?.text;
    const changed = this.channelIds.get(call.activityId);
    if (meant !== changed) this.violate('I6', `"${text}" changed "${changed}" instead of "${meant}"`);
  }

  private checkPrompt(text: string, heldUp: number): void {
    if (heldUp > PROMPT_MS) this.violate('I7', `"${text}" of an inline turn was held up for ${heldUp} ms`);
  }

  /** A worker may be sending something in the moment in which its conversation is erased. */
  private recorderOf(key: ConversationKey, text: string): ConversationGhost {
    const now = this.of(key);
    const knows = ({ recorded }: ConversationGhost): boolean => recorded.some((each) => each.text === text);
    if (knows(now)) return now;
    return this.past.find((each) => each.key === key && knows(each.ghost))?.ghost ?? now;
  }

  /** The record says that a delivery has begun before it does, and for as long as it lasts. */
  private checkMarked(key: ConversationKey, text: string): void {
    const id = this.of(key).recorded.findLast((each) => each.text === text)?.id;
    const effect = this.heads.get(key)?.out.find((each) => each.id === id);
    if (effect !== undefined && !effect.started && !effect.inDoubt) {
      this.violate('I5b', `${key}: "${text}" is sent, and the record does not say that it may have been`);
    }
  }

  wrote(key: ConversationKey, before: Version, after: Version, writes: PartitionWrites): void {
    this.checkFence(key, before, after);
    for (const back of this.cancellations.track(key, before.head, after.head)) this.violate('I1', `${back} came back`);
    if (after.head !== undefined && after.head.gen !== (before.head?.gen ?? 0)) {
      this.erased(key, before.head, after.head);
      this.heads.set(key, after.head);
      return;
    }
    const ghost = this.of(key);
    if (this.writer !== undefined && this.writer.about !== key) {
      this.violate('I13', `${key} was changed by a call about ${this.writer.about}`);
    }
    this.checkState(key, before, after);
    const dead = (writes.put ?? []).flatMap((each) => (each.kind === 'dead' ? [each.value as DeadLetter] : []));
    for (const step of (writes.put ?? []).filter((each) => each.kind === 'step')) {
      if (ghost.steps.has(step.id) && !isAgain(ghost, step.id)) this.violate('I15', `step ${step.id} recorded twice`);
      ghost.steps.set(step.id, JSON.stringify((step.value as { value: unknown }).value));
    }
    const [was, is] = [before.head, after.head];
    this.trackAnswers(ghost, before, writes);
    if (is === undefined) return;
    this.heads.set(key, is);
    this.trackMailbox(key, ghost, was?.pend ?? [], is.pend, dead);
    this.trackEffects(ghost, was?.out ?? [], after, dead);
    const first = was?.pend[0];
    if (was !== undefined && first !== undefined && is.pend[0]?.key === first.key && is.att < was.att) {
      this.allowStart(key, turnPrefix(first));
    }
    if (was !== undefined) this.checkHold(key, was, is);
    const recordsStep = writes.put?.some(({ kind }) => kind === 'step') === true;
    if (was !== undefined) this.progress.wrote(key, { was, is, recordsStep });
    if (was?.lease && is.epoch === was.epoch && is.v > was.v) this.outgrown.set(key, is.epoch);
    const holder = is.lease === null ? 'free' : `held ${is.lease.owner}`;
    this.note(
      `${key} e${is.epoch} n${is.n} att${is.att} sv${is.sv} ${holder} pend[${is.pend.map(turnPrefix).map((k) => k.slice(0, 4))}] out[${is.out.map((e) => e.id.slice(0, 4) + e.id.slice(-2))}] flushed${is.flushed} notBefore${is.notBefore === 0 ? '-' : Math.round(is.notBefore - this.now())}`,
    );
  }

  wroteUser(user: UserKey, _before: UserRecord | undefined, after: UserRecord): void {
    if (this.writer !== undefined && this.writer.about !== user) {
      this.violate('I13', `${user} was changed by a call about ${this.writer.about}`);
    }
    this.note(
      `user ${user} v${after.version} intents[${after.intents.map((each) => each.id)}] ${JSON.stringify(after.data)}`,
    );
  }

  private checkFence(key: ConversationKey, { head: was }: Version, { head: is }: Version): void {
    if (was === undefined || is === undefined) return;
    if (is.epoch < was.epoch) this.violate('I11', `${key}: epoch went back`);
    const fence = this.writer?.fence;
    if (fence !== undefined && was.epoch !== fence.epoch) {
      this.violate('I11', `${key}: a write of epoch ${fence.epoch} took effect in epoch ${was.epoch}`);
    }
  }

  private checkHold(key: ConversationKey, was: Head, is: Head): void {
    const acquired = is.lease !== null && is.lease.owner !== was.lease?.owner;
    // Ended by another worker: one that took over, or one that fenced the attempt for the sake of its user's state.
    if (was.lease !== null && is.epoch > was.epoch) this.takeovers += 1;
    if (acquired && was.lease !== null && was.lease.until > this.now() + EARLY_MS) {
      this.violate('I11', `${key}: taken over while its lease ran`);
    }
    this.checkBackoff(key, was, is);
    if (acquired && was.lease === null && was.out.length > 0 && dueOf(was) > this.now() + EARLY_MS)
      this.violate('I9', `${key}: taken before anything was due`);
    const waits = was.lease === null && is.lease === null && is.epoch === was.epoch;
    if (waits && is.notBefore < was.notBefore) this.violate('I9', `${key}: its back-off was cut short`);
    if (this.calm && is.epoch > was.epoch && was.lease !== null) {
      this.violate('I11', `${key}: taken from a worker that nothing had happened to`);
    }
    if (acquired && is.epoch <= was.epoch) this.violate('I11', `${key}: acquired without a new epoch`);
    if (is.lease === null && is.att > was.att && is.pend[0]?.key === was.pend[0]?.key) {
      this.violate('I10', `${key}: an attempt was counted by giving up`);
    }
  }

  /** No handler starts before its back-off is over, and no delivery that has failed is tried again at once. */
  private checkBackoff(key: ConversationKey, was: Head, is: Head): void {
    const same = was.pend[0] !== undefined && is.pend[0]?.key === was.pend[0].key;
    if (same && is.att > was.att && was.notBefore > this.now() + EARLY_MS)
      this.violate('I9', `${key}: an attempt begins before its back-off is over`);
    if (same && was.notBefore > this.now() + EARLY_MS && is.notBefore < was.notBefore)
      this.violate('I9', `${key}: a back-off is forgotten`);
    const [first] = was.out;
    const [left] = is.out;
    // A turn that fails later may find the pause of such a delivery over.
    const delivers = was.lease !== null && is.lease === null && is.notBefore === was.notBefore;
    if (
      delivers &&
      first !== undefined &&
      left?.id === first.id &&
      left.tries > first.tries &&
      is.epoch === was.epoch &&
      dueOf(is) <= this.now() - EARLY_MS
    )
      this.violate('I9', `${key}: a delivery has failed, and may be made again at once`);
  }

  private checkState(key: ConversationKey, before: Version, after: Version): void {
    for (const [name, record] of after.records) {
      if (record.kind !== 'state') continue;
      const version = (each: unknown): number => (each as { version: number } | undefined)?.version ?? 0;
      if (version(record.value) < version(before.records.get(name)?.value)) {
        this.violate('I2', `${key}: version of ${name} went back`);
      }
    }
  }

  private trackMailbox(
    key: ConversationKey,
    ghost: ConversationGhost,
    was: readonly PendingActivity[],
    is: readonly PendingActivity[],
    dead: readonly DeadLetter[],
  ): void {
    const before = was.map(turnPrefix);
    const after = is.map(turnPrefix);
    if (new Set(after).size < after.length) this.violate('I16', `${key}: two turns of one name wait: ${after}`);
    for (const turn of before.filter((each) => !after.includes(each))) {
      if (turn !== before[0]) this.violate('I3', `${key}: ${turn} left the mailbox out of turn`);
      const died = dead.some((letter) => letter.dead.kind === 'activity' && turnPrefix(letter.dead.activity) === turn);
      ghost.ended.push({ turn, dead: died });
      if (!died) ghost.committed.push(turn);
    }
    for (const turn of after.filter((each) => !before.includes(each))) {
      const last = ghost.acceptedAt.get(turn) ?? Number.NEGATIVE_INFINITY;
      if (this.now() - last < DEFAULT_TIMING.dedupeMs - EARLY_MS)
        this.violate('I12', `${key}: ${turn} entered the mailbox twice`);
      this.checkDue(
        key,
        is.find((each) => turnPrefix(each) === turn),
      );
      ghost.acceptedAt.set(turn, this.now());
      ghost.accepted.push(turn);
    }
  }

  /** What is scheduled waits for its time. The earliest time that any attempt asked for: which of them committed is not known here. */
  private checkDue(key: ConversationKey, pending: PendingActivity | undefined): void {
    const body = pending?.body;
    if (pending?.proactive === undefined || pending.replay !== undefined || body === undefined || !('inline' in body))
      return;
    const { plan } = body.inline.value as { plan: string };
    const due = Math.min(
      ...[...this.dues].flatMap(([name, at]) => (name.endsWith(` ${plan}`) ? [at] : [])),
      Number.POSITIVE_INFINITY,
    );
    if (due !== Number.POSITIVE_INFINITY && this.now() < due - EARLY_MS)
      this.violate('I3', `${key}: ${plan} was accepted ${due - this.now()} ms early`);
  }

  /** An inline run that commits leaves its own answer; one that is deferred leaves one without a body. */
  private trackAnswers(ghost: ConversationGhost, before: Version, { put = [] }: PartitionWrites): void {
    for (const { id, value } of put.filter(({ kind }) => kind === 'inline')) {
      const record = value as InlineRecord;
      const was = before.records.get(`inline/${id}`)?.value as InlineRecord | undefined;
      if (was?.state === 'answered') this.violate('I2', `the inline record of ${id} was written after its answer`);
      if (record.state !== 'answered' || (record.answer.status === 200 && record.answer.body === undefined)) continue;
      ghost.answered.add(id);
      if (record.answer.status === 200) ghost.committed.push(id);
    }
  }

  private trackEffects(
    ghost: ConversationGhost,
    was: readonly Effect[],
    { head, records }: Version,
    dead: readonly DeadLetter[],
  ): void {
    const is = head?.out ?? [];
    const before = new Set(was.map(({ id }) => id));
    const after = new Set(is.map(({ id }) => id));
    if (after.size < is.length) this.violate('I5', `two effects of one id are recorded: ${is.map(({ id }) => id)}`);
    for (const { id } of was.filter((each) => !after.has(each.id))) {
      const text = ghost.recorded.findLast((each) => each.id === id)?.text;
      const died = dead.some((letter) => letter.dead.kind === 'effect' && letter.dead.effect.id === id);
      if (text === undefined) continue;
      ghost.dropped.set(text, died ? 'dead' : 'done');
      if (died) ghost.givenUp.add(text);
    }
    for (const effect of is.filter((each) => !before.has(each.id))) {
      const text = textOfEffect(effect, records, ghost);
      if (text === undefined || ghost.wire.includes(text)) continue;
      // A replayed dead letter takes its place at the end.
      const known = ghost.recorded.findIndex((each) => each.text === text);
      if (known >= 0) ghost.recorded.splice(known, 1);
      ghost.recorded.push({ id: effect.id, text, at: this.now(), due: effect.due ?? 0 });
    }
  }
}

/** Most that an instance's estimate of the store's time is off by, in ms: as for the first answer of a service that tells the second. */
export const STORE_CLOCK_ERROR_MS = 500;

/** What one instance has written, another may find over this much too early. */
const EARLY_MS = 2 * STORE_CLOCK_ERROR_MS;

/** A delivery may be this early: what a worker knows of the store's time is older by what its last write took. */
const CLOCK_ERROR_MS = 27_000;

function textOfEffect(
  effect: Effect,
  records: Version['records'],
  { recorded }: ConversationGhost,
): string | undefined {
  if (effect.kind === 'fold' || effect.kind === 'post' || effect.kind === 'cancel') return undefined;
  if (effect.kind === 'delete') return `delete ${recorded.findLast(({ id }) => id === effect.activityId)?.text}`;
  if ('inline' in effect.activity) return effect.activity.inline.text ?? '';
  const body = records.get(`body/${effect.activity.ref}`)?.value;
  const { index } = effect.activity;
  const activity = index === undefined ? body : (body as readonly unknown[] | undefined)?.[index];
  return (activity as Activity | undefined)?.text ?? '';
}

/** Whether the turn of a step was accepted a second time, past the dedupe horizon. */
function isAgain({ accepted }: ConversationGhost, step: string): boolean {
  return accepted.filter((turn) => step.startsWith(`${turn}/`)).length > 1;
}

function bump(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
