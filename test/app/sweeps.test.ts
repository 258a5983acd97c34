import { HttpRequest } from '@azure/functions';
import { describe, expect, test } from '@jest/globals';
import { createBotApp } from '../../src/app';
import { createMemoryStore } from '../../src/memory/memory-store';
import type { Store } from '../../src/ports/store';
import type { Sweeps } from '../../src/ports/sweeps';
import { activityKey, conversationKey } from '../../src/turn/keys';
import { OPEN } from '../support/open-auth';
import { createShiftedClock } from '../support/shifted-clock';

const MINUTE = 60_000;
const LEFT = conversationKey('test', 'left');

function message(conversation: string) {
  return {
    type: 'message',
    id: conversation,
    channelId: 'test',
    serviceUrl: 'https://channel.example/',
    from: { id: 'u' },
    recipient: { id: 'b' },
    conversation: { id: conversation },
    text: 'hello',
  };
}

const post = () =>
  new HttpRequest({
    method: 'POST',
    url: 'https://bot.example/api/messages',
    headers: { 'content-type': 'application/json' },
    body: { string: JSON.stringify(message('new')) },
  });

const get = (path: string) => new HttpRequest({ method: 'GET', url: `https://bot.example/api/${path}` });

/** An app whose timer last ran so long ago, with a conversation that waits since, on a store of its own. */
async function appSweptBefore(ms: number, different: Partial<Sweeps> = {}, environment: Record<string, string> = {}) {
  const clock = createShiftedClock();
  const memory = createMemoryStore(clock);
  await memory.sweeps.ended('timer');
  const activity = { key: activityKey('0'.repeat(32)), body: { inline: message('left'), bytes: 200 } };
  await memory.mailbox.accept(LEFT, activity, [], 10);
  clock.pass(ms);
  const store: Store = { ...memory, sweeps: { ...memory.sweeps, ...different } };
  const rings: string[] = [];
  const app = createBotApp({
    bot: async () => undefined,
    auth: OPEN,
    store,
    connector: { deliver: async () => ({ outcome: 'delivered', id: '1' }) },
    doorbell: { ring: async (key) => void rings.push(key) },
    log: { event: () => undefined },
    environment: {
      AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
      ...environment,
    },
  });
  return { app, rings, store, clock };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('when the timer has stopped', () => {
  test('the function behind the queue sweeps after its own work, and ends when that is done', async () => {
    const { app, rings } = await appSweptBefore(6 * MINUTE);
    await app.turns({ conversation: 'test/other' });
    expect(rings).toEqual([LEFT]);
    await app.turns({ conversation: 'test/other' });
    expect(rings).toEqual([LEFT]);
  });

  test.each([
    ['messages', ({ app }: Awaited<ReturnType<typeof appSweptBefore>>) => app.messages(post())],
    ['notify', ({ app }: Awaited<ReturnType<typeof appSweptBefore>>) => app.notify(post())],
    ['notification', ({ app }: Awaited<ReturnType<typeof appSweptBefore>>) => app.notification(get('notify/1'))],
    ['health', ({ app }: Awaited<ReturnType<typeof appSweptBefore>>) => app.health(get('health'))],
  ])('the function %s sweeps beside its answer', async (_name, call) => {
    const world = await appSweptBefore(6 * MINUTE);
    await call(world);
    await until(() => world.rings.includes(LEFT));
  });

  test('an answer does not wait for it: here the store never says when the last sweep was', async () => {
    const { app } = await appSweptBefore(6 * MINUTE, { claim: () => new Promise(() => undefined) });
    expect(await app.messages(post())).toMatchObject({ status: 200 });
    expect(await app.health(get('health'))).toMatchObject({ status: 200 });
  });

  test('nothing is asked while it runs, nor by who only asks whether the process lives', async () => {
    let asked = 0;
    const claim: Sweeps['claim'] = async () => {
      asked += 1;
      return { outcome: 'notDue', remainingMs: 4 * MINUTE };
    };
    const { app, rings } = await appSweptBefore(MINUTE, { claim });
    await app.health(get('health?live'));
    expect(asked).toBe(0);
    for (let times = 0; times < 20; times += 1) await app.turns({ conversation: 'test/other' });
    expect(asked).toBe(1);
    expect(rings).toEqual([]);
  });
});

describe('health', () => {
  test('has the time of the last sweep, and nothing to warn of while the timer runs', async () => {
    const { app, clock } = await appSweptBefore(MINUTE);
    const { status, jsonBody } = await app.health();
    expect(status).toBe(200);
    expect(Math.abs(clock.now() - MINUTE - Date.parse(jsonBody.lastSweep))).toBeLessThan(1_000);
    expect(jsonBody).not.toHaveProperty('warnings');
  });

  test('says that the timer has stopped, and is no failure; a sweep of another function does not hide it, and is no sign of it', async () => {
    const first = await appSweptBefore(11 * MINUTE);
    expect(await first.app.health()).toMatchObject({
      status: 200,
      jsonBody: { status: 'ok', warnings: ['SweepMissed'] },
    });
    const again = await appSweptBefore(11 * MINUTE);
    await again.app.turns({ conversation: 'test/other' });
    expect(await again.store.sweeps.last()).toMatchObject({ by: 'invocation' });
    expect(await again.app.health()).toMatchObject({ jsonBody: { warnings: ['SweepMissed'] } });
    // The whole app has paused: the first call sweeps, and the timer will.
    const paused = await appSweptBefore(6 * MINUTE);
    await paused.app.turns({ conversation: 'test/other' });
    expect((await paused.app.health()).jsonBody).not.toHaveProperty('warnings');
  });

  test('leaves out what a store of the author cannot say', async () => {
    const { app } = await appSweptBefore(MINUTE, {
      last: () => {
        throw new Error('not there');
      },
    });
    const { status, jsonBody } = await app.health();
    expect(status).toBe(200);
    expect(jsonBody).not.toHaveProperty('lastSweep');
  });

  test.each(['', 'UseDevelopmentStorage=true'])(
    'names AzureWebJobsStorage=%j beside an identity for the same account',
    async (AzureWebJobsStorage) => {
      const { app } = await appSweptBefore(0, {}, { AzureWebJobsStorage, AzureWebJobsStorage__accountName: 'account' });
      expect((await app.health()).jsonBody).toMatchObject({ warnings: ['StorageSettingConflict'] });
    },
  );

  test('leaves out what the store does not say', async () => {
    const { app } = await appSweptBefore(0, { last: () => Promise.reject(new Error('away')) });
    expect((await app.health()).jsonBody).not.toHaveProperty('lastSweep');
  });
});
