import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from '@jest/globals';
import { ConversationState } from '../../src/bot/conversation-state';
import type { TurnContext } from '../../src/bot/turn-context';
import { logEvent } from '../../src/runtime/events';
import { hearRejection, runHeard, tellOf } from '../../src/runtime/unheard';
import { TurnwiseError } from '../../src/schema/errors';
import { StoreFault } from '../../src/turn/fault';
import { activityKey } from '../../src/turn/keys';
import { answerRing, CONVERSATION, createPipeline, type Pipeline } from './pipeline';
import { postTo } from './posting';

/* The end-to-end tests have the listener; here is what it decides, and what belongs to a turn. */

const NOBODY = { event: () => undefined };

function collected() {
  const lines: unknown[] = [];
  const log = { event: (level: string, name: string, fields: unknown) => void lines.push({ level, name, fields }) };
  return { lines, log };
}

describe('a rejection that nothing has handled', () => {
  const key = activityKey('0123456789abcdef0123456789abcdef');

  test('is logged once for its turn: with a code, and an error of the bot by its name alone', () => {
    const { lines, log } = collected();
    const tell = tellOf({ log }, CONVERSATION, key);
    const error = new TurnwiseError('NoTurn');
    runHeard(tell, () => {
      expect(hearRejection(NOBODY, error)).toBe(true);
      expect(hearRejection(NOBODY, error)).toBe(true);
      expect(hearRejection(NOBODY, new RangeError('what a user wrote'))).toBe(true);
      expect(hearRejection(NOBODY, 'what a user wrote')).toBe(true);
    });
    const of = { conversation: CONVERSATION, activity: key };
    expect(lines).toEqual([
      { level: 'error', name: 'notAwaited', fields: { ...of, code: 'NoTurn' } },
      { level: 'error', name: 'notAwaited', fields: { ...of, code: 'NotAwaited', error: 'RangeError' } },
      { level: 'error', name: 'notAwaited', fields: { ...of, code: 'NotAwaited', error: 'string' } },
    ]);
  });

  test('outside of a turn is logged if it is of this library, and left to the process if not', () => {
    const { lines, log } = collected();
    expect(hearRejection(log, new TurnwiseError('RecipientUnknown'))).toBe(true);
    expect(hearRejection(log, new StoreFault('no', 'away'))).toBe(true);
    expect(hearRejection(log, new RangeError('another function of the app'))).toBe(false);
    expect(lines).toMatchObject([{ fields: { code: 'RecipientUnknown' } }, { fields: { error: 'StoreFault' } }]);
  });

  test('does not depend on a log that works', () => {
    const log = {
      event: () => {
        throw new Error('no log');
      },
    };
    expect(hearRejection(log, new TurnwiseError('NoTurn'))).toBe(true);
    expect(() => logEvent(log, 'notAwaited', {})).not.toThrow();
  });
});

const count = new ConversationState().createProperty<number>('count');

/** The same calls, as a caller that waits sees them. */
const LATE: readonly (readonly [string, (context: TurnContext) => unknown])[] = [
  ['a send', (context) => context.sendActivity('late')],
  ['an update', (context) => context.updateActivity({ id: 'x' })],
  ['a deletion', (context) => context.deleteActivity('x')],
  ['state', (context) => count.set(context, 1)],
  ['a step', (context) => context.step('s', () => 1)],
  ['a flush', (context) => context.flush()],
  ['a post', (context) => context.proactive.send({ reference: CONVERSATION }, 'late')],
  ['a schedule', (context) => context.proactive.schedule({ reference: CONVERSATION }, 'late', 0)],
  ['a cancellation', (context) => context.proactive.cancel('x')],
  ['a broadcast', (context) => context.proactive.broadcast({}, 'late')],
  ['its progress', (context) => context.proactive.progress('x')],
  ['a new conversation', (context) => context.proactive.createConversation({ reference: 'x' }, {} as never)],
  ['a stream', (context) => context.stream().append('late')],
];

/** How a turn is run, and the event loop's part in it. */
const TURNS: readonly (readonly [
  string,
  (pipeline: Pipeline, bot: (context: TurnContext) => Promise<void>) => unknown,
])[] = [
  [
    'a queued turn',
    async (pipeline, bot) => {
      await pipeline.accept('a');
      await answerRing(pipeline.worker(bot)).done;
    },
  ],
  ['an inline turn', (pipeline, bot) => postTo(pipeline.worker(bot), { name: 'test/invoke' })],
];

describe.each(TURNS)('after the end of %s', (_turn, run) => {
  test.each(LATE)('%s rejects with NoTurn for a caller that waits, and nothing throws at once', async (_call, make) => {
    const pipeline = createPipeline();
    let kept: TurnContext | undefined;
    await run(pipeline, async (context) => {
      kept = context;
    });
    // A throw in a timer would be an uncaught exception, which ends a worker whatever listens.
    let late: unknown;
    expect(() => {
      late = make(kept as TurnContext);
    }).not.toThrow();
    await expect(late).rejects.toMatchObject({ code: 'NoTurn' });
    expect(pipeline.sent).toEqual([]);
  });

  test("code that the handler has started is still known as the turn's", async () => {
    const pipeline = createPipeline();
    let fail: (() => void) | undefined;
    await run(pipeline, async () => {
      fail = AsyncLocalStorage.bind(() => void hearRejection(NOBODY, new RangeError('own')));
    });
    fail?.();
    expect(pipeline.events.filter(({ name }) => name === 'notAwaited')).toEqual([
      {
        name: 'notAwaited',
        fields: expect.objectContaining({ conversation: CONVERSATION, code: 'NotAwaited', error: 'RangeError' }),
      },
    ]);
  });
});
