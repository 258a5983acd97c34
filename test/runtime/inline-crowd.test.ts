import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConversationState } from '../../src/bot/conversation-state';
import type { TurnContext } from '../../src/bot/turn-context';
import { UserState } from '../../src/bot/user-state';
import type { Store } from '../../src/ports/store';
import { botLogic } from '../../src/runtime/bot-logic';
import { InProcess } from '../../src/runtime/in-process';
import { DEFAULT_OPTIONS } from '../../src/runtime/options';
import type { Runtime } from '../../src/runtime/runtime';
import { systemClock, systemIds } from '../../src/runtime/system';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import { userKey } from '../../src/turn/keys';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores } from '../support/cosmos-under-test';
import { CONVERSATION } from './pipeline';
import { postTo } from './posting';

/** Teams refreshes a card for so many users at once. */
const CROWD = 60;
const MINUTE = 60_000;

const votes = new ConversationState().createProperty<number>('votes');
const visits = new UserState().createProperty<number>('visits');

/** What the processes of a test came to. */
interface Count {
  runs: number;
  deferred: number;
}

type Logic = (context: TurnContext) => Promise<void>;

/** A process of its own on a store that others may share. The deadline is generous, as the machine may be slow; nothing but it defers. */
function processOn(store: Store, bot: Logic, count: Count): Runtime {
  return {
    store,
    clock: systemClock,
    ids: systemIds,
    bot: botLogic(
      async (context: TurnContext) => {
        count.runs += 1;
        await bot(context);
      },
      [],
      undefined,
    ),
    connector: { deliver: async () => ({ outcome: 'delivered' }) },
    doorbell: { ring: async () => undefined },
    log: {
      event: (_level, name) => {
        if (name === 'deferred') count.deferred += 1;
      },
    },
    inProcess: new InProcess(),
    options: { ...DEFAULT_OPTIONS, inlineDeadlineMs: 5 * MINUTE, acceptLimitMs: 2 * MINUTE },
  };
}

const voting: Logic = async (context) => {
  const { name } = context.activity;
  const before = await votes.get(context, 0);
  if (name === 'vote') await votes.set(context, before + 1);
  await context.sendActivity({ type: 'invokeResponse', value: { status: 200, body: await votes.get(context) } });
};

/** Votes and looks by a user each, all at once, spread over the processes. @returns the numbers that the votes were answered with */
async function press(processes: readonly Runtime[], looks = 0): Promise<readonly number[]> {
  const answers = await Promise.all(
    Array.from({ length: CROWD }, async (_, index) => {
      const runtime = processes[index % processes.length];
      if (runtime === undefined) throw new Error('There is no process.');
      const name = index < looks ? 'look' : 'vote';
      const { status, body } = await postTo(runtime, { id: `i-${index}`, name, from: { id: `user-${index}` } });
      expect({ status, name, isNumber: typeof body === 'number' }).toEqual({ status: 200, name, isNumber: true });
      return name === 'vote' ? [body as number] : [];
    }),
  );
  return answers.flat().sort((a, b) => a - b);
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

const folder = mkdtempSync(path.join(tmpdir(), 'crowd-'));
let gateway: CosmosGateway;
beforeAll(async () => {
  gateway = await startCosmosGateway();
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

let files = 0;
const KINDS: readonly (readonly [string, () => () => Store])[] = [
  [
    'SQLite',
    () => {
      files += 1;
      const file = path.join(folder, `${files}.db`);
      return () => createSqliteStore({ file, clock: systemClock });
    },
  ],
  ['Cosmos DB', () => cosmosStores(gateway.endpoint, systemClock).make],
];

describe.each(KINDS)('a card that many press at once, on %s', (_name, open) => {
  async function processes(number: number, bot: Logic) {
    const count: Count = { runs: 0, deferred: 0 };
    const make = open();
    const stores: Store[] = [];
    for (let index = 0; index < number; index += 1) {
      const store = make();
      await store.open();
      stores.push(store);
    }
    return {
      count,
      stores,
      runtimes: stores.map((store) => processOn(store, bot, count)),
      close: async () => {
        for (const store of stores) await store.close();
      },
    };
  }

  test.each([1, 3])(
    'has every vote counted and answered, by %i processes',
    async (number) => {
      const { count, runtimes, stores, close } = await processes(number, voting);
      expect(await press(runtimes)).toEqual(upTo(CROWD));
      const state = await stores[0]?.turns.readState(CONVERSATION, 'conversation');
      expect(state?.data).toEqual({ votes: CROWD });
      expect(count.deferred).toBe(0);
      // Once beside the others, and once in line; with other processes, sometimes more often.
      if (number === 1) expect(count.runs).toBeLessThanOrEqual(3 * CROWD);
      await close();
    },
    120_000,
  );

  test('has votes and looks answered', async () => {
    const looks = 40;
    const { count, runtimes, close } = await processes(1, voting);
    expect(await press(runtimes, looks)).toEqual(upTo(CROWD - looks));
    expect(count.deferred).toBe(0);
    await close();
  }, 120_000);

  test('has each user state changed once', async () => {
    const { count, runtimes, stores, close } = await processes(1, async (context) => {
      await visits.set(context, (await visits.get(context, 0)) + 1);
      await voting(context);
    });
    expect(await press(runtimes)).toEqual(upTo(CROWD));
    expect(count.deferred).toBe(0);
    for (let index = 0; index < CROWD; index += 1) {
      const { data, intents } = (await stores[0]?.users.read(userKey('test', `user-${index}`))) ?? {};
      const [intent] = intents ?? [];
      expect({ ...data, ...intent?.changes.set }).toEqual({ visits: 1 });
    }
    await close();
  }, 120_000);
});
