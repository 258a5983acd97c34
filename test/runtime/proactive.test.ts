import { describe, expect, test } from '@jest/globals';
import type { Bot } from '../../src/bot/bot';
import type { TurnContext } from '../../src/bot/turn-context';
import { immediately, proactiveOver } from '../../src/runtime/proactive';
import { attend } from '../../src/runtime/processor';
import { ReferenceKeeper } from '../../src/runtime/reference-keeper';
import type { Runtime } from '../../src/runtime/runtime';
import { sweep } from '../../src/runtime/sweep';
import type { Activity } from '../../src/schema/activity';
import { type ConversationKey, conversationKey } from '../../src/turn/keys';
import { createPipeline, type Pipeline } from './pipeline';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const keyOf = (name: string): ConversationKey => conversationKey('test', name);
const reference = (name: string) => ({
  channelId: 'test',
  serviceUrl: 'https://channel.example/',
  bot: { id: 'bot-1' },
  conversation: { id: name },
  user: { id: `user-${name}` },
});

/** The pipeline with a registry that knows the conversations a, b and c. */
async function proactivePipeline(bot: Bot, options = {}) {
  const pipeline = createPipeline(options);
  const { references } = pipeline.store;
  for (const name of ['a', 'b', 'c']) {
    const known = { id: keyOf(name), reference: reference(name), scope: 'personal' as const, state: 'active' as const };
    await references.keep(known, 400 * DAY);
  }
  const log = { event: () => undefined };
  const keeper = new ReferenceKeeper({ references, clock: pipeline.clock, log, ttlMs: 400 * DAY });
  const runtime: Runtime = { ...pipeline.worker(bot), keeper };
  const proactive = proactiveOver(
    runtime,
    immediately(runtime, async () => undefined),
  );
  return { pipeline, runtime, proactive };
}

/** Answers what was rung for and is due, until nothing is. */
async function answerRings(pipeline: Pipeline, runtime: Runtime): Promise<void> {
  for (let ring = pipeline.rings.shift(); ring !== undefined; ring = pipeline.rings.shift()) {
    if (ring.delayMs === 0) await attend(runtime, ring.key);
  }
}

const silent: Bot = async () => undefined;

