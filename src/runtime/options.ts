import type { InvokeId } from './activity-keys';

/** The numbers of the pipeline. Every one has a default; `docs/configuration.md` lists those that settings can change. */
export interface RuntimeOptions {
  /** Attempts on an activity before it becomes a dead letter. */
  readonly maxAttempts: number;
  /** Pauses after the first, second, … failed attempt; the last one repeats. In ms. */
  readonly attemptBackoffMs: readonly number[];
  /** Runs of one queued attempt's handler when the state it touched keeps moving under it. Not counted as attempts. */
  readonly maxConflictRuns: number;
  /** A turn still running after this many ms sends what it has so far, and again at this interval; 0: only at the commit. */
  readonly holdRepliesMs: number;
  /** How long a handler may take. Past it the attempt has failed, whatever the handler does afterwards. In ms. */
  readonly turnTimeoutMs: number;
  /** No further turn is started in an invocation after this many ms; the rest is handed over by ringing. */
  readonly invocationBudgetMs: number;
  /** Most turns in one invocation. */
  readonly invocationTurns: number;
  /** How often a held lease is renewed, in ms: well under a third of it and more. */
  readonly renewMs: number;
  /** Interval at which a worker that runs a handler looks whether an inline turn of another process has recorded effects, in ms. */
  readonly lookMs: number;
  /** A conversation held longer than this gets a bell for the moment its lease would end, in case its worker dies. In ms. */
  readonly guardBellMs: number;
  /** Most activities that may wait in one conversation; past it the channel gets 429. */
  readonly backlogLimit: number;
  /** Activities larger than this (bytes of JSON) are kept beside the record instead of in it. */
  readonly inlineBytes: number;
  /** Most bytes of activities (as JSON) that a record holds in its outbox; those beyond are kept in packs beside it. */
  readonly outboxBytes: number;
  /** Most bytes of activities in one pack; a larger activity has a pack of its own. */
  readonly packBytes: number;
  /** How long the endpoint tries to make an activity durable before it answers 503, in ms: channels give up after 15 s. */
  readonly acceptLimitMs: number;
  /** How long a handler may take for an activity that is answered inside its HTTP response, in ms. Teams gives up soon after. */
  readonly inlineDeadlineMs: number;
  /** The same for invokes of these names. */
  readonly inlineDeadlines: Readonly<Record<string, number>>;
  /** What the user is told when a handler is not done by then, in the form that the invoke asks for. */
  readonly deferralText: string;
  /**
   * What identifies the user's action in invokes of these names, so that one that the channel sends again under another id is answered
   * and not run: a value that the bot has put into its card, say. `undefined` when nothing does.
   */
  readonly invokeIds: Readonly<Record<string, InvokeId>>;
  /** Largest request body, in bytes. */
  readonly maxBodyBytes: number;
  /** What to do with a send that may or may not have reached the channel: send it again, or never twice. */
  readonly inDoubt: 'resend' | 'skip';
  /** Pauses after the first, second, … failed delivery of one effect; the last one repeats. In ms. */
  readonly deliveryBackoffMs: readonly number[];
  /** Deliveries of one effect that may fail before it becomes a dead letter. */
  readonly maxDeliveries: number;
  /** The lease must outlive a delivery that is about to start by this long, in ms: the connector's own time limit and a margin. */
  readonly deliveryLimitMs: number;
  /** Whether references to the conversations that the bot is in are kept, for proactive messages. */
  readonly keepReferences: boolean;
  /** How long a reference is kept when nothing more comes from its conversation, in ms. */
  readonly referenceTtlMs: number;
  /** How many messages a second a broadcast sends in one tenant: less than what channels allow, so that replies find room. */
  readonly broadcastPerSecond: number;
  /** Conversations that one sweep rings for. */
  readonly sweepLimit: number;
  /** Age of the last sweep, in ms, from which any invocation of the app makes one: the timer has missed several. */
  readonly missedSweepMs: number;
  /** Conversations that such a sweep rings for. */
  readonly missedSweepLimit: number;
}

const MINUTE = 60_000;

export const DEFAULT_OPTIONS: RuntimeOptions = {
  maxAttempts: 4,
  attemptBackoffMs: [1_000, 5_000, 30_000],
  maxConflictRuns: 5,
  holdRepliesMs: 1_000,
  turnTimeoutMs: 10 * MINUTE,
  invocationBudgetMs: MINUTE,
  invocationTurns: 100,
  renewMs: 7_000,
  lookMs: 2_000,
  guardBellMs: 200,
  backlogLimit: 200,
  inlineBytes: 16_384,
  outboxBytes: 64_000,
  packBytes: 400_000,
  acceptLimitMs: 3_000,
  inlineDeadlineMs: 8_000,
  inlineDeadlines: {},
  deferralText: 'This takes a little longer. The answer follows.',
  invokeIds: {},
  maxBodyBytes: 1_048_576,
  inDoubt: 'resend',
  // 30 deliveries span about 13 hours: longer than most outages of a channel.
  deliveryBackoffMs: [1_000, 2_000, 5_000, 15_000, 30_000, MINUTE, 5 * MINUTE, 30 * MINUTE],
  maxDeliveries: 30,
  deliveryLimitMs: 11_000,
  keepReferences: true,
  referenceTtlMs: 400 * 24 * 60 * MINUTE,
  // Teams allows 50.
  broadcastPerSecond: 40,
  sweepLimit: 1_000,
  missedSweepMs: 5 * MINUTE,
  missedSweepLimit: 100,
};

/** The pause after failure number `failures` (from 1). */
export function backoff(pauses: readonly number[], failures: number): number {
  return pauses[Math.min(failures, pauses.length) - 1] ?? 0;
}
