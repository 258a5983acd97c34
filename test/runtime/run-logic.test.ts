import { describe, expect, test } from '@jest/globals';
import type { Bot } from '../../src/bot/bot';
import { runLogic } from '../../src/runtime/run-logic';
import type { Activity } from '../../src/schema/activity';
import { StoreFault } from '../../src/turn/fault';
import { createPipeline } from './pipeline';

/* Code that is not the app's bot, run as a turn at once. */

const ACTIVITY: Activity = {
  type: 'event',
  name: 'continue',
  text: '',
  channelId: 'test',
  serviceUrl: 'https://channel.example/',
  from: { id: 'user-1' },
  recipient: { id: 'bot-1' },
  conversation: { id: 'c-1' },
};

describe('a turn that is run at once', () => {
  const sending: Bot = async (context) => void (await context.sendActivity('done'));

  test('does not apologise for a store that cannot be reached: its commit may have been applied', async () => {
    const pipeline = createPipeline();
    let apologies = 0;
    const runtime = pipeline.worker(sending, async () => {
      apologies += 1;
    });
    const { inline } = runtime.store;
    const commit: typeof inline.commit = async (...call) => {
      await inline.commit(...call);
      throw new StoreFault('unknown', 'reset');
    };
    const running = runLogic({ ...runtime, store: { ...runtime.store, inline: { ...inline, commit } } }, ACTIVITY);
    const ended = running.then(
      () => 'done',
      (error: unknown) => error,
    );
    await pipeline.clock.settle();
    for (let passed = 0; passed < 10_000; passed += 100) await pipeline.clock.advance(100);
    expect(await ended).toBeInstanceOf(StoreFault);
    expect(apologies).toBe(0);
    expect((await pipeline.head()).out.length).toBe(1);
  });

  test('tells an apology that takes too long to stop', async () => {
    const pipeline = createPipeline({ turnTimeoutMs: 5_000 });
    let stopped = false;
    const failing: Bot = () => {
      throw new Error('no');
    };
    const runtime = pipeline.worker(failing, async (context) => {
      const { signal } = context;
      await pipeline.clock.sleep(60_000, signal);
      stopped = signal.aborted;
      await new Promise(() => undefined);
    });
    const ended = runLogic(runtime, ACTIVITY).catch((error: { code: string }) => error.code);
    await pipeline.clock.settle();
    await pipeline.pass(6_000);
    expect(await ended).toBe('TurnTimedOut');
    expect(stopped).toBe(true);
  });
});
