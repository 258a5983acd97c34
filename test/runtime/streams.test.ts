import { describe, expect, test } from '@jest/globals';
import type { Bot } from '../../src/bot/bot';
import type { TurnContext } from '../../src/bot/turn-context';
import type { Delivery } from '../../src/ports/connector';
import { receive } from '../../src/runtime/ingress';
import type { RuntimeOptions } from '../../src/runtime/options';
import type { Activity } from '../../src/schema/activity';
import { answerRing, createPipeline, type Pipeline } from './pipeline';

/* Messages that are shown while they are written: what a channel gets to see, and when, through runs that fail, crash and are repeated. */

const TEAMS: Partial<Activity> = {
  channelId: 'msteams',
  conversation: { id: 'c-1', conversationType: 'personal' },
};
const WEB_CHAT: Partial<Activity> = { channelId: 'webchat' };

/** A pipeline with one message in it, and what the channel was sent, in short. */
async function streaming(different: Partial<Activity> = TEAMS, options: Partial<RuntimeOptions> = {}) {
  const pipeline = createPipeline(options);
  await pipeline.accept('a', different);
  return { pipeline, shown: () => shownBy(pipeline) };
}

/** Kind, number and stream of each call, with its text; a message that is no piece of a stream is `message`. */
function shownBy({ calls }: Pipeline): (string | undefined)[] {
  return calls.map((call) => {
    if (!('activity' in call)) return call.op;
    const { type, text, entities = [] } = call.activity;
    const info = entities.find((entity) => entity.type === 'streaminfo');
    if (info === undefined) return `${type}: ${text}`;
    return `${info.streamType} ${info.streamSequence ?? '-'} of ${info.streamId ?? '-'}: ${text}`;
  });
}

async function run(pipeline: Pipeline, bot: Bot, ms = 20_000, onTurnError?: (context: TurnContext) => Promise<void>) {
  const worker = answerRing(pipeline.worker(bot, onTurnError));
  await pipeline.clock.settle();
  await pass(pipeline, ms, worker.over);
  return worker;
}

/** Lets time pass in steps that are shorter than any pause of a stream. */
async function pass({ clock }: Pipeline, ms: number, over = () => false): Promise<void> {
  for (let passed = 0; passed < ms && !over(); passed += 50) await clock.advance(50);
}

/** A handler that says something at these moments, and ends in the last. */
function writing(pipeline: Pipeline, ...script: readonly (readonly [atMs: number, text: string])[]) {
  return async (context: TurnContext): Promise<void> => {
    const stream = context.stream();
    const start = pipeline.clock.monotonic();
    for (const [atMs, text] of script) {
      await pipeline.clock.sleep(atMs - (pipeline.clock.monotonic() - start));
      if (text.startsWith('?')) await stream.inform(text.slice(1));
      else await stream.append(text);
    }
    await stream.end();
  };
}

const refused: Delivery = { outcome: 'rejected', status: 403, reason: 'HTTP 403 ContentStreamNotAllowed' };

