import { TurnwiseError } from '../schema/errors';
import type { Untyped } from '../schema/json';
import { jsonCopy } from './canonical-json';
import { own } from './own-property';
import { assertOutsideStep } from './running-turn';
import type { StateView } from './state-view';
import type { TurnContext } from './turn-context';

/** One named property of a bot's state. What dialogs and bots hold, so that they need not know where the state lives. */
export interface StatePropertyAccessor<T = Untyped> {
  get(context: TurnContext): Promise<T | undefined>;
  /** A default that is used becomes the property's value, and is stored with the turn. */
  get(context: TurnContext, defaultValue: T): Promise<T>;
  set(context: TurnContext, value: T): Promise<void>;
  delete(context: TurnContext): Promise<void>;
}

/** A property of the state that `state` loads. Values are live: changing an object in place is a change. */
export class BotStatePropertyAccessor<T = Untyped> implements StatePropertyAccessor<T> {
  constructor(
    protected readonly state: { load(context: TurnContext): Promise<StateView> },
    /** The property's name in the state. */
    readonly name: string,
  ) {}

  get(context: TurnContext): Promise<T | undefined>;
  get(context: TurnContext, defaultValue: T): Promise<T>;
  async get(context: TurnContext, defaultValue?: T): Promise<T | undefined> {
    const state = await this.state.load(context);
    if (own(state, this.name) === undefined && defaultValue !== undefined) {
      assertOutsideStep(context);
      state[this.name] = this.copyOf(defaultValue);
    }
    return own(state, this.name) as T | undefined;
  }

  async set(context: TurnContext, value: T): Promise<void> {
    assertOutsideStep(context);
    const state = await this.state.load(context);
    state[this.name] = value;
  }

  async delete(context: TurnContext): Promise<void> {
    assertOutsideStep(context);
    const state = await this.state.load(context);
    delete state[this.name];
  }

  /** A default is usually one object for all turns: without a copy they would share what one of them changes. */
  private copyOf(value: T): unknown {
    if (typeof value !== 'object') return value;
    try {
      return jsonCopy(value);
    } catch (cause) {
      throw new TurnwiseError('StateNotJson', `The property is "${this.name}".`, { cause });
    }
  }
}
