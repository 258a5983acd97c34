import { describe, expect, test } from '@jest/globals';
import type { Bot } from '../../src/bot/bot';
import { receive } from '../../src/runtime/ingress';
import type { Runtime } from '../../src/runtime/runtime';
import { OPEN } from '../support/open-auth';
import { answerRing, createPipeline } from './pipeline';

function post(runtime: Runtime) {
  const activity = {
    type: 'invoke',
    name: 'task/submit',
    id: 'i-1',
    channelId: 'test',
    serviceUrl: 'https://channel.example/',
    from: { id: 'user-1' },
    recipient: { id: 'bot-1' },
    conversation: { id: 'c-1' },
  };
  const body = new TextEncoder().encode(JSON.stringify(activity));
  return receive(runtime, OPEN, { headers: { 'content-type': 'application/json' }, body: async () => body });
}

const done: Bot = async (context) => {
  await context.sendActivity('done');
};

describe('an invoke whose worker dies', () => {
  test('is not acknowledged to a second delivery that cannot know what became of it', async () => {
    const pipeline = createPipeline();
    const dying = pipeline.worker(() => new Promise(() => {}));
    const inline = { ...dying.store.inline, defer: () => new Promise<never>(() => {}) };
    void post({ ...dying, store: { ...dying.store, inline } });
    await pipeline.pass(1_000);
    const second = post(pipeline.worker(done));
    await pipeline.pass(20_000);
    const answer = await second;
    if (answer.status === 200) {
      await answerRing(pipeline.worker(done)).done;
      expect(pipeline.sent).toEqual(['done']);
    } else {
      expect(answer.status).toBe(503);
    }
  });
});

describe('an apology for an invoke', () => {
  test('that hangs does not keep the caller waiting for ever', async () => {
    const pipeline = createPipeline();
    const failing: Bot = () => {
      throw new Error('no');
    };
    const posted = post(pipeline.worker(failing, () => new Promise(() => {})));
    await pipeline.pass(10_000);
    expect(await Promise.race([posted, pipeline.clock.settle().then(() => 'waits')])).toMatchObject({ status: 500 });
  });
});
