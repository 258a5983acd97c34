import { describe, expect, test } from '@jest/globals';
import type { Delivery } from '../../src/ports/connector';
import type { ConnectorClients } from '../../src/ports/connector-client';
import { immediately, proactiveOver } from '../../src/runtime/proactive';
import { attend } from '../../src/runtime/processor';
import type { Runtime } from '../../src/runtime/runtime';
import { sweep } from '../../src/runtime/sweep';
import { conversationKey } from '../../src/turn/keys';
import { createPipeline } from './pipeline';

const TENANT = 'tenant-1';

interface Worker {
  readonly runtime: Runtime;
  dead: boolean;
}

/** Workers on one store that answer each other's bells, under a channel that enforces its limit, with time going by as they wait. */
async function broadcasting(recipients: number, options = {}) {
  const pipeline = createPipeline(options);
  const { clock, store } = pipeline;
  const bells: { readonly key: Parameters<typeof attend>[1]; readonly at: number }[] = [];
  const sends: { readonly to: string; readonly at: number }[] = [];
  const refused: number[] = [];
  const channel: { answer?: (to: string) => Delivery | undefined } = {};
  const names = Array.from({ length: recipients }, (_, index) => `user-${String(index).padStart(5, '0')}`);
  for (const name of names) {
    const conversation = { id: name, conversationType: 'personal', tenantId: TENANT };
    const reference = {
      channelId: 'msteams',
      serviceUrl: 'https://channel.example/',
      bot: { id: 'bot' },
      conversation,
    };
    const id = conversationKey('msteams', name);
    await store.references.keep(
      { id, reference, scope: 'personal', tenantId: TENANT, vouched: true, state: 'active' },
      1e12,
    );
  }
  const connectorClients = { client: () => creator(sends) } as unknown as ConnectorClients;
  const worker = (): Worker => {
    const me: Worker = {
      dead: false,
      runtime: {
        ...pipeline.worker(async (context) => void (await context.sendActivity(`event ${context.activity.name}`))),
        store: mortal(store, () => me.dead),
        connectorClients,
        doorbell: { ring: async (key, delayMs) => void bells.push({ key, at: clock.now() + delayMs }) },
        connector: {
          async deliver(call) {
            if (me.dead) return new Promise<never>(() => undefined);
            const own = channel.answer?.(call.conversationId);
            if (own !== undefined) return own;
            const lately = sends.filter(({ at }) => at > clock.now() - 1_000).length;
            if (lately >= 50) {
              refused.push(clock.now());
              return { outcome: 'notSent', reason: '429', status: 429, retryAfterMs: 1_000 };
            }
            sends.push({ to: call.conversationId, at: clock.now() });
            return { outcome: 'delivered', id: `id-${sends.length}` };
          },
        },
      },
    };
    return me;
  };
  /** Lets time pass in small steps until `over`, with the bells answered and the sweep going. */
  const run = async (workers: readonly Worker[], over: () => boolean, mostMs = 600_000): Promise<void> => {
    const started = clock.now();
    const working = new Set<string>();
    for (let step = 0; !over(); step += 1) {
      if (clock.now() - started > mostMs) throw new Error('It does not come to an end.');
      const [alive] = workers.filter(({ dead }) => !dead);
      if (alive === undefined) return;
      if (step % 600 === 599) await sweep(alive.runtime);
      for (const bell of bells.splice(0)) {
        const free = !working.has(bell.key) && working.size < 16;
        if (bell.at > clock.now() || !free) bells.push(bell);
        else {
          working.add(bell.key);
          void attend(alive.runtime, bell.key).finally(() => working.delete(bell.key));
        }
      }
      for (let turn = 0; turn < 8; turn += 1) await clock.settle();
      await clock.advance(100);
    }
  };
  const api = (me: Worker) =>
    proactiveOver(
      me.runtime,
      immediately(me.runtime, async () => undefined),
    );
  return { pipeline, clock, store, names, sends, refused, channel, worker, run, api };
}

/** Calls of a dead worker are never answered and change nothing. */
function mortal<T extends object>(port: T, isDead: () => boolean): T {
  return new Proxy(port, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value === 'function') {
        return (...parameters: unknown[]) =>
          isDead()
            ? new Promise<never>(() => undefined)
            : (value as (...p: unknown[]) => unknown).apply(target, parameters);
      }
      return typeof value === 'object' && value !== null && name !== 'timing' ? mortal(value, isDead) : value;
    },
  });
}

const creator = (sends: { readonly to: string; readonly at: number }[]) => ({
  conversations: {
    createConversation: async ({ members }: { members?: { id: string }[] }) => {
      sends.push({ to: 'created', at: 0 });
      return { id: `${members?.[0]?.id === 'too long' ? 'x'.repeat(5_000) : 'with'}-${members?.[0]?.id}` };
    },
  },
});

