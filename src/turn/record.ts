import type { Activity } from '../schema/activity';
import type { ActivityKey, ConversationKey, UserKey } from './keys';

/** Version of the record format written by this code. Code meets newer and older records during a deploy: see `upgrade`. */
export const RECORD_VERSION = 3;

/**
 * An activity in the record itself, or a reference to a body record in the same partition: to one that is the activity, or, with `index`,
 * to a pack of several. `bytes` is the length of the activity as JSON.
 */
export type Payload =
  | { readonly inline: Activity; readonly bytes: number }
  | { readonly ref: string; readonly index?: number; readonly bytes: number };

/**
 * How a proactive activity is run: `send` lets the bot say what the activity carries, `event` gives the activity to the bot, and `task` is
 * work of the runtime itself.
 */
export type ProactiveKind = 'send' | 'event' | 'task';

/** An accepted activity that no turn has committed yet. */
export interface PendingActivity {
  readonly key: ActivityKey;
  /** When it was accepted, in store time (ms since the epoch). */
  readonly at: number;
  readonly body: Payload;
  /** The app itself has put it there; absent for what came from the channel. */
  readonly proactive?: ProactiveKind;
  /** Present when its caller answers for its identity fields: see `Pinned` of the port `inbound-auth`. */
  readonly vouched?: true;
  /** How often this activity has come back from the dead letters; absent for none. */
  readonly replay?: number;
  /** W3C `traceparent` of its acceptance: whoever goes on with it goes on in that trace. Absent when nothing was traced. */
  readonly trace?: string;
}

/** Who works on the conversation, and until when if nothing is heard: store time (ms since the epoch). */
export interface Lease {
  readonly owner: string;
  readonly until: number;
}

interface EffectBase {
  /** `<activity key>[~replay].<ordinal>`: stable across attempts, so that a record can be recognised. */
  readonly id: string;
  /** When it was recorded, in store time. */
  readonly at: number;
  /** Not before this store time: asked for, or the back-off of a delivery that has failed. Absent: at once. */
  readonly due?: number;
  /** Deliveries that certainly failed or whose outcome is unknown. */
  readonly tries: number;
  /** A delivery of it may have begun: set by the write that precedes every delivery, cleared when it was certainly not sent. */
  readonly started?: true;
  /** A worker that is gone may have sent it: sending it again may show it twice. */
  readonly inDoubt?: true;
  /** As an activity's: of the write that recorded it. */
  readonly trace?: string;
}

/** Something a committed turn (or a recorded flush) wants done outside the record, in order. */
export type Effect = EffectBase &
  (
    | { readonly kind: 'send'; readonly activity: Payload }
    | { readonly kind: 'update'; readonly activityId: string; readonly activity: Payload }
    | { readonly kind: 'delete'; readonly activityId: string; readonly reference: ReplyAddress }
    | { readonly kind: 'fold'; readonly user: UserKey; readonly intent: string }
    | ({ readonly kind: 'post' } & Post)
    | { readonly kind: 'cancel'; readonly to: ConversationKey; readonly key: ActivityKey }
  );

/** An activity for the mailbox of a conversation: another one, or the turn's own. */
export interface Post {
  readonly to: ConversationKey;
  /** Under which it is accepted: repeated, it is a duplicate. */
  readonly key: ActivityKey;
  readonly proactive: ProactiveKind;
  readonly activity: Payload;
  /** When it is to be accepted (ms since the epoch); absent: at once. */
  readonly acceptAt?: number;
}

/** Where an effect without an activity of its own is addressed. */
export interface ReplyAddress {
  readonly channelId: string;
  readonly serviceUrl: string;
  readonly conversationId: string;
}

/** The id that a send returned to the bot, and the one that the channel gave it on delivery. */
export interface DeliveredId {
  readonly ours: string;
  readonly theirs: string;
  readonly at: number;
}

/**
 * The conversation record: one per conversation, in one partition with its state, bodies, steps and dead letters. Every field
 * changes only through the transitions of this folder. All times are store time, in ms since the epoch.
 */
