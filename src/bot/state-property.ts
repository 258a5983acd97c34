import { TurnwiseError } from '../schema/errors';
import { jsonCopy } from './canonical-json';
import type { StateDocument } from './turn';
import type { TurnContext } from './turn-context';

/** One named property of a bot's state. What dialogs and bots hold, so that they need not know where the state lives. */
export interface StatePropertyAccessor<T = unknown> {
  get(context: TurnContext): Promise<T | undefined>;
  /** A default that is used becomes the property's value, and is stored with the turn. */
  get(context: TurnContext, defaultValue: T): Promise<T>;
  set(context: TurnContext, value: T): Promise<void>;
  delete(context: TurnContext): Promise<void>;
}

/** A property of the document that `open` loads. Values are live: changing an object in place is a change. */
export class BotStatePropertyAccessor<T = unknown> implements StatePropertyAccessor<T> {
  constructor(
    private readonly open: (context: TurnContext) => Promise<StateDocument>,
    /** The property's name in the document. */
    readonly name: string,
  ) {}

  get(context: TurnContext): Promise<T | undefined>;
  get(context: TurnContext, defaultValue: T): Promise<T>;
  async get(context: TurnContext, defaultValue?: T): Promise<T | undefined> {
    const document = await this.open(context);
    if (document.get(this.name) === undefined && defaultValue !== undefined) {
      document.set(this.name, this.copyOf(defaultValue));
    }
    return document.get(this.name) as T | undefined;
  }

  async set(context: TurnContext, value: T): Promise<void> {
    const document = await this.open(context);
    document.set(this.name, value);
  }

  async delete(context: TurnContext): Promise<void> {
    const document = await this.open(context);
    document.delete(this.name);
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
