import type { DeadLetter } from '../../src/ports/store';
import type { PartitionWrites } from '../../src/store/partition';
import type { Fence } from '../../src/turn/hold';
import type { ConversationKey, UserKey } from '../../src/turn/keys';
import { type Effect, type Head, type PendingActivity, turnPrefix } from '../../src/turn/record';
import type { UserRecord } from '../../src/turn/user-state';
import type { Observer, Version } from './partitions';

/** What happened in one conversation, as seen from outside the protocol. */
export interface ConversationGhost {
  /** Turn prefixes in the order in which they entered the mailbox. */
  readonly accepted: string[];
  /** Turn prefixes in the order in which they left it, and how. */
  readonly ended: { readonly turn: string; readonly dead: boolean }[];
  /** Effects that have a text, in the order in which they were recorded. */
  readonly recorded: { readonly id: string; readonly text: string }[];
  /** Effects that left the record, with their fate. */
  readonly dropped: Map<string, 'done' | 'dead'>;
  /** Effects left out because an earlier worker may have sent them. */
  readonly skipped: Set<string>;
  /** What reached the channel, in order, live lane aside. */
  readonly wire: string[];
  /** Recorded step results by `turn/name`. */
  readonly steps: Map<string, string>;
}

/** Watches every write and checks what must hold at every moment; keeps what is checked at the end. */
export class Ghost implements Observer {
  readonly violations: string[] = [];
  readonly history: string[] = [];
  readonly conversations = new Map<ConversationKey, ConversationGhost>();
  /** The fence under which the store call that is being applied was made. */
  writer: Fence | undefined;
  takeovers = 0;
  unknownSends = 0;
  interruptions = 0;
  readonly starts = new Map<string, number>();
  readonly extraStarts = new Map<string, number>();

  constructor(private readonly now: () => number) {}

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
    const made: ConversationGhost = {
      accepted: [],
      ended: [],
      recorded: [],
      dropped: new Map(),
      skipped: new Set(),
      wire: [],
      steps: new Map(),
    };
    this.conversations.set(key, made);
    return made;
  }

  started(key: ConversationKey, turn: string): void {
    bump(this.starts, `${key} ${turn}`, 1);
  }

  allowStart(key: ConversationKey, turn: string): void {
    bump(this.extraStarts, `${key} ${turn}`, 1);
  }

  wrote(key: ConversationKey, before: Version, after: Version, writes: PartitionWrites): void {
    const ghost = this.of(key);
    this.checkFence(key, before, after);
    this.checkState(key, before, after);
    const dead = (writes.put ?? []).flatMap((each) => (each.kind === 'dead' ? [each.value as DeadLetter] : []));
    for (const step of (writes.put ?? []).filter((each) => each.kind === 'step')) {
      if (ghost.steps.has(step.id)) this.violate('I15', `step ${step.id} recorded twice`);
      ghost.steps.set(step.id, JSON.stringify((step.value as { value: unknown }).value));
    }
    const [was, is] = [before.head, after.head];
    if (is === undefined) return;
    this.trackMailbox(key, ghost, was?.pend ?? [], is.pend, dead);
    this.trackEffects(ghost, was?.out ?? [], is.out, dead);
    const first = was?.pend[0];
    if (was !== undefined && first !== undefined && is.pend[0]?.key === first.key && is.att < was.att) {
      this.allowStart(key, turnPrefix(first));
    }
    if (was !== undefined) this.checkHold(key, was, is);
    const holder = is.lease === null ? 'free' : `held ${is.lease.owner}`;
    this.note(
      `${key} e${is.epoch} n${is.n} att${is.att} sv${is.sv} ${holder} pend[${is.pend.map(turnPrefix).map((k) => k.slice(0, 4))}] out[${is.out.map((e) => e.id.slice(0, 4) + e.id.slice(-2))}] flushed${is.flushed} notBefore${is.notBefore === 0 ? '-' : Math.round(is.notBefore - this.now())}`,
    );
  }

  wroteUser(user: UserKey, _before: UserRecord | undefined, after: UserRecord): void {
    this.note(
      `user ${user} v${after.version} intents[${after.intents.map((each) => each.id)}] ${JSON.stringify(after.data)}`,
    );
  }

  private checkFence(key: ConversationKey, { head: was }: Version, { head: is }: Version): void {
    if (was === undefined || is === undefined) return;
    if (is.epoch < was.epoch) this.violate('I11', `${key}: epoch went back`);
    if (this.writer !== undefined && was.epoch !== this.writer.epoch) {
      this.violate('I11', `${key}: a write of epoch ${this.writer.epoch} took effect in epoch ${was.epoch}`);
    }
  }

  private checkHold(key: ConversationKey, was: Head, is: Head): void {
    const acquired = is.lease !== null && is.lease.owner !== was.lease?.owner;
    if (acquired && was.lease !== null) this.takeovers += 1;
    if (acquired && was.lease !== null && was.lease.until > this.now()) {
      this.violate('I11', `${key}: taken over while its lease ran`);
    }
    if (acquired && is.epoch <= was.epoch) this.violate('I11', `${key}: acquired without a new epoch`);
    if (is.lease === null && is.att > was.att && is.pend[0]?.key === was.pend[0]?.key) {
      this.violate('I10', `${key}: an attempt was counted by giving up`);
    }
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
    for (const turn of before.filter((each) => !after.includes(each))) {
      if (turn !== before[0]) this.violate('I3', `${key}: ${turn} left the mailbox out of turn`);
      ghost.ended.push({ turn, dead: dead.some((letter) => letter.id === turn) });
    }
    for (const turn of after.filter((each) => !before.includes(each))) {
      if (ghost.accepted.includes(turn)) this.violate('I12', `${key}: ${turn} entered the mailbox twice`);
      ghost.accepted.push(turn);
    }
  }

  private trackEffects(
    ghost: ConversationGhost,
    was: readonly Effect[],
    is: readonly Effect[],
    dead: readonly DeadLetter[],
  ): void {
    const before = new Set(was.map(({ id }) => id));
    const after = new Set(is.map(({ id }) => id));
    for (const { id } of was.filter((each) => !after.has(each.id))) {
      ghost.dropped.set(id, dead.some((letter) => letter.id === id) ? 'dead' : 'done');
    }
    for (const effect of is.filter((each) => !before.has(each.id))) {
      if (effect.kind !== 'send') continue;
      const text = 'inline' in effect.activity ? effect.activity.inline.text : `large:${effect.activity.ref}`;
      ghost.recorded.push({ id: effect.id, text: text ?? '' });
    }
  }
}

function bump(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