describe('a broadcast', () => {
  test('reaches everybody once, at the pace that the channel allows, and says how far it has come', async () => {
    const world = await broadcasting(300);
    const { clock, names, refused, run, sends, worker } = world;
    const me = worker();
    const started = clock.now();
    const { id } = await world.api(me).broadcast({ channelId: 'msteams' }, 'Lunch is at one.');
    expect(await world.api(me).progress(id)).toMatchObject({ state: 'running', posted: 0 });
    await run([me], () => sends.length >= 300);
    expect(sends.map(({ to }) => to).sort()).toEqual(names);
    expect(refused).toEqual([]);
    expect(clock.now() - started).toBeGreaterThanOrEqual(300 * (1_000 / 40) - 2_000);
    await clock.advance(1_000);
    expect(await world.api(me).progress(id)).toMatchObject({ state: 'done', posted: 300, refused: 0 });
  }, 60_000);

  test('goes on where it was when its worker dies, and serves nobody twice', async () => {
    const { names, run, sends, worker, api } = await broadcasting(200);
    const [first, second] = [worker(), worker()];
    await api(first).broadcast({}, 'hello');
    await run([first], () => sends.length >= 70);
    first.dead = true;
    await run([second], () => new Set(sends.map(({ to }) => to)).size === names.length);
    expect(sends.length - names.length).toBeLessThanOrEqual(16); // Sends in flight.
  }, 60_000);

  test('is ended by cancelling it: who has the message keeps it, and the rest is left alone', async () => {
    const { clock, run, sends, worker, api } = await broadcasting(300);
    const me = worker();
    const { id } = await api(me).broadcast({}, 'hello');
    await run([me], () => sends.length >= 60);
    await api(me).cancel(id);
    const until = clock.now() + 10_000;
    await run([me], () => clock.now() > until);
    const progress = await api(me).progress(id);
    expect(progress).toMatchObject({ state: 'cancelled' });
    expect(sends).toHaveLength(progress.posted);
    expect(progress.posted).toBeLessThan(200);
  }, 60_000);

  test('waits for as long as a channel asks for, whoever was told', async () => {
    const { channel, clock, run, sends, worker, api } = await broadcasting(120);
    const me = worker();
    await api(me).broadcast({}, 'hello');
    let throttled = 0;
    channel.answer = () => {
      if (sends.length < 30 || throttled > 0) return undefined;
      throttled = clock.now();
      return { outcome: 'notSent', reason: '429', status: 429, retryAfterMs: 40_000 };
    };
    await run([me], () => sends.length >= 120);
    const after = sends.filter(({ at }) => at > throttled);
    // What was posted before goes out; the pages that come then have waited.
    expect(after.filter(({ at }) => at < throttled + 40_000).length).toBeLessThanOrEqual(50);
    expect(new Set(sends.map(({ to }) => to)).size).toBe(120);
  }, 60_000);

  test('gives the bot an event where that is asked for, and leaves out whom the query does not mean', async () => {
    const { pipeline, run, sends, worker, api } = await broadcasting(20);
    const me = worker();
    await pipeline.store.references.mark(conversationKey('msteams', 'user-00003'), 'blocked');
    const nobody = await api(me).broadcast({ tenantId: 'other' }, 'never');
    const { id } = await api(me).broadcast({ tenantId: TENANT }, { event: 'survey' });
    await run([me], () => sends.length >= 19);
    expect(sends.map(({ to }) => to)).not.toContain('user-00003');
    expect(await api(me).progress(id)).toMatchObject({ posted: 19 });
    expect(await api(me).progress(nobody.id)).toMatchObject({ posted: 0 });
    await expect(api(me).progress('turnwise/broadcast-none')).rejects.toMatchObject({ code: 'PostedUnknown' });
    await expect(api(me).progress('nonsense')).rejects.toMatchObject({ code: 'PostedUnknown' });
  }, 60_000);
});

test('a conversation whose id is none is not spoken in, and is created once', async () => {
  const { pipeline, run, sends, worker, api } = await broadcasting(1);
  const me = worker();
  const near = { conversation: 'user-00000', channelId: 'msteams' };
  await api(me).createConversation(near, { members: [{ id: 'too long' }] }, 'Welcome.');
  const letters = async () => pipeline.store.deadLetters.list(10);
  for (let tries = 0; (await letters()).length === 0; tries += 1) {
    expect(tries).toBeLessThan(20);
    const until = me.runtime.clock.now() + 1_000;
    await run([me], () => me.runtime.clock.now() > until);
  }
  expect((await letters()).map(({ reason }) => reason.code)).toEqual(['IdRefused']);
  expect(sends.map(({ to }) => to)).toEqual(['created']);
});

test('a conversation is created once, however often its turn is run, and spoken in', async () => {
  const { run, sends, worker, api } = await broadcasting(1);
  const me = worker();
  const near = { conversation: 'user-00000', channelId: 'msteams' };
  await api(me).createConversation(near, { members: [{ id: 'ann' }] }, 'Welcome.');
  await run([me], () => sends.length >= 2);
  expect(sends.map(({ to }) => to)).toEqual(['created', 'with-ann']);
});
