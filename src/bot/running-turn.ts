import { TurnwiseError } from '../schema/errors';
import type { Proactive } from './proactive';
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

const refuse = async (): Promise<never> => {
  throw new TurnwiseError('NoTurn');
};

/** Speaking first where there is no turn (any more): each call rejects. A throw in a timer would end the process. */
export const NO_PROACTIVE: Proactive = {
  send: refuse,
  run: refuse,
  schedule: refuse,
  cancel: refuse,
  broadcast: refuse,
  progress: refuse,
  createConversation: refuse,
};

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