export interface Head {
  readonly v: number;
  /** Rises when the conversation is erased, so that turns in flight cannot write it back. */
  readonly gen: number;
  /** +1 at every acquire: the fence. */
  readonly epoch: number;
  readonly lease: Lease | null;
  /** Accepted activities, in the order of acceptance. */
  readonly pend: readonly PendingActivity[];
  /** Keys accepted or cancelled lately: the dedupe horizon. */
  readonly seen: readonly SeenKey[];
  /** Recorded effects not yet delivered, in order. */
  readonly out: readonly Effect[];
  /** Turns committed (dead letters included). */
  readonly n: number;
  /** Version of the partition's state documents: +1 with every write of any of them. */
  readonly sv: number;
  /** Attempts on `pend[0]`, counted before its handler starts. */
  readonly att: number;
  /** Number of attempts on `pend[0]` that others have ended and that were not counted for it; absent for none. */
  readonly uncounted?: number;
  /** How many effects of `pend[0]`'s turn are already recorded by flushes. */
  readonly flushed: number;
  /** Digests of these, of `DIGEST_LENGTH` characters each, one after the other; absent when nothing is flushed. */
  readonly flushedAs?: string;
  /** No handler starts before this time; 0 when there is none. What is to be delivered has its own times. */
  readonly notBefore: number;
  /** When someone must look again; null when nobody need. The sweep's only index. */
  readonly wake: number | null;
  /** The ids of delivered sends, newest last, bounded. */
  readonly ids: readonly DeliveredId[];
  /** Activities that wait for their time, the earliest first; each has a record of its own. */
  readonly sched: readonly Scheduled[];
}

/** A key of the dedupe horizon, and when the horizon of an activity from a channel would begin (store time). */
export interface SeenKey {
  readonly key: ActivityKey;
  readonly at: number;
  /** Present when the activity was taken back before its time came, or before it was scheduled at all. */
  readonly cancelled?: true;
}

/** The key and the time (store time) of a scheduled activity. */
export interface Scheduled {
  readonly key: ActivityKey;
  readonly due: number;
  /** Digest that names the other application which asked for it; absent for the bot's own. */
  readonly by?: string;
}

/** The record of a conversation in which nothing has happened yet. */
export const NEW_HEAD: Head = {
  v: RECORD_VERSION,
  gen: 0,
  epoch: 0,
  lease: null,
  pend: [],
  seen: [],
  out: [],
  n: 0,
  sv: 0,
  att: 0,
  flushed: 0,
  notBefore: 0,
  wake: null,
  ids: [],
  sched: [],
};

/** The prefix of the effect ids of one activity's turn. */
export function turnPrefix(activity: PendingActivity): string {
  return activity.replay === undefined ? activity.key : `${activity.key}~${activity.replay}`;
}

/** The effect id of the turn's `ordinal`-th effect (from 0). */
export function effectId(activity: PendingActivity, ordinal: number): string {
  return `${turnPrefix(activity)}.${ordinal}`;
}

/** The effect id of what the turn posts as its `ordinal`-th (from 0): these are counted apart. */
export function postId(activity: PendingActivity, ordinal: number): string {
  return `${turnPrefix(activity)}.p${ordinal}`;
}

/** Returns the activity that a payload refers to, from the body record that it names. */
export function activityIn(
  { index }: Pick<Extract<Payload, { readonly ref: string }>, 'index'>,
  body: Activity | readonly Activity[] | undefined,
): Activity | undefined {
  return index === undefined ? (body as Activity | undefined) : (body as readonly Activity[] | undefined)?.[index];
}

/** Returns the names of the body records that payloads keep alive, each once for every payload. */
export function bodyRefs(payloads: readonly (Payload | undefined)[]): string[] {
  return payloads.flatMap((payload) => (payload !== undefined && 'ref' in payload ? [payload.ref] : []));
}

/** The payload of an effect, for kinds that have one. */
export function effectPayload(effect: Effect): Payload | undefined {
  return 'activity' in effect ? effect.activity : undefined;
}