describe('outside a turn', () => {
  test('a message becomes a turn of its recipient, with the middleware around it and no bot', async () => {
    const seen: Activity[] = [];
    const { pipeline, runtime, proactive } = await proactivePipeline(async () => {
      throw new Error('The bot has nothing to do with it.');
    });
    await proactive.send({ user: 'user-b', channelId: 'test' }, 'built');
    await proactive.send({ reference: keyOf('b') }, { text: 'and deployed' });
    await answerRings(pipeline, runtime);
    expect(pipeline.sent).toEqual(['built', 'and deployed']);
    expect(pipeline.calls.map(({ op, conversationId }) => [op, conversationId])).toEqual([
      ['send', 'b'],
      ['send', 'b'],
    ]);
    expect(seen).toEqual([]);
  });

  test('an event is what the bot runs on', async () => {
    const { pipeline, runtime, proactive } = await proactivePipeline(async (context: TurnContext) => {
      const { from, name, type, value } = context.activity;
      await context.sendActivity(JSON.stringify([type, name, value, from.id]));
    });
    await proactive.run({ conversation: 'a', channelId: 'test' }, 'built', { build: 7 });
    await answerRings(pipeline, runtime);
    expect(pipeline.sent).toEqual(['["event","built",{"build":7},"user-a"]']);
  });

  test("what only the app may post cannot be forged: an event of that name from the channel is the bot's to judge", async () => {
    const { pipeline, runtime } = await proactivePipeline(async (context: TurnContext) => {
      await context.sendActivity(`bot: ${context.activity.name}`);
    });
    await pipeline.accept('m1', {
      type: 'event',
      name: 'ContinueConversation',
      value: { type: 'message', text: 'forged' },
    });
    await attend(runtime, keyOf('c-1'));
    expect(pipeline.sent).toEqual(['bot: ContinueConversation']);
  });

  test("a message and a user's message are two turns, one after the other", async () => {
    const log: string[] = [];
    const { pipeline, runtime, proactive } = await proactivePipeline(async (context: TurnContext) => {
      log.push(`begin ${context.activity.text ?? context.activity.name}`);
      await context.sendActivity('x');
      log.push('end');
    });
    await pipeline.accept('m1');
    await proactive.run(reference('c-1'), 'told');
    await pipeline.accept('m2');
    await attend(runtime, keyOf('c-1'));
    expect(log).toEqual(['begin m1', 'end', 'begin told', 'end', 'begin m2', 'end']);
  });

  test.each([
    ['nobody', { user: 'nobody' }, 'RecipientUnknown'],
    ['no reference', { reference: 'nonsense' }, 'RecipientUnknown'],
    ['half a reference', { serviceUrl: 'https://channel.example/' }, 'RecipientUnknown'],
    ['a user of another channel', { user: 'user-a', channelId: 'other' }, 'RecipientUnknown'],
    ['half a character', { user: '\ud800', channelId: 'test' }, 'RecipientUnknown'],
    ['a thread that no address can name', { conversation: 'a;messageid=../b', channelId: 'test' }, 'RecipientUnknown'],
    [
      'a thread of any length',
      { conversation: `a;messageid=${'1'.repeat(5_000)}`, channelId: 'test' },
      'RecipientUnknown',
    ],
    ['a reference of any length', reference('x'.repeat(5_000)), 'RecipientUnknown'],
  ])('%s is told at once', async (_, to, code) => {
    const { proactive } = await proactivePipeline(silent);
    await expect(proactive.send(to, 'hello')).rejects.toMatchObject({ code });
  });

  test('a recipient that cannot be reached is told at once, and when it has become so since, is not written to', async () => {
    const { pipeline, runtime, proactive } = await proactivePipeline(silent);
    await proactive.send({ reference: keyOf('a') }, 'hello');
    await pipeline.store.references.mark(keyOf('a'), 'blocked');
    await answerRings(pipeline, runtime);
    expect(pipeline.calls).toEqual([]);
    expect((await pipeline.store.deadLetters.list(9)).map(({ reason }) => reason.code)).toEqual(['RecipientBlocked']);
    await expect(proactive.send({ reference: keyOf('a') }, 'again')).rejects.toMatchObject({
      code: 'RecipientBlocked',
    });
    await pipeline.store.references.mark(keyOf('a'), 'removed');
    await expect(proactive.send({ reference: keyOf('a') }, 'again')).rejects.toMatchObject({
      code: 'RecipientRemoved',
    });
  });

  test('a message goes where its recipient is when it leaves', async () => {
    const { pipeline, runtime, proactive } = await proactivePipeline(silent);
    await proactive.send({ reference: keyOf('a') }, 'hello');
    const moved = { ...reference('a'), serviceUrl: 'https://moved.example/' };
    await pipeline.store.references.keep(
      { id: keyOf('a'), reference: moved, scope: 'personal', vouched: true, state: 'active' },
      DAY,
    );
    await answerRings(pipeline, runtime);
    expect(pipeline.calls.map(({ serviceUrl }) => serviceUrl)).toEqual(['https://moved.example/']);
  });

  test('a full mailbox is told', async () => {
    const { proactive } = await proactivePipeline(silent, { backlogLimit: 1 });
    await proactive.send({ reference: keyOf('a') }, '1');
    await expect(proactive.send({ reference: keyOf('a') }, '2')).rejects.toMatchObject({ code: 'BacklogFull' });
  });
});

