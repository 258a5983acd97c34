import { describe, expect, test } from '@jest/globals';
import type { TurnContext } from '../../src/bot/turn-context';
import { TerminalError } from '../../src/bot/turn-errors';
import type { Delivery } from '../../src/ports/connector';
import type { Store } from '../../src/ports/store';
import { mailboxEntry } from '../../src/runtime/endpoint-answers';
import type { Runtime } from '../../src/runtime/runtime';
import { StoreFault } from '../../src/turn/fault';
import { activityKey } from '../../src/turn/keys';
import { answerRing, CONVERSATION, createPipeline, type Pipeline } from './pipeline';

const say = (text: string) => async (context: TurnContext) => void (await context.sendActivity(text));

async function attendFor(pipeline: Pipeline, runtime: Runtime, ms: number): Promise<unknown> {
  const worker = answerRing(runtime);
  await pipeline.clock.settle();
  await pipeline.pass(ms);
  return worker.done;
}

/** A runtime whose store cannot be read for a while. */
function unreadable(runtime: Runtime, during: () => boolean): Runtime {
  const refuse = async <T>(read: () => Promise<T>): Promise<T> => {
    if (during()) throw new StoreFault('no', 'throttled');
    return read();
  };
  const { turns, users } = runtime.store;
  const store: Store = {
    ...runtime.store,
    turns: {
      ...turns,
      readBody: (key, ref) => refuse(() => turns.readBody(key, ref)),
      readState: (key, id) => refuse(() => turns.readState(key, id)),
    },
    users: { ...users, settle: (user, id, counts) => refuse(() => users.settle(user, id, counts)) },
  };
  return { ...runtime, store };
}

async function acceptLarge({ store, clock }: Pipeline, unique = '1'): Promise<void> {
  const activity = {
    type: 'message',
    id: 'large',
    channelId: 'test',
    serviceUrl: 'https://channel.example/',
    from: { id: 'user-1' },
    recipient: { id: 'bot-1' },
    conversation: { id: 'c-1' },
    text: `large at ${clock.now()}`,
  };
  const key = activityKey('ab'.repeat(16));
  const { entry, bodies } = mailboxEntry(key, activity, 100, unique);
  await store.mailbox.accept(CONVERSATION, entry, bodies, 100);
}

describe('what the app brings along', () => {
  test('may throw when told of a failed delivery: the conversation goes on', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    await pipeline.accept('b');
    pipeline.answers.push({ outcome: 'rejected', status: 403, reason: 'blocked' });
    const runtime = pipeline.worker(say('hi'));
    const onDeliveryFailed = (): never => {
      throw new Error('not prepared for this');
    };
    const ended = await attendFor(pipeline, { ...runtime, bot: { ...runtime.bot, onDeliveryFailed } }, 2_000);
    expect(ended).toBeUndefined();
    expect(pipeline.sent).toEqual(['hi']);
    expect(await pipeline.head()).toMatchObject({ n: 2, lease: null });
  });

  test('may have a log that throws', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const log = {
      event(): never {
        throw new Error('the disk is full');
      },
    };
    expect(await attendFor(pipeline, { ...pipeline.worker(say('hi')), log }, 2_000)).toBeUndefined();
    expect(pipeline.sent).toEqual(['hi']);
  });
});

describe('a store that cannot be read for a while', () => {
  test('uses up no attempt of an activity whose body it keeps', async () => {
    const pipeline = createPipeline();
    await acceptLarge(pipeline);
    let away = true;
    const runtime = unreadable(pipeline.worker(say('hi')), () => away);
    for (let round = 0; round < 5; round += 1) {
      expect(await attendFor(pipeline, runtime, 60_000)).toBeUndefined();
      expect(await pipeline.head()).toMatchObject({ att: 0, lease: null });
    }
    away = false;
    await attendFor(pipeline, runtime, 10_000);
    expect(pipeline.sent).toEqual(['hi']);
    expect(await pipeline.store.deadLetters.list(1)).toEqual([]);
  });

  test('leaves no conversation held while a large reply waits for it', async () => {
    const pipeline = createPipeline({ inlineBytes: 100 });
    await pipeline.accept('a');
    let away = true;
    const runtime = unreadable(pipeline.worker(say('x'.repeat(200))), () => away);
    expect(await attendFor(pipeline, runtime, 60_000)).toBeUndefined();
    expect(await pipeline.head()).toMatchObject({ n: 1, lease: null });
    away = false;
    await attendFor(pipeline, runtime, 10_000);
    expect(pipeline.sent.length).toBe(1);
  });
});

