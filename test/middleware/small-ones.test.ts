import { describe, expect, test } from '@jest/globals';
import { BotState } from '../../src/bot/bot-state';
import { BotStateSet } from '../../src/bot/bot-state-set';
import { ConversationState } from '../../src/bot/conversation-state';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import type { TurnContext } from '../../src/bot/turn-context';
import { AutoSaveStateMiddleware } from '../../src/middleware/auto-save-state-middleware';
import { RegisterClassMiddleware } from '../../src/middleware/register-class-middleware';
import { MemoryTurn } from '../support/memory-turn';
import { runBot } from '../support/run-bot';

/** Notes what it is asked to do. */
class Noting extends BotState {
  constructor(
    private readonly name: string,
    private readonly log: string[],
  ) {
    super('conversation');
  }
  override async load(_context: TurnContext, force = false): Promise<Record<string, unknown>> {
    this.log.push(`${this.name} loaded ${force}`);
    return {};
  }
  override async saveChanges(_context: TurnContext, force = false): Promise<void> {
    this.log.push(`${this.name} saved ${force}`);
  }
}

describe('BotStateSet', () => {
  test('loads and saves all of its states', async () => {
    const log: string[] = [];
    const set = new BotStateSet(new Noting('a', log)).add(new Noting('b', log));
    await runBot(async (context) => {
      await set.loadAll(context, true);
      await set.saveAllChanges(context);
    });
    expect(log).toEqual(['a loaded true', 'b loaded true', 'a saved false', 'b saved false']);
    expect(set.botStates.length).toBe(2);
  });

  test('takes nothing but states', () => {
    for (const odd of [undefined, {}, { load: () => undefined }]) {
      expect(() => new BotStateSet(odd as unknown as BotState)).toThrow("isn't an instance of BotState");
    }
  });
});

describe('AutoSaveStateMiddleware', () => {
  test('saves after everything inside, and not for a turn that failed', async () => {
    const log: string[] = [];
    const middleware = new AutoSaveStateMiddleware(new Noting('a', log)).add(new Noting('b', log));
    const run = (bot: () => Promise<void>) => runBot(bot, {}, new MemoryTurn(), new TurnAdapter().use(middleware));
    await run(async () => {
      log.push('bot');
    });
    await expect(run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(log).toEqual(['bot', 'a saved false', 'b saved false']);
  });

  test('changes nothing about the state of Turnwise', async () => {
    const state = new ConversationState();
    const count = state.createProperty<number>('count');
    const turn = new MemoryTurn();
    await runBot(
      (context) => count.set(context, 1),
      {},
      turn,
      new TurnAdapter().use(new AutoSaveStateMiddleware(state)),
    );
    expect(turn.committed()).toEqual({ conversation: { count: 1 } });
  });
});

test('RegisterClassMiddleware puts a service into turnState', async () => {
  const service = { name: 'service' };
  const key = Symbol('service');
  const adapter = new TurnAdapter().use(
    new RegisterClassMiddleware(service, 'by name'),
    new RegisterClassMiddleware(service, key),
  );
  const { context } = await runBot(() => undefined, {}, new MemoryTurn(), adapter);
  expect([context.turnState.get('by name'), context.turnState.get(key)]).toEqual([service, service]);
});
