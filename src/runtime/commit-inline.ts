import type { InlineCommit } from '../ports/store';
import { TurnwiseError } from '../schema/errors';
import type { NewEffect } from '../turn/commit';
import type { Answer, InlineFence } from '../turn/inline';
import type { ActivityKey, ConversationKey } from '../turn/keys';
import { MAX_REBASES, withdrawUserChange } from './commit-turn';
import type { InlineTurn } from './inline-turn';
import { persist } from './persist';
import { type Runtime, report, ring } from './runtime';
import { type StageSpan, stage, traced } from './stage';

/** Whose commit it is. */
export interface InlineRun {
  readonly conversation: ConversationKey;
  readonly key: ActivityKey;
  readonly fence: InlineFence;
  /** As in {@link InlineCommit}. */
  readonly delivery?: ActivityKey;
  /** On the monotonic clock: a commit that has not begun by then is not begun. */
  readonly due: number;
}

/**
 * Commits an inline run: state, effects and the answer in one transaction. Optimistic: nobody is kept out, and state that the run
 * touched and that has moved makes it a `conflict`, to be run again. Effects are rung for.
 *
 * @throws TurnwiseError `TurnTooLarge` when the record has no room for the effects
 */
export function commitInline(
  runtime: Runtime,
  run: InlineRun,
  turn: InlineTurn,
  answer: Answer,
): Promise<'committed' | 'conflict' | 'lost'> {
  return stage(runtime, 'commit', {}, async (span) => {
    const outcome = await commitWithin(span, runtime, run, turn, answer);
    span.set({ 'turnwise.outcome': outcome });
    return outcome;
  });
}

async function commitWithin(
  span: StageSpan,
  runtime: Runtime,
  run: InlineRun,
  turn: InlineTurn,
  answer: Answer,
): Promise<'committed' | 'conflict' | 'lost'> {
  const { clock, inProcess } = runtime;
  inProcess.answersInline = true;
  const { effects, bodies } = turn.finish();
  const captured = { effects: effects.map((effect) => traced(effect, span)), bodies };
  for (let rebases = 0; ; rebases += 1) {
    const { outcome, fold } = await inLine(runtime, run, () => commitOnce(runtime, run, turn, answer, captured));
    if (outcome === 'full') {
      await withdrawUserChange(runtime, fold);
      throw new TurnwiseError('TurnTooLarge');
    }
    if (outcome !== 'conflict') return outcome;
    if (rebases === MAX_REBASES || clock.monotonic() >= run.due || !(await turn.states.rebase())) {
      await withdrawUserChange(runtime, fold);
      return 'conflict';
    }
    report(runtime, 'rebased', run.conversation, { activity: run.key });
  }
}

interface Tried {
  readonly outcome: 'committed' | 'conflict' | 'lost' | 'full';
  /** Effects that fold what was proposed for the user's state. */
  readonly fold: readonly NewEffect[];
}

/**
 * Every commit of an inline run writes the conversation's record, so those of one process go one after the other: where a write is conditional
 * on the whole record, they would refuse each other even when they touch different state.
 */
async function inLine(
  { clock, inProcess }: Runtime,
  { conversation, due }: InlineRun,
  commit: () => Promise<Tried>,
): Promise<Tried> {
  const leave = await inProcess.commits.enterWithin(clock, conversation, due - clock.monotonic());
  if (leave === undefined) return { outcome: 'conflict', fold: [] };
  try {
    return await commit();
  } finally {
    leave();
  }
}

async function commitOnce(
  runtime: Runtime,
  run: InlineRun,
  turn: InlineTurn,
  answer: Answer,
  { effects, bodies }: Pick<InlineCommit, 'effects' | 'bodies'>,
): Promise<Tried> {
  const { clock, options, store } = runtime;
  const { reads, writes } = turn.states.forCommit();
  const fold = await proposeUserChange(runtime, run, turn);
  if (fold === 'conflict') return { outcome: 'conflict', fold: [] };
  const commit: InlineCommit = {
    activity: run.key,
    answer,
    ...(run.delivery === undefined ? {} : { delivery: run.delivery }),
    effects: [...fold, ...effects],
    bodies,
    reads,
    writes,
  };
  const outcome = await persist(clock, () => store.inline.commit(run.conversation, run.fence, commit), {
    limitMs: options.acceptLimitMs,
  });
  if (outcome === 'committed' && commit.effects.length > 0) await announce(runtime, run.conversation);
  return { outcome, fold };
}

/** Has effects delivered: by the worker of this process that holds the conversation, or by one that a ring brings. */
async function announce(runtime: Runtime, conversation: ConversationKey): Promise<void> {
  const holder = runtime.inProcess.holderOf(conversation);
  if (holder === undefined) return ring(runtime, conversation, 0);
  // Beside the answer, which waits for no write of another turn.
  void holder.takeUp().then((seesToIt) => (seesToIt ? undefined : ring(runtime, conversation, 0)));
}

async function proposeUserChange(
  { clock, ids, options, store }: Runtime,
  { conversation, key, fence }: InlineRun,
  turn: InlineTurn,
): Promise<readonly NewEffect[] | 'conflict'> {
  const change = turn.states.userChange();
  if (change === undefined) return [];
  const intent = { id: ids.next(), conversation, inline: key, epoch: fence.epoch, changes: change.changes };
  const proposed = await persist(clock, () => store.users.propose(change.user, change.version, intent), {
    limitMs: options.acceptLimitMs,
  });
  if (proposed === 'conflict') return 'conflict';
  return [{ kind: 'fold', id: `${key}~i${fence.epoch}.fold`, user: change.user, intent: intent.id }];
}