describe('an effect that came in beside a running turn', () => {
  /** A dead letter of an effect, replayed while another turn holds the conversation. */
  async function replayedWhileHeld(deliver: () => Promise<Delivery>) {
    const pipeline = createPipeline({ inDoubt: 'skip' });
    await pipeline.accept('a');
    pipeline.answers.push({ outcome: 'rejected', status: 403, reason: 'blocked' });
    await answerRing(pipeline.worker(say('once only'))).done;
    await pipeline.accept('b');
    const runtime = pipeline.worker(() => pipeline.clock.sleep(15_000));
    const worker = answerRing({ ...runtime, connector: { deliver } });
    await pipeline.clock.settle();
    const [letter] = await pipeline.store.deadLetters.list(1);
    if (letter === undefined) throw new Error('There is no dead letter.');
    await pipeline.store.deadLetters.requeue(CONVERSATION, letter.id);
    return { pipeline, worker };
  }

  test('is marked before it is sent, so that it is never sent twice when told so', async () => {
    let sends = 0;
    const { pipeline } = await replayedWhileHeld(() => {
      sends += 1;
      return new Promise(() => {}); // The worker dies with the answer on its way.
    });
    await pipeline.pass(10_000);
    expect(sends).toBe(1);
    pipeline.clock.jump(30_000);
    await answerRing(pipeline.worker(say('next'))).done;
    expect(pipeline.sent).toEqual(['next']);
  });
});

describe('an effect whose delivery kills its worker', () => {
  test('becomes a dead letter in the end, and lets the conversation go on', async () => {
    const pipeline = createPipeline({ maxDeliveries: 3 });
    await pipeline.accept('a');
    await pipeline.accept('b');
    const deadly = { ...pipeline.worker(say('deadly')), connector: { deliver: () => new Promise<never>(() => {}) } };
    for (let crash = 0; crash < 3; crash += 1) {
      answerRing(deadly);
      await pipeline.clock.settle();
      pipeline.clock.jump(60_000);
    }
    await attendFor(pipeline, pipeline.worker(say('fine')), 2_000);
    expect(pipeline.sent).toEqual(['fine']);
    expect(await pipeline.store.deadLetters.list(1)).toMatchObject([
      { dead: { kind: 'effect' }, reason: { code: 'Undeliverable' } },
    ]);
  });
});

describe('a large activity that comes again after it died', () => {
  test('does not take the body of its dead letter with it', async () => {
    const pipeline = createPipeline();
    const bot = async () => {
      throw new TerminalError('no');
    };
    await acceptLarge(pipeline);
    await answerRing(pipeline.worker(bot)).done;
    pipeline.clock.jump(11 * 60_000);
    await acceptLarge(pipeline, '2');
    await answerRing(pipeline.worker(say('hi'))).done;
    const [letter] = await pipeline.store.deadLetters.list(1);
    await pipeline.store.deadLetters.requeue(CONVERSATION, letter?.id ?? '');
    await attendFor(pipeline, pipeline.worker(say('replayed')), 5_000);
    expect(pipeline.sent).toEqual(['hi', 'replayed']);
  });
});

describe('a delay', () => {
  test('is waited for once, whatever is flushed in between', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const times: number[] = [];
    const started = pipeline.clock.monotonic();
    const runtime = pipeline.worker(async (context) => {
      await context.sendActivities([{ type: 'delay', value: 4_000 }, { text: 'one' }]);
      await context.flush();
      await context.sendActivity('two');
      await context.sendActivities([{ type: 'delay', value: 2_000 }, { text: 'three' }]);
    });
    const { connector } = runtime;
    const deliver: typeof connector.deliver = (call) => {
      times.push(pipeline.clock.monotonic() - started);
      return connector.deliver(call);
    };
    await attendFor(pipeline, { ...runtime, connector: { deliver } }, 20_000);
    expect(pipeline.sent).toEqual(['one', 'two', 'three']);
    expect(times).toEqual([4_000, 4_000, 6_000]);
  });
});