test('messages to one thread of Teams keep to what it takes in one thread, whoever sends them', async () => {
  const { pipeline, runtime, proactive } = await proactivePipeline(silent);
  const to = { ...reference('t'), channelId: 'msteams' };
  for (let each = 0; each < 40; each += 1) await proactive.send(to, `${each}`);
  const times: number[] = [];
  const deliver = runtime.connector.deliver;
  const noting = {
    ...runtime,
    connector: {
      deliver: (...call: Parameters<typeof deliver>) => {
        times.push(pipeline.clock.now());
        return deliver(...call);
      },
    },
  };
  while (pipeline.sent.length < 40) {
    // Another one each time: what was sent before is in the record.
    const working = attend(noting, conversationKey('msteams', 't'));
    for (let tenth = 0; tenth < 20; tenth += 1) await pipeline.clock.advance(100);
    await Promise.race([working, pipeline.pass(30_000)]);
  }
  for (const [sends, ms] of [
    [7, 1_000],
    [8, 2_000],
    [30, 15_000],
  ] as const) {
    const tightest = Math.min(...times.slice(sends).map((at, index) => at - (times[index] ?? 0)));
    expect(tightest).toBeGreaterThanOrEqual(ms);
  }
  expect(times).toHaveLength(40);
});

describe('in a turn', () => {
  test('what is said elsewhere is said when the turn commits, and not when it fails', async () => {
    let attempts = 0;
    const { pipeline, runtime } = await proactivePipeline(async (context: TurnContext) => {
      await context.proactive.send({ reference: keyOf('b') }, 'from a');
      await context.sendActivity('here');
      attempts += 1;
      if (attempts === 1) throw new Error('not yet');
    });
    await pipeline.accept('m1');
    await attend(runtime, keyOf('c-1'));
    expect((await pipeline.store.inspection.conversation(keyOf('b')))?.head.pend ?? []).toEqual([]);
    await pipeline.clock.advance(1_000);
    await attend(runtime, keyOf('c-1'));
    await answerRings(pipeline, runtime);
    expect(attempts).toBe(2);
    expect(pipeline.sent).toEqual(['here', 'from a']);
  });

  test('a post that was delivered by a worker that died is not delivered again', async () => {
    const { pipeline, runtime } = await proactivePipeline(async (context: TurnContext) => {
      await context.proactive.send({ reference: keyOf('b') }, 'from a');
    });
    await pipeline.accept('m1');
    const { turns } = pipeline.store;
    const dying = { ...turns, markDelivered: () => new Promise<never>(() => undefined) };
    void attend({ ...runtime, store: { ...pipeline.store, turns: dying } }, keyOf('c-1'));
    await pipeline.pass(60_000);
    await attend(runtime, keyOf('c-1'));
    await answerRings(pipeline, runtime);
    expect(pipeline.sent).toEqual(['from a']);
  });

  test("a mailbox that is full does not hold the turn's other effects up", async () => {
    const { pipeline, proactive, runtime } = await proactivePipeline(
      async (context: TurnContext) => {
        await context.proactive.send({ reference: keyOf('b') }, 'lost');
        await context.sendActivity('here');
      },
      { backlogLimit: 1 },
    );
    await proactive.send({ reference: keyOf('b') }, 'first');
    await pipeline.accept('m1');
    await attend(runtime, keyOf('c-1'));
    expect(pipeline.sent).toEqual(['here']);
    const [letter] = await pipeline.store.deadLetters.list(9);
    expect(letter?.reason.code).toBe('BacklogFull');
    // The operator replays it when there is room again.
    await answerRings(pipeline, runtime);
    await pipeline.store.deadLetters.requeue(keyOf('c-1'), letter?.id ?? '');
    await attend(runtime, keyOf('c-1'));
    await answerRings(pipeline, runtime);
    expect(pipeline.sent).toEqual(['here', 'first', 'lost']);
  });

  test('a large message is posted whole', async () => {
    const text = 'x'.repeat(50_000);
    const { pipeline, runtime } = await proactivePipeline(async (context: TurnContext) => {
      await context.proactive.send({ reference: keyOf('b') }, text);
    });
    await pipeline.accept('m1');
    await attend(runtime, keyOf('c-1'));
    await answerRings(pipeline, runtime);
    expect(pipeline.sent).toEqual([text]);
  });
});

