import { describe, expect, test } from '@jest/globals';
import type { Delivery } from '../../src/ports/connector';
import { answerRing, createPipeline } from './pipeline';
import { postTo } from './posting';
import { pass, run, streaming, TEAMS, writing } from './streaming';

/* Messages that are shown while they are written: what a channel gets to see, and when. */

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

  test('shows whole characters, though pieces and the limit cut them', async () => {
    const { pipeline, shown } = await streaming();
    await run(
      pipeline,
      writing(
        pipeline,
        [0, `?${'x'.repeat(999)}\u{1f600}`],
        [1_500, 'Hi \ud83d'],
        [3_000, '\ude00 there \ud83d'],
        [4_500, '!'],
      ),
    );
    expect(shown()).toEqual([
      `informative 1 of -: ${'x'.repeat(999)}`,
      'streaming 2 of channel-1: Hi ',
      'streaming 3 of channel-1: Hi \u{1f600} there ',
      'final - of channel-1: Hi \u{1f600} there \ufffd!',
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

test('a turn that is answered inside its HTTP response streams nothing', async () => {
  const pipeline = createPipeline();
  const runtime = pipeline.worker(async (context) => {
    await writing(pipeline, [0, '?One moment'], [1_500, 'Hel'], [3_000, 'lo'])(context);
    await context.sendActivity({ type: 'invokeResponse', value: { status: 200 } });
  });
  const posted = postTo(runtime, { ...TEAMS, name: 'test' });
  await pipeline.pass(5_000);
  expect(await posted).toMatchObject({ status: 200 });
  expect(pipeline.calls).toEqual([]);
  expect(pipeline.rings.length).toBe(1);
});
