import { TurnwiseError } from '../schema/errors';
import { type Turn, TurnKey } from './turn';
import type { TurnContextStateCollection } from './turn-state';

/**
 * The turn that a context belongs to.
 * @throws TurnwiseError `NoTurn` when there is none, or when it is over.
 */
export function runningTurn(context: { readonly turnState: TurnContextStateCollection }): Turn {
  const turn = context.turnState.get<Turn>(TurnKey);
  if (turn === undefined) throw new TurnwiseError('NoTurn');
  return turn;
}

/**
 * The turn that a context belongs to, for something that is to happen with its commit.
 * @throws TurnwiseError `NoTurn`, as {@link runningTurn}; `StepHasEffects` in the function of a step
 */
export function effectsOf(context: { readonly turnState: TurnContextStateCollection }): Turn {
  const turn = runningTurn(context);
  turn.assertOutsideStep();
  return turn;
}

/** Refuses an effect in the function of a step; does nothing on a context that has no turn. @throws TurnwiseError `StepHasEffects` */
export function assertOutsideStep(context: { readonly turnState: TurnContextStateCollection }): void {
  context.turnState.get<Turn | undefined>(TurnKey)?.assertOutsideStep();
}