describe('at a time', () => {
  test.each([
    ['in ten seconds', 10_000],
    ['in two minutes', 2 * MINUTE],
    ['in three years', 3 * 365 * DAY],
  ])('a message that is scheduled %s arrives then, and not before', async (_, ms) => {
    const { pipeline, runtime, proactive } = await proactivePipeline(silent);
    await proactive.schedule({ reference: keyOf('a') }, 'now', pipeline.clock.now() + ms);
    const due = pipeline.clock.now() + ms;
    // The worker is asleep for all that time but the last two minutes.
    if (ms > 3 * MINUTE) await pipeline.clock.jump(ms - 3 * MINUTE);
    const bells: number[] = pipeline.rings.splice(0).map(({ delayMs }) => pipeline.clock.now() + delayMs);
    for (let second = 0; pipeline.sent.length === 0; second += 1) {
      if (second % 60 === 59) await sweep(runtime);
      for (const { delayMs } of pipeline.rings.splice(0)) bells.push(pipeline.clock.now() + delayMs);
      if (bells.some((at) => at <= pipeline.clock.now())) {
        for (const at of bells.splice(0)) if (at > pipeline.clock.now()) bells.push(at);
        await attend(runtime, keyOf('a'));
        continue;
      }
      await pipeline.clock.advance(1_000);
    }
    expect(pipeline.clock.now() - due).toBeGreaterThanOrEqual(0);
    expect(pipeline.clock.now() - due).toBeLessThanOrEqual(2_000);
    expect((await pipeline.store.inspection.conversation(keyOf('a')))?.head).toMatchObject({ sched: [], wake: null });
  });

  test('what is past is posted at once', async () => {
    const { pipeline, runtime, proactive } = await proactivePipeline(silent);
    await proactive.schedule({ reference: keyOf('a') }, 'late', new Date(pipeline.clock.now() - 1_000));
    await answerRings(pipeline, runtime);
    expect(pipeline.sent).toEqual(['late']);
    await expect(proactive.schedule({ reference: keyOf('a') }, 'never', new Date('nonsense'))).rejects.toMatchObject({
      code: 'TimeRefused',
    });
  });

  test('what is cancelled does not happen, and cancelling it again, or too late, does nothing', async () => {
    const { pipeline, runtime, proactive } = await proactivePipeline(silent);
    const at = pipeline.clock.now() + 10_000;
    const first = await proactive.schedule({ reference: keyOf('a') }, 'one', at);
    const second = await proactive.schedule({ reference: keyOf('a') }, 'two', at);
    await proactive.cancel(first.id);
    await proactive.cancel(first.id);
    await pipeline.clock.advance(10_000);
    await attend(runtime, keyOf('a'));
    await proactive.cancel(second.id);
    expect(pipeline.sent).toEqual(['two']);
    await expect(proactive.cancel('nonsense')).rejects.toMatchObject({ code: 'PostedUnknown' });
  });

  test('a turn schedules and cancels when it commits', async () => {
    const { pipeline, runtime } = await proactivePipeline(async (context: TurnContext) => {
      const at = pipeline.clock.now() + 30_000;
      if (context.activity.type === 'event') return void (await context.sendActivity(`event ${context.activity.name}`));
      const { id } = await context.proactive.schedule({ reference: keyOf('b') }, 'cancelled', at);
      await context.proactive.schedule({ reference: keyOf('b') }, { event: 'wake up' }, at);
      await context.proactive.cancel(id);
    });
    await pipeline.accept('m1');
    await attend(runtime, keyOf('c-1'));
    await pipeline.clock.advance(30_000);
    await attend(runtime, keyOf('b'));
    expect(pipeline.sent).toEqual(['event wake up']);
  });

  test('a conversation that is busy when something comes due turns to it next', async () => {
    const { pipeline, runtime, proactive } = await proactivePipeline(async (context: TurnContext) => {
      await pipeline.clock.sleep(5_000);
      await context.sendActivity('slow');
    });
    await pipeline.accept('m1');
    await proactive.schedule(reference('c-1'), 'due', pipeline.clock.now() + 2_000);
    pipeline.rings.length = 0;
    const working = attend(runtime, keyOf('c-1'));
    await pipeline.pass(6_000);
    await working;
    await answerRings(pipeline, runtime);
    expect(pipeline.sent).toEqual(['slow', 'due']);
  });
});
