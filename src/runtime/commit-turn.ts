import type { DeadReason } from '../ports/store';
import { TurnwiseError } from '../schema/errors';
import type { NewEffect } from '../turn/commit';
import { effectId, type PendingActivity, turnPrefix } from '../turn/record';
import type { CapturedTurn } from './captured-turn';
import type { Hold } from './hold';
import { persist } from './persist';
import { type Runtime, report } from './runtime';
import { type StageSpan, stage, traced } from './stage';

/** Conflicts that one run may survive by rebasing; past it the handler runs again. */
export const MAX_REBASES = 5;

/**
 * Commits a run of a turn (or, without one, only the dead letter): state, effects and the mailbox pop in one transaction. When state that
 * the run did not touch has moved, the run is kept and committed on top of it.
 *
 * @returns `conflict` when state that the run did touch has moved: nothing was changed, run again on fresh state.
 * @throws ConversationLost; TurnwiseError when the state has values that JSON cannot hold, or `TurnTooLarge`
 */
export function commitTurn(
  runtime: Runtime,
  hold: Hold,
  turn: CapturedTurn | undefined,
  pending: PendingActivity,
  dead?: DeadReason,
): Promise<'held' | 'released' | 'conflict'> {
  return stage(runtime, 'commit', {}, async (span) => {
    const outcome = await commitWithin(span, runtime, hold, turn, pending, dead);
    span.set({ 'turnwise.outcome': outcome });
    return outcome;
  });
}

async function commitWithin(
  span: StageSpan,
  runtime: Runtime,
  hold: Hold,
  turn: CapturedTurn | undefined,
  pending: PendingActivity,
  dead: DeadReason | undefined,
): Promise<'held' | 'released' | 'conflict'> {
  const { store } = runtime;
  const { effects, bodies } = (await turn?.finish()) ?? { effects: [], bodies: [] };
  for (let rebases = 0; ; rebases += 1) {
    const { reads, writes } = turn?.states.forCommit() ?? { reads: [], writes: [] };
    const fold = turn === undefined ? [] : await proposeUserChange(runtime, hold, turn, pending);
    if (fold !== 'conflict') {
      const commit = {
        turn: turnPrefix(pending),
        effects: [...fold, ...effects.map((effect) => traced(effect, span))],
        bodies,
        reads,
        writes,
        ...(dead === undefined ? {} : { dead }),
      };
      const { outcome } = await hold.write((held) => store.turns.commit(held, commit));
      if (outcome === 'tooLarge') {
        await withdrawUserChange(runtime, fold);
        throw new TurnwiseError('TurnTooLarge');
      }
      if (outcome !== 'conflict') return outcome;
    }
    if (turn === undefined || rebases === MAX_REBASES || !(await turn.states.rebase())) {
      if (fold !== 'conflict') await withdrawUserChange(runtime, fold);
      return 'conflict';
    }
    report(runtime, 'rebased', hold.key, { activity: pending.key });
  }
}

/**
 * Takes back the intent of a commit that came to nothing, before the handler runs again: that may take long, and whoever wants the same
 * user's state meanwhile would fence the run to settle it. Best effort: what stays behind is void, and settled by whoever meets it.
 */
export async function withdrawUserChange({ store }: Runtime, effects: readonly NewEffect[]): Promise<void> {
  for (const effect of effects) {
    if (effect.kind !== 'fold') continue;
    await store.users.settle(effect.user, effect.intent, false).catch(() => undefined);
  }
}

/** Writes the turn's change to its user's state as an intent; the fold that makes it count goes with the commit, ahead of the sends. */
async function proposeUserChange(
  { clock, ids, store }: Runtime,
  hold: Hold,
  turn: CapturedTurn,
  pending: PendingActivity,
): Promise<readonly NewEffect[] | 'conflict'> {
  const change = turn.states.userChange();
  if (change === undefined) return [];
  const intent = { id: ids.next(), conversation: hold.key, epoch: hold.epoch, changes: change.changes };
  const proposed = await persist(clock, () => store.users.propose(change.user, change.version, intent), {
    limitMs: store.timing.leaseMs,
  });
  if (proposed === 'conflict') return 'conflict';
  return [{ kind: 'fold', id: `${effectId(pending, 0)}.fold`, user: change.user, intent: intent.id }];
}