describe('a streamed message', () => {
  test('is announced, grows and is then complete, under one id and with numbers that rise', async () => {
    const { pipeline, shown } = await streaming();
    await run(pipeline, writing(pipeline, [0, '?Searching…'], [1_500, 'Hel'], [3_000, 'lo'], [6_000, '!']));
    expect(shown()).toEqual([
      'informative 1 of -: Searching…',
      'streaming 2 of channel-1: Hel',
      'streaming 3 of channel-1: Hello',
      'final - of channel-1: Hello!',
    ]);
    expect(pipeline.calls[1]).toMatchObject({
      op: 'send',
      conversationId: 'c-1',
      activity: {
        type: 'typing',
        from: { id: 'bot-1' },
        recipient: { id: 'user-1' },
        entities: [{ type: 'streaminfo', streamType: 'streaming', streamSequence: 2, streamId: 'channel-1' }],
        channelData: { streamType: 'streaming', streamSequence: 2, streamId: 'channel-1' },
      },
    });
    expect(pipeline.calls[3]).toMatchObject({ activity: { type: 'message', channelData: { streamType: 'final' } } });
  });

  test('is shown once a second at most, with all that came in between, and never after its end', async () => {
    const { pipeline, shown } = await streaming();
    const words = Array.from({ length: 22 }, (_, index): [number, string] => [index * 100, `${index} `]);
    const at: number[] = [];
    const { push } = pipeline.calls;
    pipeline.calls.push = (...calls) => {
      at.push(pipeline.clock.monotonic());
      return push.apply(pipeline.calls, calls);
    };
    await run(pipeline, writing(pipeline, ...words));
    const text = (count: number) =>
      words
        .slice(0, count)
        .map(([, word]) => word)
        .join('');
    expect(shown()).toEqual([
      `streaming 1 of -: ${text(2)}`,
      `streaming 2 of channel-1: ${text(11)}`,
      `streaming 3 of channel-1: ${text(21)}`,
      `final - of channel-1: ${text(22)}`,
    ]);
    expect(at[0]).toBeLessThanOrEqual(100);
    expect(Math.min(...at.slice(1).map((ms, index) => ms - (at[index] ?? 0)))).toBeGreaterThanOrEqual(1_000);
    expect(at[3]).toBeLessThanOrEqual(3_300);
    await pipeline.pass(5_000);
    expect(pipeline.calls.length).toBe(4);
  });

  test('has never two updates on their way', async () => {
    const { pipeline, shown } = await streaming();
    const runtime = pipeline.worker(writing(pipeline, [0, 'a'], [1_100, 'b'], [2_200, 'c'], [5_000, 'd']));
    let under = 0;
    let most = 0;
    const { deliver } = runtime.connector;
    const slow = async (...call: Parameters<typeof deliver>): Promise<Delivery> => {
      under += 1;
      most = Math.max(most, under);
      await pipeline.clock.sleep(3_000);
      under -= 1;
      return deliver(...call);
    };
    const worker = answerRing({ ...runtime, connector: { deliver: slow } });
    await pass(pipeline, 20_000, worker.over);
    expect(most).toBe(1);
    expect(shown()).toEqual(['streaming 1 of -: a', 'streaming 2 of channel-1: abc', 'final - of channel-1: abcd']);
  });

  test('that is written at once is a message like any other', async () => {
    const { pipeline, shown } = await streaming();
    await run(pipeline, async (context) => {
      const stream = context.stream();
      await stream.append('Hello');
      await stream.end({ attachments: [{ contentType: 'text/plain' }] });
    });
    expect(shown()).toEqual(['message: Hello']);
    expect(pipeline.calls[0]).toMatchObject({
      op: 'reply',
      activity: { attachments: [{}], inputHint: 'acceptingInput' },
    });
  });

  test('that the handler leaves open is ended with what it has', async () => {
    const { pipeline, shown } = await streaming();
    await run(pipeline, async (context) => {
      await context.stream().append('Hel');
      await pipeline.clock.sleep(500);
      await context.stream().append('lo');
    });
    expect(shown()).toEqual(['streaming 1 of -: Hel', 'final - of channel-1: Hello']);
  });

  test('that comes to no text is ended all the same, when it was begun', async () => {
    const { pipeline, shown } = await streaming();
    await run(pipeline, writing(pipeline, [0, '?Looking…'], [500, '']));
    expect(shown()).toEqual(['informative 1 of -: Looking…', 'final - of channel-1: Looking…']);
    const nothing = await streaming();
    await run(nothing.pipeline, writing(nothing.pipeline));
    expect(nothing.shown()).toEqual([]);
  });

  test('is announced no more once there is text, nor with more than a channel takes', async () => {
    const { pipeline, shown } = await streaming();
    await run(
      pipeline,
      writing(pipeline, [0, `?${'x'.repeat(2_000)}`], [1_500, 'Text'], [3_000, '?Late'], [4_500, '.']),
    );
    expect(shown()).toEqual([
      `informative 1 of -: ${'x'.repeat(1_000)}`,
      'streaming 2 of channel-1: Text',
      'final - of channel-1: Text.',
    ]);
  });

  test('takes nothing after its end', async () => {
    const { pipeline } = await streaming();
    const codes: unknown[] = [];
    const code = (call: Promise<unknown>) =>
      call.then(
        () => undefined,
        ({ code }) => void codes.push(code),
      );
    await run(pipeline, async (context) => {
      const stream = context.stream();
      await stream.append('a');
      await stream.end();
      await code(stream.append('b'));
      await code(stream.inform('b'));
      await code(stream.end());
      expect(context.stream()).toBe(stream);
    });
    expect(codes).toEqual(['StreamEnded', 'StreamEnded', 'StreamEnded']);
    expect(pipeline.sent).toEqual(['a']);
  });
});

