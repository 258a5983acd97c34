import type { Activity } from '../schema/activity';
import type { NewActivity } from '../turn/accept';
import type { FlushedEffects, NewEffect, TooLarge } from '../turn/commit';
import type { Delivered } from '../turn/deliver';
import type { HandBack } from '../turn/hand-back';
import type { Fence, HoldOutcome } from '../turn/hold';
import type { Answer, InlineFence } from '../turn/inline';
import type { ActivityKey, ConversationKey, UserKey } from '../turn/keys';
import type { DeliveredId, Effect, Head, PendingActivity } from '../turn/record';
import type { ScheduledActivity } from '../turn/schedule';
import type { Timing } from '../turn/timing';
import type { Intent, StateData } from '../turn/user-state';
import type { EarlierPlace } from './earlier-state';
import type { Items } from './items';
import type { Notifications } from './notifications';
import type { Pace } from './pace';
import type { References } from './references';
import type { Sweeps } from './sweeps';

/**
 * The durable side of the runtime. Three rules hold for every method that writes:
 *
 * 1. It is one atomic step on one partition (a conversation or a user). A failed one has changed nothing; a crash leaves all of it or nothing.
 * 2. Its decision is a predicate of that step, never of an earlier read, and it returns what the step left behind.
 * 3. It either answers with an outcome or throws a `StoreFault` that says whether it was applied. Repeating a call with the same
 *    arguments after a fault is always safe, and tells what became of the first.
 *
 * Time is the store's own: callers give durations. Reads may be stale; what is decided on them is checked by the write.
 */
export interface Store {
  readonly timing: Timing;
  readonly mailbox: Mailbox;
  readonly turns: TurnStore;
  readonly inline: InlineTurns;
  readonly users: UserStates;
  readonly deadLetters: DeadLetters;
  readonly erasure: Erasure;
  readonly upkeep: Upkeep;
  readonly adoption: Adoption;
  readonly inspection: Inspection;
  readonly references: References;
  readonly notifications: Notifications;
  readonly pace: Pace;
  readonly sweeps: Sweeps;
  readonly items: Items;
  /** Prepares what is needed before first use (files, tables, containers in development) and checks that it can be used. @throws TurnwiseError */
  open(): Promise<void>;
  close(): Promise<void>;
}

/** A body record, beside the record that refers to it: one large activity, or a pack of several that the record names by their index. */
export type Body = { readonly ref: string } & (
  | { readonly activity: Activity }
  | { readonly activities: readonly Activity[] }
);

export interface Mailbox {
  /**
   * Appends an activity (and its body, when that is kept apart) unless its key was accepted within the dedupe horizon. `full`: `limit`
   * activities wait already, or the record has no room for it. On `accepted` and `duplicate` the activity is durable.
   */
  accept(
    key: ConversationKey,
    activity: NewActivity,
    bodies: readonly Body[],
    limit: number,
  ): Promise<'accepted' | 'duplicate' | 'full'>;
  /**
   * Has an activity accepted at its time (store time), which may be long after this process has ended. `full`: so many wait already, for
   * their time (`MAX_SCHEDULED`, and the shares of other applications) or, if it has come, in the mailbox (`limit`), or the record has no room.
   * On every other outcome the activity is durable, or was cancelled before.
   */
  schedule(
    key: ConversationKey,
    activity: ScheduledActivity,
    bodies: readonly Body[],
    limit: number,
  ): Promise<'scheduled' | 'accepted' | 'duplicate' | 'full'>;
  /**
   * Takes back what is scheduled. `cancelled`: it does not happen, because of this call or an earlier one, and a `schedule` of the same key that
   * comes later is a duplicate (for as long as a post is remembered). `gone`: it was accepted before.
   *
   * @param placed whether it is known to have been scheduled: what is nowhere any more is `gone` then.
   */
  unschedule(key: ConversationKey, activity: ActivityKey, placed?: boolean): Promise<'cancelled' | 'gone'>;
  /** Conversations whose `wake` has passed, the longest overdue first. May be stale: it only decides who is rung for. */
  overdue(limit: number): Promise<readonly ConversationKey[]>;
}

/** A conversation that this worker holds, as its last write left it. */
export interface Held {
  readonly key: ConversationKey;
  readonly fence: Fence;
  readonly head: Head;
}

