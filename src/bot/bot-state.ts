import type { Untyped } from '../schema/json';
import { namespacedDocument } from './namespaced-document';
import { assertOutsideStep, runningTurn } from './running-turn';
import { BotStatePropertyAccessor, type StatePropertyAccessor } from './state-property';
import { type StateView, stateView } from './state-view';
import type { Storage } from './storage';
import { type StorageKeyFactory, StoredState } from './stored-state';
import { type StateDocument, type StateScope, type Turn, TurnKey } from './turn';
import type { TurnContext } from './turn-context';

/** Where in a turn's transaction a state lies. */
export interface StatePlace {
  readonly scope: StateScope;
  /** Keeps states of one scope apart; empty for the scope's own properties. */
  readonly namespace: string;
}

/** What properties are made of. */
export interface PropertyManager {
  createProperty<T = Untyped>(name: string): StatePropertyAccessor<T>;
}

/**
 * State of one scope, on the turn's transaction: loaded once per turn, changed in memory, and stored when the turn commits, together with
 * what the turn sends. A turn that fails stores nothing.
 *
 * It differs from the Bot Framework SDK in that the commit needs no `saveChanges`, and that two turns never overwrite each
 * other's changes.
 *
 * A state with a key of its author's own is no part of the transaction: it lies in the storage that it was made with, and is written by
 * `saveChanges`, as in the SDK. So is any state on a context that was made by hand, as tests do, and has no turn.
 */
export class BotState implements PropertyManager {
  private readonly viewKey = Symbol('turnwise.stateView');
  private readonly stored: StoredState | undefined;

  /** @param scope a part of the turn's transaction */
  constructor(scope: StateScope);
  /**
   * @param storage where the state lies
   * @param storageKey under which key
   * @param place where in the turn's transaction it lies instead, on contexts that have a turn
   */
  constructor(storage: Storage | undefined, storageKey: StorageKeyFactory, place?: () => StatePlace | undefined);
  constructor(
    scopeOrStorage: StateScope | Storage | undefined,
    protected readonly storageKey: StorageKeyFactory = () => '',
    private readonly place: () => StatePlace | undefined = () => undefined,
  ) {
    if (typeof scopeOrStorage === 'string') this.place = () => ({ scope: scopeOrStorage, namespace: '' });
    else if (scopeOrStorage) this.stored = new StoredState(scopeOrStorage, storageKey);
  }

  /** An accessor for the property `name`. Two accessors of the same name see the same value. */
  createProperty<T = Untyped>(name: string): StatePropertyAccessor<T> {
    return new BotStatePropertyAccessor<T>(this, name);
  }

  /**
   * The whole state as a live object. In a turn `force` has no effect: a turn sees one version of the state from its start to its end.
   * @throws TurnwiseError `NoTurn`
   */
  async load(context: TurnContext, force = false): Promise<StateView> {
    const stored = this.outsideTurn(context);
    if (stored !== undefined) return stored.load(context, force);
    const document = await this.document(context);
    return this.viewOf(context) ?? this.keepView(context, stateView(document));
  }

  /** The whole state as a live object if it is loaded, else `undefined`. */
  get(context: TurnContext): Untyped {
    return this.viewOf(context) ?? this.stored?.get(context);
  }

  /** In a turn there is nothing left to do: its commit stores what was changed. @throws TurnwiseError `NoTurn` */
  async saveChanges(context: TurnContext, force = false): Promise<void> {
    assertOutsideStep(context);
    const stored = this.outsideTurn(context);
    if (stored !== undefined) return stored.save(context, force);
    runningTurn(context);
  }

  /** Removes every property. @throws TurnwiseError `NoTurn` */
  async clear(context: TurnContext): Promise<void> {
    assertOutsideStep(context);
    const stored = this.outsideTurn(context);
    if (stored !== undefined) return stored.clear(context);
    const document = await this.document(context);
    document.clear();
  }

  /** Removes every property, and forgets that the state was loaded. @throws TurnwiseError `NoTurn` */
  async delete(context: TurnContext): Promise<void> {
    assertOutsideStep(context);
    const stored = this.outsideTurn(context);
    if (stored !== undefined) return stored.delete(context);
    const document = await this.document(context);
    document.clear();
    context.turnState.delete(this.viewKey);
  }

  /** The state in its storage, where that counts. A context whose turn is over has no state of either kind. */
  private outsideTurn(context: TurnContext): StoredState | undefined {
    return this.place() === undefined || !context.turnState.has(TurnKey) ? this.stored : undefined;
  }

  private async document(context: TurnContext): Promise<StateDocument> {
    const place = this.place();
    if (place === undefined) throw new TypeError('This state has neither a scope nor a storage.');
    const document = await runningTurn(context).state(place.scope);
    return place.namespace === '' ? document : namespacedDocument(document, place.namespace);
  }

  /** The view of the context's turn, or of its last one. The context of a failed turn is the error handler's too, which has a turn of its own. */
  private viewOf({ turnState }: TurnContext): StateView | undefined {
    const kept = turnState.get<KeptView | undefined>(this.viewKey);
    const turn = turnState.get<Turn | undefined>(TurnKey);
    return turn === undefined || kept?.turn === turn ? kept?.view : undefined;
  }

  private keepView(context: TurnContext, view: StateView): StateView {
    context.turnState.set(this.viewKey, { turn: runningTurn(context), view } satisfies KeptView);
    return view;
  }
}

interface KeptView {
  readonly turn: Turn;
  readonly view: StateView;
}

/** The key of a state in a storage, as the Bot Framework SDK makes it. @throws Error for an activity that lacks a part of it */
export function stateKey({ activity }: TurnContext, { namespace, scope }: StatePlace): string {
  const part = (value: string | undefined, name: string): string => {
    if (!value) throw new Error(`missing activity.${name}`);
    return value;
  };
  let key = `${part(activity.channelId, 'channelId')}/`;
  if (scope !== 'user') key += `conversations/${part(activity.conversation?.id, 'conversation.id')}/`;
  if (scope !== 'conversation') key += `users/${part(activity.from?.id, 'from.id')}/`;
  return key + namespace;
}