describe('beside other messages, a stream', () => {
  test('comes after what was sent before it, and its message in its place', async () => {
    const { pipeline, shown } = await streaming();
    await run(pipeline, async (context) => {
      await context.sendActivity('before');
      const stream = context.stream();
      await stream.append('Hel');
      await pipeline.clock.sleep(300);
      await context.sendActivity('meanwhile');
      await pipeline.clock.sleep(2_000);
      await stream.append('lo');
      await stream.end();
      await context.sendActivity('after');
    });
    expect(shown()).toEqual([
      'message: before',
      'streaming 1 of -: Hel',
      'message: meanwhile',
      'final - of channel-2: Hello',
      'message: after',
    ]);
  });

  test('does not end before the turn commits, however long that takes', async () => {
    const { pipeline, shown } = await streaming(TEAMS, { holdRepliesMs: 500 });
    const worker = answerRing(
      pipeline.worker(async (context) => {
        const stream = context.stream();
        await stream.append('Hel');
        await pipeline.clock.sleep(300);
        await context.sendActivity('meanwhile');
        await stream.append('lo');
        await stream.end();
        await context.sendActivity('after');
        await context.flush();
        await pipeline.clock.sleep(5_000);
      }),
    );
    await pass(pipeline, 4_000);
    expect(shown()).toEqual(['streaming 1 of -: Hel', 'message: meanwhile']);
    await pipeline.pass(4_000);
    await worker.done;
    expect(shown().slice(2)).toEqual(['final - of channel-1: Hello', 'message: after']);
  });
});

describe('another run of the turn', () => {
  /** A handler that writes a part, and fails in its first attempt. */
  const failingOnce =
    (pipeline: Pipeline, begin: string): Bot =>
    async (context) => {
      await context.stream().inform('Searching…');
      await pipeline.clock.sleep(1_500);
      if (begin !== '') await context.stream().append(begin);
      await pipeline.clock.sleep(1_500);
      if (context.attempt === 1) throw new Error('no');
      await context.stream().append(`, attempt ${context.attempt}`);
      await pipeline.clock.sleep(1_500);
      await context.stream().end();
    };

  test('goes on with the stream, with numbers above those that were used', async () => {
    const { pipeline, shown } = await streaming(WEB_CHAT);
    const bot = failingOnce(pipeline, 'Hello');
    await run(pipeline, bot);
    await pipeline.pass(2_000);
    await run(pipeline, bot);
    expect(shown()).toEqual([
      'informative 1 of -: Searching…',
      'streaming 2 of channel-1: Hello',
      'informative 10001 of channel-1: Searching…',
      'streaming 10002 of channel-1: Hello',
      'streaming 10003 of channel-1: Hello, attempt 2',
      'final - of channel-1: Hello, attempt 2',
    ]);
  });

  test('only ends it in Teams, where what was shown cannot be taken back', async () => {
    const { pipeline, shown } = await streaming(TEAMS);
    const bot = failingOnce(pipeline, 'Hello');
    await run(pipeline, bot);
    await pipeline.pass(2_000);
    await run(pipeline, bot);
    expect(shown()).toEqual([
      'informative 1 of -: Searching…',
      'streaming 2 of channel-1: Hello',
      'final - of channel-1: Hello, attempt 2',
    ]);
  });

  test('goes on in Teams when no text was shown', async () => {
    const { pipeline, shown } = await streaming(TEAMS);
    const bot = failingOnce(pipeline, '');
    await run(pipeline, bot);
    await pipeline.pass(2_000);
    await run(pipeline, bot);
    expect(shown()).toEqual([
      'informative 1 of -: Searching…',
      'informative 10001 of channel-1: Searching…',
      'streaming 10002 of channel-1: , attempt 2',
      'final - of channel-1: , attempt 2',
    ]);
  });

  test('on another worker, after the first has died, leaves one complete answer', async () => {
    const { pipeline, shown } = await streaming(WEB_CHAT);
    const write = writing(pipeline, [0, 'Hel'], [1_500, 'lo'], [5_000, '!']);
    const runtime = pipeline.worker(write);
    // It goes on as a worker does that is cut off: from here on nothing it sends or writes arrives.
    let dead = false;
    const never = <T>(call: () => Promise<T>): Promise<T> => (dead ? new Promise(() => undefined) : call());
    const { deliver } = runtime.connector;
    const { store } = runtime;
    const first = answerRing({
      ...runtime,
      connector: { deliver: (...call) => never(() => deliver(...call)) },
      store: {
        ...store,
        turns: {
          ...store.turns,
          renew: (...call) => never(() => store.turns.renew(...call)),
          commit: (...call) => never(() => store.turns.commit(...call)),
        },
      },
    });
    await pass(pipeline, 3_000);
    dead = true;
    await pipeline.pass(30_000);
    expect(first.over()).toBe(false);
    await run(pipeline, write);
    expect(shown()).toEqual([
      'streaming 1 of -: Hel',
      'streaming 2 of channel-1: Hello',
      'streaming 10001 of channel-1: Hel',
      'streaming 10002 of channel-1: Hello',
      'final - of channel-1: Hello!',
    ]);
  });
});

