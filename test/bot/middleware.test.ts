import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type MiddlewareHandler, MiddlewareSet } from '../../src/bot/middleware';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import { TurnContext } from '../../src/bot/turn-context';
import { incoming } from '../support/run-bot';

const context = new TurnContext(new TurnAdapter(), incoming());

function logging(log: string[], name: string): MiddlewareHandler {
  return async (_context, next) => {
    log.push(`${name} in`);
    await next();
    log.push(`${name} out`);
  };
}

describe('MiddlewareSet', () => {
  test('nests functions, objects and sets like an onion', async () => {
    const log: string[] = [];
    const object = { name: 'b', onTurn: logging(log, 'b') };
    const set = new MiddlewareSet(logging(log, 'a')).use(object, new MiddlewareSet(logging(log, 'c')));
    await set.run(context, async () => {
      log.push('bot');
    });
    expect(log).toEqual(['a in', 'b in', 'c in', 'bot', 'c out', 'b out', 'a out']);
  });

  test('for any number of middleware the nesting is that of an onion', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 10 }), async (asObjects) => {
        const log: string[] = [];
        const set = new MiddlewareSet();
        for (const [index, asObject] of asObjects.entries()) {
          const handler = logging(log, `${index}`);
          set.use(asObject ? { onTurn: handler } : handler);
        }
        await set.run(context, async () => undefined);
        const names = asObjects.map((_, index) => `${index}`);
        const expected = [...names.map((name) => `${name} in`), ...names.toReversed().map((name) => `${name} out`)];
        expect(log).toEqual(expected);
      }),
    );
  });

  test('without next nothing inside runs, and that is no error', async () => {
    const log: string[] = [];
    const set = new MiddlewareSet(logging(log, 'a'), async () => undefined, logging(log, 'b'));
    await set.run(context, async () => {
      log.push('bot');
    });
    expect(log).toEqual(['a in', 'a out']);
  });

  test('keeps the object of a method', async () => {
    class Counting {
      count = 0;
      async onTurn(_context: TurnContext, next: () => Promise<void>): Promise<void> {
        this.count++;
        await next();
      }
    }
    const counting = new Counting();
    await new MiddlewareSet(counting).run(context, async () => undefined);
    expect(counting.count).toBe(1);
  });

  test('passes errors outwards, where they can be caught', async () => {
    const error = new Error('from the bot');
    const fail = () => Promise.reject(error);
    await expect(new MiddlewareSet(logging([], 'a')).run(context, fail)).rejects.toBe(error);
    const forgiving: MiddlewareHandler = (_context, next) => next().catch(() => undefined);
    await expect(new MiddlewareSet(forgiving, logging([], 'a')).run(context, fail)).resolves.toBeUndefined();
    const throwing = () => {
      throw error;
    };
    await expect(new MiddlewareSet(throwing).run(context, fail)).rejects.toBe(error);
  });

  describe('a second next()', () => {
    const twice: [name: string, middleware: MiddlewareHandler][] = [
      [
        'awaited',
        async (_context, next) => {
          await next();
          await next();
        },
      ],
      [
        'not awaited',
        async (_context, next) => {
          await next();
          next();
        },
      ],
      ['at once', (_context, next) => Promise.all([next(), next()]).then(() => undefined)],
      [
        'hidden',
        async (_context, next) => {
          await next();
          await next().catch(() => undefined);
        },
      ],
    ];
    test.each(twice)('is an error: %s', async (_name, middleware) => {
      let runs = 0;
      const run = new MiddlewareSet(middleware).run(context, async () => {
        runs++;
      });
      await expect(run).rejects.toMatchObject({ code: 'NextCalledTwice' });
      expect(runs).toBe(1);
    });
  });

  test('refuses what is no middleware', () => {
    for (const odd of [undefined, null, 'x', {}, { onTurn: 1 }]) {
      const add = () => new MiddlewareSet().use(odd as unknown as MiddlewareHandler);
      expect(add).toThrow(expect.objectContaining({ code: 'NotMiddleware' }));
    }
  });

  test('what is added during a turn counts from the next', async () => {
    const log: string[] = [];
    const set = new MiddlewareSet();
    set.use(async (_context, next) => {
      set.use(logging(log, 'late'));
      await next();
    });
    await set.run(context, async () => undefined);
    expect(log).toEqual([]);
  });
});
