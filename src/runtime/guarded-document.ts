import type { JsonStateDocument } from '../bot/state-document';
import type { StateDocument } from '../bot/turn';
import type { StepScope } from './step-scope';

/**
 * A state document whose changes are refused in the functions of steps. Values that are read there are views that cannot be changed; those that were
 * read before are live, and {@link snapshot} tells afterwards which of them a step may have changed in place.
 */
export class GuardedDocument implements StateDocument {
  /** Number of writes of each property by name. */
  readonly #writes = new Map<string, number>();
  /** One view of each object, so that what is the same object is the same view. */
  readonly #views = new WeakMap<object, object>();

  constructor(
    private readonly document: JsonStateDocument,
    private readonly steps: StepScope,
  ) {}

  get(property: string): unknown {
    return this.#handedOut(this.document.get(property));
  }

  set(property: string, value: unknown): void {
    this.#writes.set(property, (this.#writes.get(property) ?? 0) + 1);
    this.steps.assertOutside();
    this.document.set(property, value);
  }

  delete(property: string): void {
    this.set(property, undefined);
  }

  all(): Record<string, unknown> {
    return this.#handedOut(this.document.all()) as Record<string, unknown>;
  }

  clear(): void {
    this.steps.assertOutside();
    for (const property of Object.keys(this.document.all())) this.set(property, undefined);
  }

  changed(): boolean {
    return this.document.changed();
  }

  /** Returns a text for each property that was touched, which is another one after a change in place. Writing by name takes it out. */
  snapshot(): ReadonlyMap<string, string> {
    const touched = this.document.touched();
    const names = touched === 'everything' ? Object.keys(this.document.all()) : touched;
    return new Map(names.map((name) => [name, `${this.#writes.get(name) ?? 0} ${textOf(this.document.get(name))}`]));
  }

  /** Returns whether a property was changed in place since a snapshot. */
  hasChangedSince(before: ReadonlyMap<string, string>): boolean {
    const now = this.snapshot();
    return [...before].some(([name, text]) => {
      const writes = (each = ''): string => each.slice(0, each.indexOf(' '));
      return now.get(name) !== text && writes(now.get(name)) === writes(text);
    });
  }

  #handedOut(value: unknown): unknown {
    return this.steps.isInside ? unchangeable(value, this.steps, this.#views) : value;
  }
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return ''; // The commit says what is wrong with it.
  }
}

/**
 * Returns a view of JSON through which a step can change nothing; once the step is over, the view is as live as what it shows. Anything else that a bot
 * keeps until the commit, such as a date, is handed out as it is.
 */
function unchangeable(value: unknown, steps: StepScope, views: WeakMap<object, object>): unknown {
  if (!isJsonContainer(value)) return value;
  const known = views.get(value);
  if (known !== undefined) return known;
  const outside = <T>(change: () => T): T => {
    steps.assertOutside();
    return change();
  };
  const view = new Proxy(value, {
    get(target, property, receiver) {
      const found: unknown = Reflect.get(target, property, receiver);
      // What is frozen has to be handed out as it is.
      const own = Reflect.getOwnPropertyDescriptor(target, property);
      const isFixed = own?.configurable === false && own.writable === false;
      return isFixed || !steps.isInside ? found : unchangeable(found, steps, views);
    },
    set: (target, property, next) => outside(() => Reflect.set(target, property, next)),
    deleteProperty: (target, property) => outside(() => Reflect.deleteProperty(target, property)),
    defineProperty: (target, property, next) => outside(() => Reflect.defineProperty(target, property, next)),
    setPrototypeOf: (target, prototype) => outside(() => Reflect.setPrototypeOf(target, prototype)),
    preventExtensions: (target) => outside(() => Reflect.preventExtensions(target)),
  });
  views.set(value, view);
  return view;
}

function isJsonContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