describe('a handler that fails for good', () => {
  const failing =
    (pipeline: Pipeline): Bot =>
    async (context) => {
      await context.stream().append('Half an ans');
      await pipeline.clock.sleep(500);
      throw Object.assign(new Error('no'), { retry: false });
    };

  test('has its stream ended by the apology, and what else is said comes after it', async () => {
    const { pipeline, shown } = await streaming();
    await run(pipeline, failing(pipeline), 20_000, async (context) => {
      await context.sendActivity('Sorry.');
      await context.sendActivity('Try again.');
    });
    expect(shown()).toEqual(['streaming 1 of -: Half an ans', 'final - of channel-1: Sorry.', 'message: Try again.']);
  });

  test('also when the apology is written as a stream', async () => {
    const { pipeline, shown } = await streaming();
    await run(pipeline, failing(pipeline), 20_000, async (context) => {
      await context.stream().append('Sorry.');
    });
    expect(shown()).toEqual(['streaming 1 of -: Half an ans', 'final - of channel-1: Sorry.']);
  });
});

describe('a channel', () => {
  const slowly = (pipeline: Pipeline) =>
    writing(pipeline, [0, '?One moment'], [1_500, 'Hel'], [3_000, 'lo'], [4_500, '!']);

  test.each([
    ['group chats of Teams', { channelId: 'msteams', conversation: { id: 'c-1', conversationType: 'groupChat' } }],
    ['channels that do not stream', { channelId: 'slack' }],
  ])('without streams gets the message alone: %s', async (_what, different) => {
    const { pipeline, shown } = await streaming(different);
    await run(pipeline, slowly(pipeline));
    expect(shown()).toEqual(['message: Hello!']);
  });

  test('that gives the first update no id gets the message alone', async () => {
    const { pipeline, shown } = await streaming();
    pipeline.answers.push({ outcome: 'delivered' });
    await run(pipeline, slowly(pipeline));
    expect(shown()).toEqual(['informative 1 of -: One moment', 'message: Hello!']);
  });

  test('that refuses the first update gets the message alone', async () => {
    const { pipeline, shown } = await streaming();
    pipeline.answers.push(refused);
    await run(pipeline, slowly(pipeline));
    expect(shown()).toEqual(['informative 1 of -: One moment', 'message: Hello!']);
  });

  test('that is busy gets the next update later, under the same number', async () => {
    const { pipeline, shown } = await streaming();
    const busy: Delivery = { outcome: 'notSent', status: 429, reason: 'HTTP 429', retryAfterMs: 2_500 };
    pipeline.answers.push({ outcome: 'delivered', id: 's' }, busy);
    await run(pipeline, slowly(pipeline));
    expect(shown()).toEqual([
      'informative 1 of -: One moment',
      'streaming 2 of s: Hel',
      'streaming 2 of s: Hello',
      'final - of s: Hello!',
    ]);
  });

  test('that refuses a later update gets no more of them, and then the end', async () => {
    const { pipeline, shown } = await streaming();
    pipeline.answers.push({ outcome: 'delivered', id: 's' }, refused);
    await run(pipeline, slowly(pipeline));
    expect(shown()).toEqual(['informative 1 of -: One moment', 'streaming 2 of s: Hel', 'final - of s: Hello!']);
  });

  test('that refuses the end of the stream gets the answer as a message of its own', async () => {
    const { pipeline, shown } = await streaming();
    pipeline.answers.push({ outcome: 'delivered', id: 's' }, refused, refused);
    await run(pipeline, slowly(pipeline));
    expect(shown().slice(2)).toEqual(['final - of s: Hello!', 'message: Hello!']);
    expect(pipeline.calls.at(-1)).toMatchObject({ activity: { type: 'message', text: 'Hello!' } });
    expect(pipeline.calls.at(-1)).not.toHaveProperty('activity.channelData');
    expect((await pipeline.head()).out).toEqual([]);
  });
});

test('a turn that is answered inside its HTTP response streams nothing', async () => {
  const pipeline = createPipeline();
  const runtime = pipeline.worker(async (context) => {
    await writing(pipeline, [0, '?One moment'], [1_500, 'Hel'], [3_000, 'lo'])(context);
    await context.sendActivity({ type: 'invokeResponse', value: { status: 200 } });
  });
  const activity = {
    ...TEAMS,
    type: 'invoke',
    name: 'test',
    id: 'i-1',
    serviceUrl: 'https://channel.example/',
    from: { id: 'user-1' },
    recipient: { id: 'bot-1' },
  };
  const body = new TextEncoder().encode(JSON.stringify(activity));
  const auth = {
    mode: 'open',
    authenticate: async () => ({ ok: true as const, admit: () => ({ ok: true as const }) }),
  };
  const posted = receive(runtime, auth, { headers: { 'content-type': 'application/json' }, body: async () => body });
  await pipeline.pass(5_000);
  expect(await posted).toMatchObject({ status: 200 });
  expect(pipeline.calls).toEqual([]);
  expect(pipeline.rings.length).toBe(1);
});
