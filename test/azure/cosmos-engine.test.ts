import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Store } from '../../src/ports/store';
import { InProcess } from '../../src/runtime/in-process';
import { receive } from '../../src/runtime/ingress';
import { DEFAULT_OPTIONS } from '../../src/runtime/options';
import { attend } from '../../src/runtime/processor';
import type { Runtime } from '../../src/runtime/runtime';
import { sweep } from '../../src/runtime/sweep';
import { systemClock, systemIds } from '../../src/runtime/system';
import { StoreFault } from '../../src/turn/fault';
import { type ConversationKey, conversationKey, userKey } from '../../src/turn/keys';
import { DEFAULT_TIMING } from '../../src/turn/timing';
import { type CosmosGateway, type GatewayRequest, type Mischief, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores } from '../support/cosmos-under-test';
import { OPEN } from '../support/open-auth';

const CONVERSATIONS = ['c1', 'c2', 'c3'];
const MESSAGES = 5;
const TIMING = { ...DEFAULT_TIMING, leaseMs: 4_000, graceMs: 200 };
const OPTIONS = {
  ...DEFAULT_OPTIONS,
  renewMs: 1_200,
  guardBellMs: 300,
  deliveryLimitMs: 500,
  holdRepliesMs: 0,
  maxConflictRuns: 50,
};

let gateway: CosmosGateway;
beforeAll(async () => {
  gateway = await startCosmosGateway();
});
afterAll(() => gateway.close());

/** Two instances of the whole pipeline on one database; rings arrive at either. */
class World {
  readonly sent = new Map<string, string[]>();
  private readonly instances: Runtime[];
  private readonly working = new Set<Promise<void>>();
  private over = false;

  constructor(stores: readonly Store[]) {
    this.instances = stores.map((store) => this.instance(store));
  }

  /** Posts until it is acknowledged, as channels do. */
  async post(conversation: string, name: string): Promise<void> {
    const activity = {
      type: 'message',
      id: name,
      channelId: 'test',
      serviceUrl: 'https://channel.example/',
      from: { id: 'user' },
      recipient: { id: 'bot' },
      conversation: { id: conversation },
      text: name,
    };
    const body = async () => new TextEncoder().encode(JSON.stringify(activity));
    const headers = { 'content-type': 'application/json' };
    for (let status = 0; status !== 200; ) {
      ({ status } = await receive(this.any(), OPEN, { headers, body }));
      if (status !== 200) expect(status).toBe(503);
    }
  }

  /** Sweeps until nothing is left to do. */
  async rest(): Promise<void> {
    for (;;) {
      await systemClock.sleep(100);
      await Promise.all(this.working);
      try {
        await sweep(this.any());
        const busy = await this.any().store.inspection.busy(10);
        if (busy.length === 0 && this.working.size === 0) break;
      } catch (error) {
        if (!(error instanceof StoreFault)) throw error;
      }
    }
    this.over = true;
  }

  private any(): Runtime {
    const runtime = this.instances[Math.floor(Math.random() * this.instances.length)];
    if (runtime === undefined) throw new Error('There is no instance.');
    return runtime;
  }

  private async ring(key: ConversationKey, delayMs: number): Promise<void> {
    const answered = systemClock
      .sleep(delayMs)
      .then(() => (this.over ? undefined : attend(this.any(), key)))
      .catch((error: unknown) => {
        if (!(error instanceof StoreFault)) throw error;
      })
      .finally(() => this.working.delete(answered));
    this.working.add(answered);
  }

  private instance(store: Store): Runtime {
    return {
      store,
      clock: systemClock,
      ids: systemIds,
      inProcess: new InProcess(),
      options: OPTIONS,
      log: { event: () => undefined },
      doorbell: { ring: (key, delayMs) => this.ring(key, delayMs) },
      connector: {
        deliver: async (call) => {
          const texts = this.sent.get(call.conversationId) ?? [];
          if ('activity' in call) this.sent.set(call.conversationId, [...texts, String(call.activity.text)]);
          return { outcome: 'delivered', id: `${call.conversationId}-${texts.length}` };
        },
      },
      bot: {
        run: async (turn, activity) => {
          const [conversation, user] = [await turn.state('conversation'), await turn.state('user')];
          const count = Number(conversation.get('count') ?? 0) + 1;
          conversation.set('count', count);
          user.set('count', Number(user.get('count') ?? 0) + 1);
          turn.send({ ...activity, text: `${count}` });
        },
      },
    };
  }
}

/** The same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const READS = new Set(['read']);
const WRITES = new Set(['patch', 'replace', 'create', 'batch']);

const ANSWERS: readonly Mischief[] = [
  ...[408, 410, 412, 429, 449, 500, 503].map((status) => ({ do: 'answer', status }) as const),
  { do: 'reset', applied: false },
  { do: 'reset', applied: true },
  { do: 'hang', applied: true },
  { do: 'truncate', applied: true },
];

const DAYS: readonly (readonly [
  string,
  (random: () => number) => (request: GatewayRequest) => Mischief | undefined,
])[] = [
  ['on a good day', () => () => undefined],
  [
    'when a third of all reads are stale',
    (random) =>
      ({ kind }) =>
        READS.has(kind) && random() < 0.35 ? { do: 'stale', back: 1 + Math.floor(random() * 3) } : undefined,
  ],
  [
    'when a fifth of all writes fail, applied or not',
    (random) =>
      ({ kind, path }) => {
        if (!WRITES.has(kind) || !path.includes('/docs') || random() >= 0.2) return undefined;
        const mischief = ANSWERS[Math.floor(random() * ANSWERS.length)];
        // A batch that is turned down as a whole never is for a condition of one of its operations.
        return kind === 'batch' && mischief?.do === 'answer' && mischief.status === 412 ? undefined : mischief;
      },
  ],
  [
    'when everything goes wrong at once',
    (random) =>
      ({ kind, path }) => {
        if (READS.has(kind) && random() < 0.25) return { do: 'stale', back: 1 + Math.floor(random() * 3) };
        if (!path.includes('/docs') || kind === 'batch' || random() >= 0.12) return undefined;
        return ANSWERS[Math.floor(random() * ANSWERS.length)];
      },
  ],
];

describe.each(DAYS)('%s', (_name, day) => {
  test('every message is answered once and in order, and the counters are exact', async () => {
    const { make } = cosmosStores(gateway.endpoint, systemClock, { timing: TIMING, requestLimitMs: 500 });
    const stores = [make(), make()];
    for (const store of stores) await store.open();
    gateway.onRequest(day(randomOf(7)));
    const world = new World(stores);
    await Promise.all(
      CONVERSATIONS.map(async (conversation) => {
        for (let index = 0; index < MESSAGES; index += 1) await world.post(conversation, `${conversation}-${index}`);
      }),
    );
    await world.rest();
    gateway.onRequest(() => undefined);
    // One that has held nothing: what a worker remembers of a hold that was ended for it may be out of date.
    const store = make();
    const numbers = Array.from({ length: MESSAGES }, (_, index) => `${index + 1}`);
    for (const conversation of CONVERSATIONS) {
      const state = await store.turns.readState(conversationKey('test', conversation), 'conversation');
      expect(state?.data).toEqual({ count: MESSAGES });
      expect([...new Set(world.sent.get(conversation))]).toEqual(numbers);
    }
    const user = await store.users.read(userKey('test', 'user'));
    expect(user).toMatchObject({ data: { count: CONVERSATIONS.length * MESSAGES }, intents: [] });
    expect(await store.deadLetters.list(10)).toEqual([]);
    for (const each of [...stores, store]) await each.close();
  }, 120_000);
});