export type AcquireOutcome =
  | { readonly outcome: 'acquired'; readonly held: Held }
  | { readonly outcome: 'busy' | 'later' | 'scheduled'; readonly remainingMs: number }
  | { readonly outcome: 'idle' };

/** Names a state document of a conversation's partition: the conversation's own, or one user's in it. */
export type StateId = 'conversation' | `private:${UserKey}`;

/** A state document as read; version 0 and no properties when there is none yet. */
export interface StateSnapshot {
  readonly version: number;
  readonly data: StateData;
}

/** Why something was given up. `message` may quote a bot's error; it is stored for the operator and never logged. */
export interface DeadReason {
  readonly code: string;
  readonly message: string;
}

/** A turn's result: all of it becomes true in one transaction, or none of it. */
export interface TurnCommit {
  /** Names the activity that the turn was run for: its `turnPrefix`. */
  readonly turn: string;
  readonly effects: readonly NewEffect[];
  readonly bodies: readonly Body[];
  /** Documents that the turn read or wrote, with the version it saw: another version now is a `conflict`. */
  readonly reads: readonly { readonly id: StateId; readonly version: number }[];
  readonly writes: readonly { readonly id: StateId; readonly data: StateData }[];
  /** The activity ends as a dead letter instead of a committed turn; effects and state are those of the bot's error handler. */
  readonly dead?: DeadReason;
}

/** Acquire, run, commit, deliver: what a worker does. Every write is fenced: `fenced` means stop at once, nothing was changed. */
export interface TurnStore {
  /** @param owner unique to this attempt at acquiring. */
  acquire(key: ConversationKey, owner: string): Promise<AcquireOutcome>;
  /** @param delivers records that the delivery of the first effect may begin: of one that came in beside a running turn. */
  renew(held: Held, delivers?: boolean): Promise<HoldOutcome>;
  /** Whether effects are recorded that wait to be delivered. May be stale. */
  hasEffects(key: ConversationKey): Promise<boolean>;
  /** `tooLarge`: what the turn wants to keep does not fit into its record, or into one transaction; nothing was changed. */
  commit(held: Held, turn: TurnCommit): Promise<HoldOutcome | TooLarge | { readonly outcome: 'conflict' }>;
  /** Records effects of the running turn ahead of its commit. `tooLarge` as for `commit`. */
  flush(held: Held, flushed: FlushedEffects, bodies: readonly Body[]): Promise<HoldOutcome | TooLarge>;
  /** Takes the first effect out; with `dead`, as a dead letter. */
  markDelivered(
    held: Held,
    delivered: Delivered & { readonly dead?: DeadReason },
    turnRuns: boolean,
  ): Promise<HoldOutcome>;
  handBack(held: Held, reason: HandBack): Promise<HoldOutcome>;
  /**
   * Records a step's result, once per turn and name: the first record stands and is returned. `full`: the steps of the turn have more
   * than `MAX_STEPS_BYTES` already, or its record has no room.
   * @param turn the effect prefix of the activity (`turnPrefix`).
   */
  recordStep(
    held: Held,
    turn: string,
    name: string,
    value: unknown,
  ): Promise<
    | { readonly outcome: 'recorded'; readonly value: unknown }
    | { readonly outcome: 'fenced' }
    | { readonly outcome: 'full' }
  >;
  readState(key: ConversationKey, id: StateId): Promise<StateSnapshot>;
  /** The recorded steps of a turn, by name. */
  readSteps(key: ConversationKey, turn: string): Promise<ReadonlyMap<string, unknown>>;
  /** One activity, or a pack of several. */
  readBody(key: ConversationKey, ref: string): Promise<Activity | readonly Activity[] | undefined>;
}

/** The result of an inline turn: all of it becomes true in one transaction, or none of it. */
export interface InlineCommit extends Omit<TurnCommit, 'turn' | 'dead'> {
  readonly activity: ActivityKey;
  readonly answer: Answer;
  /** The key of the delivery that is answered, where `activity` is the key of what the user did. */
  readonly delivery?: ActivityKey;
}

