import { describe, expect, test } from '@jest/globals';
import { ConversationState } from '../../src/bot/conversation-state';
import type { TurnContext } from '../../src/bot/turn-context';
import { RetryableError, TerminalError } from '../../src/bot/turn-errors';
import { nextStepAt } from '../../src/turn/hold';
import { activityKey } from '../../src/turn/keys';
import { answerRing, CONVERSATION, createPipeline, type Pipeline } from './pipeline';

/** Answers rings and lets time pass until the mailbox is empty. No ring comes before a back-off is over. */
async function untilIdle(
  pipeline: Pipeline,
  bot: (context: TurnContext) => Promise<void>,
  apology?: string,
): Promise<void> {
  const sorry =
    apology === undefined ? undefined : async (context: TurnContext) => void (await context.sendActivity(apology));
  for (let round = 0; round < 20 && (await pipeline.head()).wake !== null; round += 1) {
    const waits = (nextStepAt(await pipeline.head()) ?? 0) > pipeline.clock.now();
    const worker = waits ? undefined : answerRing(pipeline.worker(bot, sorry));
    await pipeline.pass(5_000);
    await worker?.done;
  }
}

const state = new ConversationState();
const apologised = state.createProperty<number>('apologised');

/** An inline turn changes the conversation's state beside the turn that runs. */
async function changedBeside({ store }: Pipeline, data: Record<string, unknown>): Promise<void> {
  const key = activityKey('beef'.repeat(8));
  const claimed = await store.inline.claim(CONVERSATION, key, 'beside', 10_000);
  if (claimed.outcome !== 'claimed') throw new Error('It was not claimed.');
  const turn = { activity: key, answer: { status: 200 }, effects: [], bodies: [], reads: [] };
  const writes = [{ id: 'conversation' as const, data }];
  expect(await store.inline.commit(CONVERSATION, claimed.fence, { ...turn, writes })).toBe('committed');
}

const failing = (starts: string[], error: () => Error) => async (context: TurnContext) => {
  starts.push(String(context.activity.text));
  await context.sendActivity('never seen');
  if (context.activity.text === 'a') throw error();
};

describe('a handler that fails', () => {
  test('is tried four times with growing pauses, then apologises once and lets the next activity through', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    await pipeline.accept('b');
    const starts: string[] = [];
    await untilIdle(
      pipeline,
      failing(starts, () => new Error('always')),
      'sorry',
    );
    expect(starts).toEqual(['a', 'a', 'a', 'a', 'b']);
    expect(pipeline.rings.slice(0, 3).map(({ delayMs }) => delayMs)).toEqual([1_000, 5_000, 30_000]);
    expect(pipeline.sent).toEqual(['sorry', 'never seen']);
    const [letter] = await pipeline.store.deadLetters.list(10);
    expect(letter).toMatchObject({ attempts: 4, reason: { code: 'Error', message: 'always' } });
  });

  test('with a terminal error is not tried again', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const starts: string[] = [];
    await untilIdle(
      pipeline,
      failing(starts, () => new TerminalError('hopeless')),
    );
    expect(starts).toEqual(['a']);
    expect(await pipeline.store.deadLetters.list(10)).toMatchObject([
      { attempts: 1, reason: { code: 'TerminalError' } },
    ]);
  });

  test('leaves nothing of its state to the apology, whose own state is kept', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const seen: unknown[] = [];
    const bot = async (context: TurnContext): Promise<void> => {
      await apologised.set(context, 7);
      throw new TerminalError('hopeless');
    };
    const sorry = async (context: TurnContext): Promise<void> => {
      seen.push(state.get(context), await apologised.get(context));
      await apologised.set(context, 1);
    };
    await answerRing(pipeline.worker(bot, sorry)).done;
    expect(seen).toEqual([undefined, undefined]);
    expect((await pipeline.store.turns.readState(CONVERSATION, 'conversation')).data).toEqual({ apologised: 1 });
  });

  test('apologises on the state as it is, when somebody else changes it meanwhile', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const apologies: number[] = [];
    const sorry = async (context: TurnContext): Promise<void> => {
      const before = await apologised.get(context, 0);
      if (apologies.push(before) === 1) await changedBeside(pipeline, { apologised: 10 });
      await apologised.set(context, before + 1);
      await context.sendActivity('sorry');
    };
    await answerRing(
      pipeline.worker(
        failing([], () => new TerminalError('hopeless')),
        sorry,
      ),
    ).done;
    expect(apologies).toEqual([0, 10]);
    expect(pipeline.sent).toEqual(['sorry']);
    expect((await pipeline.store.turns.readState(CONVERSATION, 'conversation')).data).toEqual({ apologised: 11 });
    expect(await pipeline.store.deadLetters.list(10)).toMatchObject([{ reason: { code: 'TerminalError' } }]);
  });

  test('that knows when to come again is obeyed', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const worker = answerRing(pipeline.worker(failing([], () => new RetryableError('busy', 17_000))));
    await worker.done;
    expect(pipeline.rings.at(-1)?.delayMs).toBe(17_000);
    expect(await pipeline.head()).toMatchObject({ att: 1, notBefore: pipeline.clock.now() + 17_000 });
  });

  test('is not hurried by a user who goes on writing', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const starts: string[] = [];
    const bot = failing(starts, () => new Error('always'));
    await answerRing(pipeline.worker(bot)).done;
    for (const id of ['b', 'c', 'd']) {
      await pipeline.accept(id);
      await answerRing(pipeline.worker(bot)).done;
    }
    expect(starts).toEqual(['a']);
    expect((await pipeline.head()).pend.length).toBe(4);
  });
});

describe('a bell', () => {
  test('that comes a little before a back-off is over comes again at its end; a much earlier one does not', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const bot = failing([], () => new RetryableError('busy', 10_000));
    await answerRing(pipeline.worker(bot)).done;
    pipeline.rings.length = 0;
    await pipeline.pass(8_000);
    await answerRing(pipeline.worker(bot)).done;
    expect(pipeline.rings).toEqual([]);
    await pipeline.clock.advance(1_600);
    await answerRing(pipeline.worker(bot)).done;
    expect(pipeline.rings).toEqual([{ key: CONVERSATION, delayMs: 900 }]);
  });
});

describe('a channel that fails', () => {
  test('never makes a handler run again, and uses up no attempt', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    pipeline.answers.push(
      { outcome: 'notSent', reason: '429', status: 429, retryAfterMs: 3_000 },
      { outcome: 'unknown', reason: 'timeout' },
      { outcome: 'notSent', reason: '429', status: 429 },
    );
    const starts: string[] = [];
    await untilIdle(pipeline, async (context) => {
      starts.push(String(context.activity.text));
      await context.sendActivity('reply');
    });
    expect(starts).toEqual(['a']);
    expect(pipeline.sent).toEqual(['reply']);
    expect(pipeline.rings.map(({ delayMs }) => delayMs)).toEqual([3_000, 2_000, 5_000]);
  });
});
