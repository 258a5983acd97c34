import assert from 'node:assert';
// From the module, because tests replace the global ones.
import { setTimeout } from 'node:timers';
import type { TurnContext } from '../bot/turn-context';
import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { ActivityTypes } from '../schema/constants';
import type { CrashPoint } from './bad-days';
import { assertEveryProperty, type ExpectedReply, type TestActivityInspector } from './replies';

/** The adapter as a flow sees it. `TestAdapter` is one. */
export interface FlowAdapter {
  readonly conversation: ConversationReference;
  processActivity(
    activity: string | Partial<Activity>,
    callback?: (context: TurnContext) => Promise<unknown>,
  ): Promise<void>;
  /** Takes the next reply, waiting for it at most so long. */
  nextReply(timeoutMs: number): Promise<Partial<Activity> | undefined>;
  redeliver(): Promise<void>;
  crashBefore(point: CrashPoint): unknown;
  conflict(): unknown;
}

/** How long an assertion waits for a reply that is not there. */
const DEFAULT_TIMEOUT_MS = 3_000;

/**
 * A test as a sequence of steps, each of which begins when the one before is done. Every method returns a flow with one more step;
 * await the last, or return it from the test.
 *
 * ```ts
 * await adapter
 *   .test('hi', 'What is your name?')
 *   .test('Ada', 'Hello Ada')
 *   .redeliver().assertNoReply()
 *   .startTest();
 * ```
 */
export class TestFlow {
  /** @param previous the steps so far. @param callback the bot, when it is not the adapter's own. */
  constructor(
    public previous: Promise<void>,
    private readonly adapter: FlowAdapter,
    private readonly callback?: (context: TurnContext) => Promise<unknown>,
  ) {}

  /** Sends something to the bot and expects one reply. */
  test(
    userSays: string | Partial<Activity>,
    expected: ExpectedReply,
    description?: string,
    timeout?: number,
  ): TestFlow {
    return this.send(userSays).assertReply(expected, description ?? `test("${userSays}", "${expected}")`, timeout);
  }

  /** Sends something to the bot. The step is done when its turn is committed and its replies are delivered. */
  send(userSays: string | Partial<Activity>): TestFlow {
    return this.after(() => this.adapter.processActivity(userSays, this.callback));
  }

  /** Tells the bot that the user has joined the conversation. */
  sendConversationUpdate(): TestFlow {
    return this.after(() => {
      const membersAdded = [this.adapter.conversation.user ?? { id: 'user1' }];
      return this.adapter.processActivity({ type: ActivityTypes.ConversationUpdate, membersAdded }, this.callback);
    });
  }

  /** Delivers the last activity once more, with the same id, as channels do: the bot must not run again. */
  redeliver(): TestFlow {
    return this.after(() => this.adapter.redeliver());
  }

  /** Lets the worker of the next activity die at a point of its turn; another takes over at once. */
  crashBefore(point: CrashPoint): TestFlow {
    return this.after(() => void this.adapter.crashBefore(point));
  }

  /** Lets the commit of the next activity find that the state it has touched was changed by another turn, so that it runs again. */
  conflict(): TestFlow {
    return this.after(() => void this.adapter.conflict());
  }

  /** Expects the next reply. @param timeout how long to wait for it, in ms: 3000 unless given. */
  assertReply(expected: ExpectedReply, description = '', timeout = DEFAULT_TIMEOUT_MS): TestFlow {
    return this.after(async () => {
      const reply = await this.adapter.nextReply(timeout);
      if (reply === undefined) {
        throw new Error(
          `TestAdapter.assertReply(${inWords(expected)}): ${description} Timed out after ${timeout}ms: no reply.`,
        );
      }
      inspectorOf(expected)(reply, description);
    });
  }

  /** Expects the next reply to have one of these texts. */
  assertReplyOneOf(candidates: string[], description?: string, timeout?: number): TestFlow {
    const inspect: TestActivityInspector = ({ text }, said) => {
      if (candidates.some((candidate) => candidate === text)) return;
      assert.fail(
        `TestAdapter.assertReplyOneOf(): ${said ?? ''} FAILED, Expected one of :${JSON.stringify(candidates)}, got "${text}"`,
      );
    };
    return this.assertReply(inspect, description, timeout);
  }

  /** Expects the next reply to have a text with this in it. */
  assertReplyContains(part: string, description?: string, timeout?: number): TestFlow {
    const inspect: TestActivityInspector = ({ text }, said) => {
      if (text?.includes(part)) return;
      assert.fail(`TestAdapter.assertReplyContains(): ${said ?? ''} FAILED, Expected "${part}" in "${text}"`);
    };
    return this.assertReply(inspect, description, timeout);
  }

  /**
   * Expects that no reply waits. At this point the bot has done everything there is to do, so there is nothing to wait for; give a
   * `timeout` (ms) when something outside the bot could still send.
   */
  assertNoReply(description?: string, timeout = 0): TestFlow {
    return this.after(async () => {
      const reply = await this.adapter.nextReply(timeout);
      assert.strictEqual(
        reply,
        undefined,
        `${JSON.stringify(reply)} is responded when waiting for no reply: '${description ?? ''}'`,
      );
    });
  }

  /** Lets time pass before the next step. */
  delay(ms: number): TestFlow {
    return this.after(
      () =>
        new Promise((resolve) => {
          setTimeout(resolve, ms);
        }),
    );
  }

  // biome-ignore lint/suspicious/noThenProperty: a flow is awaited like a promise, as in the Bot Framework SDK.
  then(onFulfilled?: (() => unknown) | null, onRejected?: ((reason: unknown) => unknown) | null): TestFlow {
    return this.followedBy(this.previous.then(onFulfilled, onRejected));
  }

  /** A step for when one before it has failed. */
  catch(onRejected?: (reason: unknown) => unknown): TestFlow {
    return this.followedBy(this.previous.catch(onRejected));
  }

  /** A last step, however the others went. */
  finally(onFinally: () => void): Promise<void> {
    return this.previous.finally(onFinally);
  }

  /** The test as a promise. */
  startTest(): Promise<void> {
    return this.previous;
  }

  private after(step: () => Promise<void> | void): TestFlow {
    return this.followedBy(this.previous.then(step));
  }

  private followedBy(steps: Promise<unknown>): TestFlow {
    return new TestFlow(steps as Promise<void>, this.adapter, this.callback);
  }
}

function inspectorOf(expected: ExpectedReply): TestActivityInspector {
  if (typeof expected === 'function') return expected;
  if (typeof expected === 'object') return (reply) => assertEveryProperty(reply, expected);
  return (reply, description) => {
    assert.equal(reply.type, ActivityTypes.Message, `${description} type === '${reply.type}'. `);
    assert.equal(reply.text, expected, `${description} text === "${reply.text}"`);
  };
}

function inWords(expected: ExpectedReply): string {
  return typeof expected === 'object'
    ? `"${expected.text}"`
    : typeof expected === 'string'
      ? `"${expected}"`
      : `${expected}`;
}