/** An inline turn that its handler did not finish in time: the activity goes to the mailbox, and this is the answer meanwhile. */
export interface InlineDeferral {
  readonly activity: NewActivity;
  readonly bodies: readonly Body[];
  readonly answer: Answer;
  /** As in {@link InlineCommit}. */
  readonly delivery?: ActivityKey;
  /** Most activities that may wait. */
  readonly limit: number;
}

/**
 * Turns that are answered inside their HTTP response, beside whatever queued turn holds the conversation. The claim on the activity is
 * their fence: `lost` means that another delivery of it has taken over, or that the run was revoked, and nothing was changed.
 */
export interface InlineTurns {
  /** @param owner unique to this attempt at claiming. @param ttlMs how long a run may keep other deliveries of the activity waiting. */
  claim(
    key: ConversationKey,
    activity: ActivityKey,
    owner: string,
    ttlMs: number,
  ): Promise<
    | {
        readonly outcome: 'claimed';
        readonly fence: InlineFence;
        /** The conversation's delivered ids, for an id in the activity that the bot knows by another. */
        readonly ids: readonly DeliveredId[];
      }
    | { readonly outcome: 'answered'; readonly answer: Answer; readonly delivery?: ActivityKey }
    | { readonly outcome: 'running'; readonly remainingMs: number }
  >;
  /** State, effects and the recorded answer. `conflict`: a document that the turn read has moved. `full`: no room for its effects. */
  commit(
    key: ConversationKey,
    fence: InlineFence,
    turn: InlineCommit,
  ): Promise<'committed' | 'conflict' | 'lost' | 'full'>;
  /** Appends the activity to the mailbox and records the answer; the run can no longer commit. */
  defer(key: ConversationKey, fence: InlineFence, deferral: InlineDeferral): Promise<'deferred' | 'lost' | 'full'>;
  /** As `TurnStore.recordStep`; the queued turn of a deferred activity finds the same records. */
  recordStep(
    key: ConversationKey,
    fence: InlineFence,
    activity: ActivityKey,
    name: string,
    value: unknown,
  ): Promise<
    | { readonly outcome: 'recorded'; readonly value: unknown }
    | { readonly outcome: 'lost' }
    | { readonly outcome: 'full' }
  >;
}

/** User state, changed by intents: see `src/turn/user-state.ts`. */
export interface UserStates {
  read(user: UserKey): Promise<StateSnapshot & { readonly intents: readonly Intent[] }>;
  /** Writes an intent if the record is still at `version`. */
  propose(user: UserKey, version: number, intent: Intent): Promise<'proposed' | 'conflict'>;
  /** Applies an intent that counts and removes it, or removes one that is void; nothing when it is gone. */
  settle(user: UserKey, intentId: string, counts: boolean): Promise<void>;
  /**
   * Decides an intent by the conversation that made it. A live attempt is fenced only if the caller has waited long enough for it.
   * @param waitedMs how long the caller has waited for this intent
   */
  judge(intent: Intent, waitedMs: number): Promise<'counts' | 'void' | 'open'>;
}

/** Something that was given up, complete enough to be replayed. */
export interface DeadLetter {
  readonly id: string;
  readonly conversation: ConversationKey;
  /** Store time, ms since the epoch. */
  readonly at: number;
  readonly attempts: number;
  readonly reason: DeadReason;
  readonly dead:
    | { readonly kind: 'activity'; readonly activity: PendingActivity }
    | { readonly kind: 'effect'; readonly effect: Effect };
}

export interface DeadLetters {
  /** The newest first. */
  list(limit: number): Promise<readonly DeadLetter[]>;
  get(conversation: ConversationKey, id: string): Promise<DeadLetter | undefined>;
  /**
   * Moves it back to the end of its mailbox (or of what is to be delivered), atomically. `absent`: it is not there (any more). `full`: the
   * record has no room for it now; the letter stays.
   */
  requeue(conversation: ConversationKey, id: string): Promise<'requeued' | 'absent' | 'full'>;
  /** Removes it with its body; false when it is not there (any more). */
  discard(conversation: ConversationKey, id: string): Promise<boolean>;
}

/** Conversation or user that is to be forgotten, with everything that is kept about it anywhere. */
export type ErasureRequest =
  | { readonly conversation: ConversationKey; readonly user?: never }
  | { readonly user: UserKey; readonly conversation?: never };

