import { runningTurn } from './running-turn';
import { BotStatePropertyAccessor, type StatePropertyAccessor } from './state-property';
import { type StateView, stateView } from './state-view';
import type { StateDocument, StateScope } from './turn';
import type { TurnContext } from './turn-context';

/**
 * State of one scope, on the turn's transaction: loaded once per turn, changed in memory, and stored when the turn commits, together with
 * what the turn sends. A turn that fails stores nothing.
 *
 * It differs from the Bot Framework SDK in that the commit needs no `saveChanges`, and that two turns never overwrite each
 * other's changes.
 */
export class BotState {
  private readonly viewKey = Symbol('turnwise.stateView');

  constructor(private readonly scope: StateScope) {}

  /** An accessor for the property `name`. Two accessors of the same name see the same value. */
  createProperty<T = unknown>(name: string): StatePropertyAccessor<T> {
    return new BotStatePropertyAccessor<T>((context) => this.document(context), name);
  }

  /**
   * The whole state as a live object. `force` has no effect: a turn sees one version of the state from its start to its end.
   * @throws TurnwiseError `NoTurn`
   */
  async load(context: TurnContext, _force = false): Promise<StateView> {
    const document = await this.document(context);
    return this.get(context) ?? this.keepView(context, stateView(document));
  }

  /** The whole state as a live object if this turn has loaded it, else `undefined`. */
  get(context: TurnContext): StateView | undefined {
    return context.turnState.get<StateView>(this.viewKey);
  }

  /** There is nothing left to do: the turn's commit stores what was changed. @throws TurnwiseError `NoTurn` */
  async saveChanges(context: TurnContext, _force = false): Promise<void> {
    runningTurn(context);
  }

  /** Removes every property. @throws TurnwiseError `NoTurn` */
  async clear(context: TurnContext): Promise<void> {
    const document = await this.document(context);
    document.clear();
  }

  /** Removes every property, and forgets that the state was loaded. @throws TurnwiseError `NoTurn` */
  async delete(context: TurnContext): Promise<void> {
    const document = await this.document(context);
    document.clear();
    context.turnState.delete(this.viewKey);
  }

  private async document(context: TurnContext): Promise<StateDocument> {
    const document = await runningTurn(context).state(this.scope);
    if (!context.turnState.has(this.viewKey)) this.keepView(context, stateView(document));
    return document;
  }

  private keepView(context: TurnContext, view: StateView): StateView {
    context.turnState.set(this.viewKey, view);
    return view;
  }
}
