import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import { ShowTypingMiddleware } from '../../src/middleware/show-typing-middleware';
import type { Activity } from '../../src/schema/activity';
import { MemoryTurn } from '../support/memory-turn';
import { runBot } from '../support/run-bot';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

/** Runs a turn of `ms`, and says what it sent beside replies. */
async function turnOf(ms: number, different: Partial<Activity> = {}, middleware = new ShowTypingMiddleware()) {
  const turn = new MemoryTurn();
  const adapter = new TurnAdapter().use(middleware);
  const responded: boolean[] = [];
  const hooked: string[] = [];
  const running = runBot(
    async (context) => {
      context.onSendActivities(async (_context, activities, next) => {
        hooked.push(...activities.map(({ type }) => `${type}`));
        return next();
      });
      await new Promise((resolve) => setTimeout(resolve, ms));
      responded.push(context.responded);
    },
    different,
    turn,
    adapter,
  );
  await jest.advanceTimersByTimeAsync(ms);
  await running;
  await jest.advanceTimersByTimeAsync(10_000);
  return { turn, responded, hooked };
}

describe('typing is shown', () => {
  test('after the delay and then at every period, until the turn ends', async () => {
    expect((await turnOf(499)).turn.live.length).toBe(0);
    expect((await turnOf(501)).turn.live.length).toBe(1);
    expect((await turnOf(2499)).turn.live.length).toBe(1);
    expect((await turnOf(6501)).turn.live.length).toBe(4);
    expect((await turnOf(101, {}, new ShowTypingMiddleware(0, 50))).turn.live.length).toBe(3);
  });

  test('on the live lane, addressed like a reply', async () => {
    const { turn } = await turnOf(600, { relatesTo: { conversation: { id: 'r' } } as Activity['relatesTo'] } as object);
    expect(turn.effects).toEqual([]);
    expect(turn.live).toMatchObject([
      {
        type: 'typing',
        channelId: 'test',
        serviceUrl: 'https://channel.example/',
        conversation: { id: 'c-1' },
        from: { id: 'bot-1' },
        recipient: { id: 'user-1' },
        replyToId: 'a-1',
        relatesTo: { conversation: { id: 'r' } },
      },
    ]);
  });

  test('without counting as a response, and past the hooks of the context', async () => {
    expect(await turnOf(600)).toMatchObject({ responded: [false], hooked: [] });
  });

  test('only for messages, and not to other bots', async () => {
    expect((await turnOf(600, { type: 'event' })).turn.live).toEqual([]);
    expect((await turnOf(600, { callerId: 'urn:botframework:aadappid:other' })).turn.live).toEqual([]);
    expect((await turnOf(600, { callerId: 'urn:botframework:azure' })).turn.live.length).toBe(1);
  });
});

describe('typing ends', () => {
  test('when the turn fails', async () => {
    const turn = new MemoryTurn();
    const running = runBot(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 600));
        throw new Error('broken');
      },
      {},
      turn,
      new TurnAdapter().use(new ShowTypingMiddleware()),
    );
    const failed = expect(running).rejects.toThrow('broken');
    await jest.advanceTimersByTimeAsync(600);
    await failed;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(turn.live.length).toBe(1);
  });

  test('never with an error of the turn: an indicator that fails is forgotten, and the next one comes', async () => {
    let failures = 0;
    class Failing extends MemoryTurn {
      override async sendLive(): Promise<never> {
        failures += 1;
        throw new Error('no');
      }
    }
    const running = runBot(
      () => new Promise((resolve) => setTimeout(resolve, 2600)),
      {},
      new Failing(),
      new TurnAdapter().use(new ShowTypingMiddleware()),
    );
    await jest.advanceTimersByTimeAsync(2600);
    await running;
    expect(failures).toBe(2);
  });
});

test('times that make no sense are refused', () => {
  expect(() => new ShowTypingMiddleware(-1)).toThrow('Delay must be greater than or equal to zero');
  expect(() => new ShowTypingMiddleware(0, 0)).toThrow('Repeat period must be greater than zero');
});
