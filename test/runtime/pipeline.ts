import type { Bot } from '../../src/bot/bot';
import type { TurnErrorHandler } from '../../src/bot/bot-adapter';
import { createMemoryStore } from '../../src/memory/memory-store';
import type { ConnectorCall, Delivery } from '../../src/ports/connector';
import type { Store } from '../../src/ports/store';
import { botLogic } from '../../src/runtime/bot-logic';
import { InProcess } from '../../src/runtime/in-process';
import { DEFAULT_OPTIONS, type RuntimeOptions } from '../../src/runtime/options';
import { attend } from '../../src/runtime/processor';
import type { Runtime } from '../../src/runtime/runtime';
import type { Activity } from '../../src/schema/activity';
import { activityKey, type ConversationKey, conversationKey } from '../../src/turn/keys';
import type { Head } from '../../src/turn/record';
import { createManualClock, type ManualClock } from '../support/manual-clock';

export const CONVERSATION: ConversationKey = conversationKey('test', 'c-1');

/** The pipeline on a memory store and a clock that a test moves, with everything that leaves it at hand. */
export interface Pipeline {
  readonly clock: ManualClock;
  readonly store: Store;
  /** A worker: a runtime of its own on the shared store. */
  worker(bot: Bot, onTurnError?: TurnErrorHandler): Runtime;
  accept(id: string, different?: Partial<Activity>): Promise<void>;
  head(): Promise<Head>;
  /** Texts that reached the channel, in order. */
  readonly sent: string[];
  readonly calls: ConnectorCall[];
  readonly rings: { readonly key: ConversationKey; readonly delayMs: number }[];
  readonly events: { readonly name: string; readonly fields: Readonly<Record<string, unknown>> }[];
  /** What the channel answers next; `delivered` when there is nothing. */
  readonly answers: Delivery[];
  /** Lets time pass second by second, as it does while nothing blocks the event loop. */
  pass(ms: number): Promise<void>;
}

/** @param open makes another store than one in memory */
export function createPipeline(
  options: Partial<RuntimeOptions> = {},
  open: (clock: ManualClock) => Store = createMemoryStore,
): Pipeline {
  const clock = createManualClock();
  const store = open(clock);
  const pipeline: Pipeline = {
    clock,
    store,
    sent: [],
    calls: [],
    rings: [],
    events: [],
    answers: [],
    worker: (bot, onTurnError) => ({
      store,
      clock,
      bot: botLogic(bot, [], onTurnError),
      inProcess: new InProcess(),
      options: { ...DEFAULT_OPTIONS, ...options },
      ids: { next: () => `id-${counter++}` },
      log: { event: (_level, name, fields) => void pipeline.events.push({ name, fields }) },
      doorbell: { ring: async (key, delayMs) => void pipeline.rings.push({ key, delayMs }) },
      connector: {
        deliver: async (call) => {
          pipeline.calls.push(call);
          const answer = pipeline.answers.shift() ?? { outcome: 'delivered', id: `channel-${pipeline.calls.length}` };
          if (answer.outcome === 'delivered' && 'activity' in call && call.activity.text !== undefined) {
            pipeline.sent.push(call.activity.text);
          }
          return answer;
        },
      },
    }),
    async accept(id, different = {}) {
      const activity = message(id, different);
      const bytes = JSON.stringify(activity).length;
      await store.mailbox.accept(CONVERSATION, { key: keyOf(id), body: { inline: activity, bytes } }, [], 100);
    },
    async head() {
      const found = await store.inspection.conversation(CONVERSATION);
      if (found === undefined) throw new Error('Nothing was accepted.');
      return found.head;
    },
    async pass(ms) {
      for (let passed = 0; passed < ms; passed += 1_000) await clock.advance(Math.min(1_000, ms - passed));
    },
  };
  let counter = 1;
  return pipeline;
}

/** A worker answers a ring; what it threw, or undefined. Started, not awaited: time has to pass for it to end. */
export function answerRing(runtime: Runtime): { readonly over: () => boolean; readonly done: Promise<unknown> } {
  let over = false;
  const done = attend(runtime, CONVERSATION)
    .catch((error: unknown) => error)
    .finally(() => {
      over = true;
    });
  return { over: () => over, done };
}

const keyOf = (id: string) => activityKey(Buffer.from(id.padEnd(16, '0')).toString('hex').slice(0, 32));

function message(id: string, different: Partial<Activity>): Activity {
  return {
    type: 'message',
    id,
    channelId: 'test',
    serviceUrl: 'https://channel.example/',
    from: { id: 'user-1' },
    recipient: { id: 'bot-1' },
    conversation: { id: 'c-1' },
    text: id,
    ...different,
  };
}