/** Some of the requests to erase, each with the store's time (ms since the epoch) until which it is one caller's to carry out. */
export interface ErasureRequestPage {
  readonly requests: readonly { readonly request: ErasureRequest; readonly heldUntil: number }[];
  /** Asks for those after them; absent when there are none. */
  readonly next?: string;
}

/**
 * Removes what is kept about a conversation or a user, for good. Turns in flight are fenced: nothing of what they hold comes back. What
 * comes afterwards starts afresh. Whatever else stores something about them has its removal here, beside these.
 *
 * What is erased is never readable again, whatever fails half-way (I23): each method erases for every reader with its first write. What
 * an engine then still has to remove is remembered with that write, and `finish` removes it.
 */
export interface Erasure {
  /**
   * State, mailbox, outbox, steps, inline answers, bodies and dead letters. A marker is left under a hash of the key. It is forgotten a day after
   * nothing else is stored any more, which is so when this returns; after a fault part of it may be, unseen by anyone, until `finish` has run.
   *
   * @returns whether there was anything
   */
  conversation(key: ConversationKey): Promise<boolean>;
  /** The user's state, with every open intent. A marker is left as above. @returns whether there was anything */
  user(user: UserKey): Promise<boolean>;
  /** Conversations of the user's channel that may keep something of the user: private state, activities, replies, dead letters. May be stale. */
  conversationsOf(user: UserKey): Promise<readonly ConversationKey[]>;
  /**
   * What one conversation keeps of one user: the private state, activities that the user sent, and replies to the user, waiting or dead. What
   * others have said, and the conversation's own state, stay. @returns whether there was anything
   */
  userIn(key: ConversationKey, user: UserKey): Promise<boolean>;
  /** Removes what interrupted erasing has left, of at most `limit` conversations. May run anywhere, twice, or late. @returns of how many */
  finish(limit: number): Promise<number>;
  /**
   * Records that something is to be forgotten, before anything of it is erased: it takes several steps, of which a crash leaves out the rest. For
   * `holdMs` it is its caller's to carry out, and afterwards any caller's.
   *
   * @param mark names this making of the request, for `endRequest`: the same may be asked for again meanwhile
   */
  request(request: ErasureRequest, mark: string, holdMs: number): Promise<void>;
  /** Holds a request for longer, if it is still there. */
  keepRequest(request: ErasureRequest, holdMs: number): Promise<void>;
  /** Finds requests that are not carried out yet, at most `limit`. May be stale. @param from the `next` of the page before */
  requests(from: string | undefined, limit: number): Promise<ErasureRequestPage>;
  /**
   * Holds a request that no caller holds. Every further time it is held for twice as long: what fails each time is tried less and less often.
   *
   * @returns its mark; `undefined` when another caller holds it, or when it is carried out
   */
  takeRequest(request: ErasureRequest, holdMs: number): Promise<string | undefined>;
  /** Removes a request that is carried out, unless the same has been asked for since. @param mark from `request` or `takeRequest` */
  endRequest(request: ErasureRequest, mark: string): Promise<void>;
}

/** Ends what has had its time: see `src/ports/lifetimes.ts`. */
export interface Upkeep {
  /** May run anywhere, twice, or late. @param limit most of each kind at once. @returns how many of each have ended */
  prune(limit: number): Promise<{ readonly deadLetters: number; readonly conversations: number }>;
}

/** Takes state over from elsewhere, ahead of the first turn that would. */
export interface Adoption {
  /** Writes the state, unless something is stored in its place, or was erased there: then false. */
  adopt(place: EarlierPlace, data: StateData): Promise<boolean>;
}

/** A conversation as its record has it. */
export interface InspectedConversation {
  readonly key: ConversationKey;
  readonly head: Head;
}

/** Looks, for an operator: nothing is changed, and what is seen may be stale. No turn depends on it. */
export interface Inspection {
  /** Conversations in which something waits, runs or is to be delivered (`wake` is set), the soonest to be looked at first. */
  busy(limit: number): Promise<readonly InspectedConversation[]>;
  /** One conversation with all its state documents; `undefined` when nothing was ever accepted in it. */
  conversation(
    key: ConversationKey,
  ): Promise<(InspectedConversation & { readonly states: ReadonlyMap<StateId, StateSnapshot> }) | undefined>;
}
