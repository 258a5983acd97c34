import { TurnwiseError } from '../schema/errors';
import type { TurnContext } from './turn-context';

/** Something around the turn, as a function. `next` runs what is inside; not calling it ends the turn early, and it still commits. */
export type MiddlewareHandler = (context: TurnContext, next: () => Promise<void>) => Promise<void>;

/** Something around the turn, as an object. */
export interface Middleware {
  onTurn(context: TurnContext, next: () => Promise<void>): Promise<void>;
}

/** Middleware in the order in which it was added, nested like an onion: the first is outermost. Is middleware itself. */
export class MiddlewareSet implements Middleware {
  private readonly handlers: MiddlewareHandler[] = [];

  constructor(...middleware: (MiddlewareHandler | Middleware)[]) {
    this.use(...middleware);
  }

  /** Adds middleware inside what is there. @throws TurnwiseError `NotMiddleware` */
  use(...middleware: (MiddlewareHandler | Middleware)[]): this {
    this.handlers.push(...middleware.map(toHandler));
    return this;
  }

  onTurn(context: TurnContext, next: () => Promise<void>): Promise<void> {
    return this.run(context, next);
  }

  /**
   * Runs the middleware around `next`. Middleware added meanwhile counts from the next turn on.
   * @throws TurnwiseError `NextCalledTwice`, even when the middleware that did it did not await; and what middleware or `next` throw.
   */
  async run(context: TurnContext, next: () => Promise<void>): Promise<void> {
    const handlers = [...this.handlers];
    const runFrom = async (index: number): Promise<void> => {
      const handler = handlers[index];
      if (handler === undefined) {
        await next();
        return;
      }
      const inside = once(() => runFrom(index + 1));
      await handler(context, inside.call);
      inside.check();
    };
    await runFrom(0);
  }
}

/** Lets `run` be called once. A second call fails, and so does `check`, for callers that did not await it. */
function once(run: () => Promise<void>): { call(): Promise<void>; check(): void } {
  let called = false;
  let misuse: TurnwiseError | undefined;
  return {
    call() {
      if (!called) {
        called = true;
        return run();
      }
      misuse = new TurnwiseError('NextCalledTwice');
      const rejected = Promise.reject(misuse);
      // Without this, a second call that nobody awaits would take the process down before `check` reports it.
      rejected.catch(() => undefined);
      return rejected;
    },
    check() {
      if (misuse !== undefined) throw misuse;
    },
  };
}

function toHandler(middleware: MiddlewareHandler | Middleware): MiddlewareHandler {
  if (typeof middleware === 'function') return middleware;
  if (typeof middleware === 'object' && typeof middleware?.onTurn === 'function') {
    return (context, next) => middleware.onTurn(context, next);
  }
  throw new TurnwiseError('NotMiddleware');
}
