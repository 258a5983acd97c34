import { createHash } from 'node:crypto';
import type { Activity } from '../schema/activity';
import { type ActivityKey, activityKey, type ConversationKey } from '../turn/keys';
import type { ProactiveKind } from '../turn/record';
import { mailboxEntry } from './endpoint-answers';
import { persist } from './persist';
import { type Runtime, report, ring } from './runtime';
import { stage, traced } from './stage';

/** An activity that the app itself puts into a conversation's mailbox. */
export interface NewPost {
  readonly to: ConversationKey;
  readonly proactive: ProactiveKind;
  readonly activity: Activity;
  /** When it is to be accepted (ms since the epoch); absent: at once. */
  readonly at?: number;
  /** Digest that names the other application which asked for it; absent for the bot's own. */
  readonly by?: string;
}

/** What posting takes: less than a turn. */
export type Posting = Pick<Runtime, 'store' | 'doorbell' | 'clock' | 'ids' | 'log' | 'options' | 'telemetry'>;

/**
 * Puts an activity into a conversation's mailbox, at once or at its time, and rings. Repeated with the same key (within the dedupe
 * horizon) it does nothing.
 * @param trace that it is posted in, when that is not what is going on in this process
 * @throws StoreFault when the store does not answer within `limitMs`
 */
export async function postActivity(
  runtime: Posting,
  { to, proactive, activity, at, by }: NewPost,
  key: ActivityKey,
  limitMs: number,
  trace?: string,
): Promise<'posted' | 'full'> {
  const { clock, ids, options, store } = runtime;
  const { entry, bodies } = mailboxEntry(key, activity, options.inlineBytes, ids.next());
  const source = by === undefined ? {} : { by };
  const limit = by === undefined ? options.backlogLimit : shareOf(options.backlogLimit);
  const attributes = { 'turnwise.conversation': to, 'turnwise.activity': key };
  const outcome = await stage(runtime, 'accept', { kind: 'producer', parent: trace, attributes }, async (span) => {
    const posted = traced({ ...entry, proactive }, span);
    const accepted = await persist(
      clock,
      () =>
        at === undefined
          ? store.mailbox.accept(to, posted, bodies, limit)
          : store.mailbox.schedule(to, { ...posted, due: at, ...source }, bodies, limit),
      { limitMs },
    );
    span.set({ 'turnwise.outcome': accepted });
    return accepted;
  });
  if (outcome === 'full') return 'full';
  report(runtime, outcome, to, { activity: key });
  const delayMs = outcome === 'scheduled' ? (at ?? 0) - clock.now() : 0;
  // The sweep looks at what is due later, and rings in time.
  if (delayMs <= store.timing.aheadMs) await ring(runtime, to, Math.max(0, delayMs));
  return 'posted';
}

/** Returns how many activities may wait in a mailbox for one more of another application's: half leaves room for the channel's and the bot's. */
const shareOf = (backlogLimit: number): number => Math.max(1, Math.floor(backlogLimit / 2));

/** The key of an activity of which only this app knows: the same for the same names. */
export function postKey(...names: readonly string[]): ActivityKey {
  return activityKey(
    createHash('sha256')
      .update(JSON.stringify(['post', ...names]))
      .digest('hex')
      .slice(0, 32),
  );
}

/** Where posts go: into a turn's effects, or straight into the mailbox of their conversation. */
export interface PostSink {
  /** Refuses a call at its very start where nothing can be posted. @throws TurnwiseError */
  begin?(): void;
  /** Makes sure that the store can be used. */
  ready?(): Promise<void>;
  /** @returns the key under which it is accepted */
  post(post: NewPost): Promise<ActivityKey> | ActivityKey;
  cancel(to: ConversationKey, key: ActivityKey): Promise<void> | void;
}
