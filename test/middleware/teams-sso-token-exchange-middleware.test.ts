import { describe, expect, test } from '@jest/globals';
import { MemoryStorage } from '../../src/bot/memory-storage';
import type { Storage } from '../../src/bot/storage';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import { turnAnswer } from '../../src/bot/turn-answer';
import { TeamsSSOTokenExchangeMiddleware } from '../../src/middleware/teams-sso-token-exchange-middleware';
import type { Activity } from '../../src/schema/activity';
import { MemoryTurn } from '../support/memory-turn';
import { incoming } from '../support/run-bot';

const REQUEST = {
  type: 'invoke',
  channelId: 'msteams',
  name: 'signin/tokenExchange',
  value: { id: 'x-1', token: 't' },
};

interface Options {
  storage?: Storage;
  turn?: string;
  activity?: Partial<Activity>;
  /** What the exchange gives. */
  exchanged?: unknown;
}

async function signIn({
  storage = new MemoryStorage(),
  turn = 'turn-1',
  activity = {},
  exchanged = { token: 'u' },
}: Options) {
  const asked: unknown[][] = [];
  const adapter = new TurnAdapter().use(new TeamsSSOTokenExchangeMiddleware(storage, 'connection'));
  const context = adapter.createContext(incoming({ ...REQUEST, ...activity }));
  context.turnState.set(adapter.UserTokenClientKey, {
    async exchangeToken(...given: unknown[]) {
      asked.push(given);
      if (exchanged instanceof Error) throw exchanged;
      return exchanged;
    },
  });
  let ran = false;
  await adapter.run(context, new MemoryTurn({ id: turn }), () => {
    ran = true;
  });
  return { ran, asked, answer: turnAnswer(context) };
}

const PASSED_ON = { status: 501 };
const DONE_ALREADY = { status: 200, body: null };

describe('of the same exchange', () => {
  test('the first goes on to the bot, and the others are answered', async () => {
    const storage = new MemoryStorage();
    expect(await signIn({ storage })).toMatchObject({ ran: true, answer: PASSED_ON });
    expect(await signIn({ storage, turn: 'turn-2' })).toMatchObject({ ran: false, answer: DONE_ALREADY });
    expect(await signIn({ storage, turn: 'turn-3' })).toMatchObject({ ran: false, answer: DONE_ALREADY });
  });

  test('one goes on, however many come at once', async () => {
    const storage = new MemoryStorage();
    const clients = Array.from({ length: 10 }, (_, index) => signIn({ storage, turn: `turn-${index}` }));
    expect((await Promise.all(clients)).filter(({ ran }) => ran).length).toBe(1);
  });

  test('the first goes on again when its turn runs again', async () => {
    const storage = new MemoryStorage();
    await signIn({ storage });
    expect(await signIn({ storage })).toMatchObject({ ran: true });
    expect(await signIn({ storage, turn: 'turn-2' })).toMatchObject({ ran: false });
  });

  test('another member of the group signs in with the same card', async () => {
    const storage = new MemoryStorage();
    expect(await signIn({ storage })).toMatchObject({ ran: true });
    const other = { from: { id: 'another' } };
    expect(await signIn({ storage, turn: 'turn-2', activity: other })).toMatchObject({ ran: true });
    expect(await signIn({ storage, turn: 'turn-3', activity: other })).toMatchObject({ ran: false });
  });

  test('but another exchange, conversation or channel is another', async () => {
    const storage = new MemoryStorage();
    await signIn({ storage });
    expect(await signIn({ storage, turn: '2', activity: { value: { id: 'x-2', token: 't' } } })).toMatchObject({
      ran: true,
    });
    expect(await signIn({ storage, turn: '3', activity: { conversation: { id: 'c-2' } } })).toMatchObject({
      ran: true,
    });
  });
});

describe('a token that cannot be exchanged', () => {
  const failure = {
    status: 412,
    body: {
      id: 'x-1',
      connectionName: 'connection',
      failureDetail: 'The bot is unable to exchange token. Proceed with regular login.',
    },
  };

  test.each([[null], [{}], [{ token: '' }], [new Error('consent')]])('%p is answered with 412', async (exchanged) => {
    expect(await signIn({ exchanged })).toMatchObject({ ran: false, answer: failure });
  });

  test('is answered so for every client, and does not keep one from being exchanged later', async () => {
    const storage = new MemoryStorage();
    for (const turn of ['1', '2']) {
      expect((await signIn({ storage, turn, exchanged: {} })).answer).toEqual(failure);
    }
    expect(await signIn({ storage, turn: '3' })).toMatchObject({ ran: true });
  });
});

test('the exchange is asked for with the token, the user and the connection', async () => {
  expect((await signIn({})).asked).toEqual([['user-1', 'connection', 'msteams', { token: 't' }]]);
});

test('an adapter can exchange tokens itself; one that cannot is answered with 412', async () => {
  const run = async (adapter: TurnAdapter) => {
    adapter.use(new TeamsSSOTokenExchangeMiddleware(new MemoryStorage(), 'connection'));
    const context = adapter.createContext(incoming(REQUEST));
    await adapter.run(context, new MemoryTurn(), () => undefined);
    return turnAnswer(context);
  };
  class Exchanging extends TurnAdapter {
    async exchangeToken(_context: unknown, connection: string, user: string, request: unknown) {
      expect([connection, user, request]).toEqual(['connection', 'user-1', { token: 't' }]);
      return { token: 'u' };
    }
  }
  expect(await run(new Exchanging())).toEqual(PASSED_ON);
  expect(await run(new TurnAdapter())).toMatchObject({ status: 412 });
});

test('everything else goes on untouched', async () => {
  for (const activity of [{ channelId: 'test' }, { name: 'signin/verifyState' }]) {
    expect(await signIn({ activity })).toMatchObject({ ran: true, asked: [] });
  }
});

describe('what cannot be decided fails the turn', () => {
  test('a storage that fails', async () => {
    class Broken extends MemoryStorage {
      override async write(): Promise<void> {
        throw new Error('away');
      }
    }
    await expect(signIn({ storage: new Broken() })).rejects.toThrow('away');
  });

  test('an exchange without an id', async () => {
    await expect(signIn({ activity: { value: { token: 't' } } })).rejects.toThrow('Missing activity.value.id');
  });
});

test('conflicts of other storages are recognised', async () => {
  for (const error of [
    Object.assign(new Error('x'), { code: 412 }),
    Object.assign(new Error('x'), { statusCode: 412 }),
  ]) {
    class Taken extends MemoryStorage {
      override async write(): Promise<void> {
        throw error;
      }
    }
    expect(await signIn({ storage: new Taken() })).toMatchObject({ ran: false, answer: DONE_ALREADY });
  }
});

test('a storage and a connection are needed', () => {
  expect(() => new TeamsSSOTokenExchangeMiddleware(undefined as unknown as Storage, 'c')).toThrow('`storage`');
  expect(() => new TeamsSSOTokenExchangeMiddleware(new MemoryStorage(), '')).toThrow('`oAuthConnectionName`');
});
