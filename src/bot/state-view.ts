import type { Untyped } from '../schema/json';
import type { StateDocument } from './turn';

/** A state document as an object: its properties are the document's, live. */
export type StateView = Record<string, Untyped>;

/**
 * Makes a view of `document`. Reading or writing one property touches that property alone; listing the properties, which
 * includes spreading and `JSON.stringify`, touches the whole document.
 */
export function stateView(document: StateDocument): StateView {
  return new Proxy<StateView>(
    {},
    {
      get(target, property) {
        // `then` is what `await` looks for in every object; answering would touch a property that nobody asked for.
        if (typeof property === 'symbol' || property === 'then') return Reflect.get(target, property);
        const value = document.get(property);
        return value === undefined ? inherited(target, property) : value;
      },
      has(target, property) {
        if (typeof property === 'symbol') return Reflect.has(target, property);
        return document.get(property) !== undefined || inherited(target, property) !== undefined;
      },
      set(_target, property, value) {
        if (typeof property === 'symbol') return false;
        document.set(property, value);
        return true;
      },
      deleteProperty(_target, property) {
        if (typeof property === 'string') document.delete(property);
        return true;
      },
      defineProperty: () => false,
      ownKeys: () => Object.keys(document.all()),
      getOwnPropertyDescriptor(_target, property) {
        const value = typeof property === 'string' ? document.get(property) : undefined;
        return value === undefined ? undefined : { value, writable: true, enumerable: true, configurable: true };
      },
    },
  );
}

/** What every object has, such as `hasOwnProperty`; `__proto__` is no property of a document. */
function inherited(target: StateView, property: string): unknown {
  return property === '__proto__' ? undefined : Reflect.get(target, property);
}
