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
