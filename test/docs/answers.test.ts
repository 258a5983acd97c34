import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { answerRing, createPipeline } from '../runtime/pipeline';
import { postTo } from '../runtime/posting';
import { ROOT } from '../support/sources';
import { Kitchen, options, type Services } from './answers-bot';

const page = readFileSync(path.join(ROOT, 'docs/answers.md'), 'utf8');
const code = readFileSync(path.join(ROOT, 'test/docs/answers-bot.ts'), 'utf8');

test('the code on the page is the code that is run here', () => {
  const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  expect(blocks.length).toBe(3);
  const plain = (text: string): string => text.replace(/\s+/g, ' ');
  for (const block of blocks) expect(plain(code)).toContain(plain(block).trim());
});

describe('the bot of the page', () => {
  const SUBMIT = { channelId: 'msteams', name: 'task/submit', value: { data: { dish: 'Soup', card: 'c-1' } } };

  function kitchen(orderMs: number) {
    const pipeline = createPipeline(options);
    const ordered: string[] = [];
    const services: Services = {
      async order(dish, key) {
        ordered.push(`${dish} ${key}`);
        await pipeline.clock.sleep(orderMs);
        return ordered.length;
      },
      async *complete(prompt) {
        for (const token of ['You', ' said ', `${prompt}`]) {
          await pipeline.clock.sleep(1_500);
          yield token;
        }
      },
    };
    return { pipeline, ordered, runtime: pipeline.worker(new Kitchen(services)) };
  }

  test('answers a dialog, and one that Teams sends again under another id, with one order', async () => {
    const { ordered, pipeline, runtime } = kitchen(1_000);
    const first = postTo(runtime, { ...SUBMIT, id: 'a' });
    await pipeline.clock.settle();
    await pipeline.pass(2_000);
    const answer = { status: 200, body: { task: { type: 'message', value: 'Your order has the number 1.' } } };
    expect(await first).toEqual(answer);
    expect(await postTo(runtime, { ...SUBMIT, id: 'b' })).toEqual(answer);
    expect(ordered.length).toBe(1);
    expect(pipeline.rings).toEqual([]);
  });

  test('says what it has to say in a message when the dialog could not wait', async () => {
    const { ordered, pipeline, runtime } = kitchen(6_000);
    // The step is not recorded when the deadline comes, and runs again under the same key.
    const posted = postTo(runtime, { ...SUBMIT, channelId: 'test' });
    await pipeline.clock.settle();
    await pipeline.pass(5_000);
    expect(await posted).toMatchObject({ body: { task: { value: options.deferralText } } });
    const worker = answerRing(runtime);
    await pipeline.clock.settle();
    await pipeline.pass(7_000);
    await worker.done;
    expect(pipeline.sent).toEqual(['Your order has the number 2.']);
    expect(new Set(ordered).size).toBe(1);
  });

  test('writes while one can watch', async () => {
    const { pipeline, runtime } = kitchen(0);
    await pipeline.accept('hello', { channelId: 'webchat' });
    const worker = answerRing(runtime);
    await pipeline.clock.settle();
    for (let passed = 0; passed < 10_000; passed += 50) await pipeline.clock.advance(50);
    await worker.done;
    expect(pipeline.sent.length).toBeGreaterThanOrEqual(3);
    expect(pipeline.sent.at(-1)).toBe('You said hello');
  });
});
