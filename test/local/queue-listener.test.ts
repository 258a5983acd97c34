import { setTimeout as sleep } from 'node:timers/promises';
import { type DequeuedMessageItem, type QueueClient, QueueServiceClient } from '@azure/storage-queue';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { QueueSettings } from '../../src/local/host-json';
import { QueueListener, type QueueListenerOptions } from '../../src/local/queue-listener';
import { type Azurite, startAzurite } from '../support/azurite';
import { base64, until } from './support/runner-process';

const SETTINGS: QueueSettings = {
  batchSize: 4,
  newBatchThreshold: 2,
  maxPollingIntervalMs: 100,
  maxDequeueCount: 3,
  visibilityTimeoutMs: 0,
  messageEncoding: 'base64',
};

describe('a queue trigger, against a real queue server', () => {
  let azurite: Azurite;
  let service: QueueServiceClient;
  const listeners: QueueListener[] = [];
  let queueNumber = 0;
  const logged: string[] = [];

  beforeAll(async () => {
    azurite = await startAzurite();
    service = QueueServiceClient.fromConnectionString(azurite.connectionString);
  });
  afterEach(async () => {
    for (const listener of listeners.splice(0)) await listener.stop();
    logged.length = 0;
  });
  afterAll(async () => {
    await azurite.stop();
  });

  async function listen(
    invoke: (text: string, item: DequeuedMessageItem) => Promise<void>,
    options: Partial<QueueListenerOptions> & { readonly settings?: QueueSettings } = {},
  ): Promise<{ queue: QueueClient; poison: QueueClient; listener: QueueListener; send(text: string): Promise<void> }> {
    queueNumber += 1;
    const queueName = options.queueName ?? `work-${queueNumber}`;
    const listener = new QueueListener({
      functionName: 'work',
      service,
      queueName,
      settings: SETTINGS,
      invoke: (item, text) => invoke(text, item),
      log: { write: (level, _, message) => void logged.push(`${level} ${message}`) },
      ...options,
    });
    listeners.push(listener);
    await listener.start();
    const queue = service.getQueueClient(queueName);
    const poison = service.getQueueClient(`${queueName}-poison`);
    return { queue, poison, listener, send: async (text) => void (await queue.sendMessage(base64(text))) };
  }

  /** Messages in a queue, hidden ones included. */
  const depth = async (queue: QueueClient): Promise<number> =>
    (await queue.getProperties()).approximateMessagesCount ?? 0;

  test('creates its queue, hands messages over and deletes them', async () => {
    const seen: string[] = [];
    const { queue, send } = await listen(async (text) => void seen.push(text));
    await send('one');
    await send('zwei ü');
    await until(() => seen.length === 2);
    expect(seen.sort()).toEqual(['one', 'zwei ü']);
    await until(async () => (await depth(queue)) === 0);
  });

  test('takes a batch at a time, and the next one when few enough are left', async () => {
    let running = 0;
    let most = 0;
    const started: string[] = [];
    const open: (() => void)[] = [];
    const { send } = await listen(async (text) => {
      started.push(text);
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((done) => open.push(done));
      running -= 1;
    });
    for (let n = 0; n < 12; n += 1) await send(String(n));
    await until(() => running >= 4);
    await sleep(500);
    // 4 of the first batch keep the next from being taken; a slow sender may have let 6 through, never more.
    expect(most).toBeLessThanOrEqual(SETTINGS.batchSize + SETTINGS.newBatchThreshold);
    while (started.length < 12 || running > 0) {
      open.shift()?.();
      await sleep(5);
    }
    expect(most).toBeLessThanOrEqual(SETTINGS.batchSize + SETTINGS.newBatchThreshold);
    expect(new Set(started).size).toBe(12);
  });

  test('tries a failing message again, counting, then puts it into the poison queue as it was', async () => {
    const tries: number[] = [];
    const { queue, poison, send } = await listen(async (_, item) => {
      tries.push(item.dequeueCount);
      throw new Error('no');
    });
    await send('{"a":1}');
    await until(async () => (await poison.exists()) && (await depth(poison)) === 1);
    expect(tries).toEqual([1, 2, 3]);
    expect((await poison.peekMessages()).peekedMessageItems[0]?.messageText).toBe(base64('{"a":1}'));
    await until(async () => (await depth(queue)) === 0);
    expect(logged.at(-1)).toMatch(/^warning message \S+ went to work-\d+-poison after 3 tries$/);
  });

  test('waits visibilityTimeout before a further try', async () => {
    const at: number[] = [];
    const { send } = await listen(
      async () => {
        at.push(Date.now());
        if (at.length < 2) throw new Error('no');
      },
      { settings: { ...SETTINGS, visibilityTimeoutMs: 2_000 } },
    );
    await send('x');
    await until(() => at.length === 2);
    // The server counts in whole seconds.
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  test('a failing poison queue has no poison queue of its own: its message stays, hidden between tries', async () => {
    const tries: number[] = [];
    const { queue, poison, send } = await listen(
      async (_, item) => {
        tries.push(item.dequeueCount);
        throw new Error('no');
      },
      { queueName: 'some-poison', visibilitySeconds: 1 },
    );
    await send('x');
    // maxDequeueCount, which is 3 here, decides when a message is moved; there is nowhere to move this one.
    await until(() => tries.length === 4);
    expect(tries).toEqual([1, 2, 3, 4]);
    expect(await depth(queue)).toBe(1);
    expect(await poison.exists()).toBe(false);
  });

  test('bytes that are not UTF-8 use up the tries without a call, then go to the poison queue as they were', async () => {
    const ran: string[] = [];
    const { queue, poison } = await listen(async (text) => void ran.push(text));
    const text = Buffer.from([0x7b, 0xff, 0x7d]).toString('base64');
    await queue.sendMessage(text);
    await until(async () => (await poison.exists()) && (await depth(poison)) === 1);
    expect(ran).toEqual([]);
    expect((await poison.peekMessages()).peekedMessageItems[0]?.messageText).toBe(text);
    expect(logged.filter((line) => /^error message \S+ is not UTF-8 text/.test(line))).toHaveLength(3);
    await until(async () => (await depth(queue)) === 0);
  });

  test('base64 in lines is base64', async () => {
    const seen: string[] = [];
    const { queue } = await listen(async (text) => void seen.push(text));
    await queue.sendMessage(` ${base64('in two').slice(0, 4)}\n\t${base64('in two').slice(4)}\n`);
    await until(() => seen.length === 1);
    expect(seen).toEqual(['in two']);
  });

  test('a message that is given up expires after seven days, the default of the service', async () => {
    const { queue, poison } = await listen(async () => undefined);
    await queue.sendMessage('not base64!');
    await until(async () => (await poison.exists()) && (await depth(poison)) === 1);
    const [given] = (await poison.peekMessages()).peekedMessageItems;
    expect(((given?.expiresOn.getTime() ?? 0) - (given?.insertedOn.getTime() ?? 0)) / 86_400_000).toBeCloseTo(7, 1);
  });

  test('what is not base64 goes to the poison queue without a try; with messageEncoding none it is text', async () => {
    const ran: string[] = [];
    const encoded = await listen(async (text) => void ran.push(text));
    await encoded.queue.sendMessage('not base64!');
    await until(async () => (await encoded.poison.exists()) && (await depth(encoded.poison)) === 1);
    expect(ran).toEqual([]);

    const seen: string[] = [];
    const plain = await listen(async (text) => void seen.push(text), {
      settings: { ...SETTINGS, messageEncoding: 'none' },
    });
    await plain.queue.sendMessage('not base64!');
    await until(() => seen.length === 1);
    expect(seen).toEqual(['not base64!']);
  });

  test('keeps a message hidden while its function runs, longer than it was hidden at first', async () => {
    const tries: number[] = [];
    const { queue, send } = await listen(
      async (_, item) => {
        tries.push(item.dequeueCount);
        await sleep(4_500);
      },
      { visibilitySeconds: 2 },
    );
    await send('long');
    await until(() => tries.length === 1);
    await sleep(5_000);
    expect(tries).toEqual([1]);
    await until(async () => (await depth(queue)) === 0);
  });

  test('a message whose holder died is taken again when its time is over, not before', async () => {
    const seen: { at: number; count: number }[] = [];
    queueNumber += 1;
    const queue = service.getQueueClient(`left-${queueNumber}`);
    await queue.create();
    await queue.sendMessage(base64('left behind'));
    // What a killed process leaves: a message that is hidden and that nobody renews.
    const taken = Date.now();
    await queue.receiveMessages({ visibilityTimeout: 2 });
    await listen(async (_, item) => void seen.push({ at: Date.now(), count: item.dequeueCount }), {
      queueName: queue.name,
    });
    await until(() => seen.length === 1);
    expect(seen[0]?.count).toBe(2);
    expect((seen[0]?.at ?? 0) - taken).toBeGreaterThanOrEqual(1_000);
  });

  test('stops taking messages, waits for those that run, and lets go of them when it must', async () => {
    const open: (() => void)[] = [];
    const { queue, listener, send } = await listen(async () => new Promise<void>((done) => open.push(done)));
    await send('a');
    await until(() => open.length === 1);
    await listener.stop();
    await send('b');
    await sleep(300);
    expect(open.length).toBe(1);
    const isIdle = await Promise.race([listener.idle().then(() => true), sleep(100, false)]);
    expect(isIdle).toBe(false);

    await listener.releaseAll();
    const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 5 });
    expect(receivedMessageItems.map((item) => Buffer.from(item.messageText, 'base64').toString()).sort()).toEqual([
      'a',
      'b',
    ]);
    // The function ends after all: the message is no longer this listener's to delete.
    open[0]?.();
    await listener.idle();
    expect(await depth(queue)).toBe(2);
  });

  test('looks at an empty queue less and less often, and at once again after work', async () => {
    const looks: number[] = [];
    queueNumber += 1;
    const queueName = `quiet-${queueNumber}`;
    const queue = service.getQueueClient(queueName);
    const counting = {
      getQueueClient: (name: string) => {
        const client = service.getQueueClient(name);
        const receive = client.receiveMessages.bind(client);
        client.receiveMessages = async (...args) => {
          looks.push(Date.now());
          return receive(...args);
        };
        return client;
      },
    } as unknown as QueueServiceClient;
    const seen: string[] = [];
    await listen(async (text) => void seen.push(text), {
      service: counting,
      queueName,
      settings: { ...SETTINGS, maxPollingIntervalMs: 60_000 },
      random: () => 0.5,
    });
    await until(() => looks.length === 6);
    const pauses = looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
    // A busy machine makes pauses longer, never shorter; timers may be a little early.
    for (const [index, least] of [100, 200, 300, 500, 900].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(least - 10);
    }
    await queue.sendMessage(base64('x'));
    await until(() => seen.length === 1);
    const before = looks.length;
    // Without starting afresh, the next look but one would be seconds away.
    await until(() => looks.length >= before + 2, 1_500);
  });

  test('a queue that vanishes is reported once, and the listener goes on when it is back', async () => {
    const seen: string[] = [];
    const { queue, send } = await listen(async (text) => void seen.push(text));
    await queue.delete();
    await until(() => logged.some((line) => line.includes('cannot be reached')));
    await sleep(400);
    expect(logged.filter((line) => line.includes('cannot be reached'))).toHaveLength(1);
    await queue.create();
    await send('again');
    await until(() => seen.length === 1);
    expect(logged.at(-1)).toMatch(/can be reached again$/);
  });
});
