import type { InlineCommit } from '../ports/store';
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
}

/**
 * Commits an inline run: state, effects and the answer in one transaction. Optimistic: nobody is kept out, and state that the run
 * touched and that has moved makes it a `conflict`, to be run again. Effects are rung for.
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
  const { clock, options, store } = runtime;
  const { effects, bodies } = turn.finish();
  for (let rebases = 0; ; rebases += 1) {
    const { reads, writes } = turn.states.forCommit();
    const fold = await proposeUserChange(runtime, run, turn);
    if (fold !== 'conflict') {
      const commit: InlineCommit = {
        activity: run.key,
        answer,
        ...(run.delivery === undefined ? {} : { delivery: run.delivery }),
        effects: [...fold, ...effects.map((effect) => traced(effect, span))],
        bodies,
        reads,
        writes,
      };
      const committed = await persist(clock, () => store.inline.commit(run.conversation, run.fence, commit), {
        limitMs: options.acceptLimitMs,
      });
      if (committed === 'committed' && commit.effects.length > 0) await ring(runtime, run.conversation, 0);
      if (committed !== 'conflict') return committed;
    }
    if (rebases === MAX_REBASES || !(await turn.states.rebase())) {
      if (fold !== 'conflict') await withdrawUserChange(runtime, fold);
      return 'conflict';
    }
    report(runtime, 'rebased', run.conversation, { activity: run.key });
  }
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
