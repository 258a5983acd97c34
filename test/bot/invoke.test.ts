import { describe, expect, test } from '@jest/globals';
import { ActivityHandler } from '../../src/bot/activity-handler';
import { ActivityHandlerBase } from '../../src/bot/activity-handler-base';
import { InvokeException } from '../../src/bot/invoke-exception';
import { turnAnswer } from '../../src/bot/turn-answer';
import type { TurnContext } from '../../src/bot/turn-context';
import type { Activity } from '../../src/schema/activity';
import type {
  AdaptiveCardInvokeResponse,
  AdaptiveCardInvokeValue,
  InvokeResponse,
  SearchInvokeResponse,
  SearchInvokeValue,
} from '../../src/schema/invoke';
import { runBot } from '../support/run-bot';

const answer = async (bot: ActivityHandlerBase, activity: Partial<Activity>) =>
  turnAnswer((await runBot(bot, { type: 'invoke', ...activity })).context);

class Answering extends ActivityHandler {
  readonly seen: unknown[] = [];
  protected override async onSearchInvoke(
    _context: TurnContext,
    value: SearchInvokeValue,
  ): Promise<SearchInvokeResponse> {
    this.seen.push(value);
    return { statusCode: 200, type: 'application/vnd.microsoft.search.searchResponse', value: { results: [] } };
  }
  protected override async onAdaptiveCardInvoke(
    _context: TurnContext,
    value: AdaptiveCardInvokeValue,
  ): Promise<AdaptiveCardInvokeResponse> {
    this.seen.push(value);
    return { statusCode: 202, type: 'application/vnd.microsoft.activity.message', value: 'ok' };
  }
  protected override async onSignInInvoke(context: TurnContext): Promise<void> {
    this.seen.push(context.activity.name);
  }
}

class Failing extends ActivityHandler {
  constructor(private readonly error: unknown) {
    super();
  }
  protected override async onSignInInvoke(): Promise<void> {
    throw this.error;
  }
}

const search = { name: 'application/search', value: { kind: 'search', queryText: 'q', dataset: 'd' } };
const execute = {
  name: 'adaptiveCard/action',
  value: { action: { type: 'Action.Execute', id: 'i', verb: 'v', data: { a: 1 } }, state: 's', trigger: 'manual' },
};
const error = (message: string, code = 'BadRequest') => ({
  status: 400,
  body: { statusCode: 400, type: 'application/vnd.microsoft.error', value: { code, message } },
});

describe('an invoke', () => {
  test('that nobody handles is answered with 501', async () => {
    expect(await answer(new ActivityHandler(), { name: 'unknown' })).toEqual({ status: 501 });
    expect(await answer(new ActivityHandler(), {})).toEqual({ status: 501 });
    expect(await answer(new ActivityHandlerBase(), { name: 'unknown' })).toEqual({ status: 501 });
    for (const activity of [search, execute, { name: 'signin/verifyState' }, { name: 'signin/tokenExchange' }]) {
      expect(await answer(new ActivityHandler(), activity)).toEqual({ status: 501 });
    }
  });

  test('of a sign-in is answered with 200', async () => {
    for (const name of ['signin/verifyState', 'signin/tokenExchange']) {
      const bot = new Answering();
      expect(await answer(bot, { name })).toEqual({ status: 200 });
      expect(bot.seen).toEqual([name]);
    }
  });

  test('is answered with what an overridden onInvokeActivity returns', async () => {
    class Own extends ActivityHandler {
      protected override async onInvokeActivity(context: TurnContext): Promise<InvokeResponse> {
        return ActivityHandler.createInvokeResponse({ name: context.activity.name });
      }
    }
    expect(await answer(new Own(), { name: 'x' })).toEqual({ status: 200, body: { name: 'x' } });
  });

  test('is not answered again when the bot has sent a response itself', async () => {
    class Own extends ActivityHandler {
      protected override async onInvokeActivity(context: TurnContext): Promise<InvokeResponse> {
        await context.sendActivity({ type: 'invokeResponse', value: { status: 299 } });
        return super.onInvokeActivity(context);
      }
    }
    expect(await answer(new Own(), { name: 'x' })).toEqual({ status: 299 });
  });

  test('goes on to the dialog handlers, which are waited for, failure or not', async () => {
    const log: string[] = [];
    const dialog = async (context: TurnContext, next: () => Promise<void>) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await context.sendActivity('from the dialog');
      log.push('dialog');
      await next();
    };
    const { turn } = await runBot(new Answering().onDialog(dialog), { type: 'invoke', ...execute });
    await runBot(new ActivityHandler().onDialog(dialog), { type: 'invoke', name: 'unknown' });
    expect(log).toEqual(['dialog', 'dialog']);
    expect(turn.texts).toEqual(['from the dialog']);
  });
});

describe('errors while an invoke is handled', () => {
  const signIn = { name: 'signin/verifyState' };

  test('an InvokeException is the answer', async () => {
    expect(await answer(new Failing(new InvokeException(412)), signIn)).toEqual({ status: 412 });
    expect(await answer(new Failing(new InvokeException(400, { a: 1 })), signIn)).toEqual({
      status: 400,
      body: { a: 1 },
    });
  });

  test('an error that says NotImplemented is answered with 501', async () => {
    expect(await answer(new Failing(new Error('NotImplemented')), signIn)).toEqual({ status: 501 });
  });

  test('any other error fails the turn', async () => {
    const failure = new Error('broken');
    await expect(answer(new Failing(failure), signIn)).rejects.toBe(failure);
  });
});

describe('application/search', () => {
  test('gets its value, and its status becomes the HTTP status', async () => {
    const bot = new Answering();
    expect(await answer(bot, search)).toMatchObject({ status: 200, body: { statusCode: 200, value: { results: [] } } });
    expect(bot.seen).toEqual([search.value]);
  });

  test('needs no kind on Teams', async () => {
    const bot = new Answering();
    await answer(bot, { name: search.name, channelId: 'msteams', value: { queryText: 'q' } });
    expect(bot.seen).toEqual([{ queryText: 'q', kind: 'search' }]);
  });

  test.each([
    ['without a value', undefined, 'Missing value property for search'],
    ['without a kind', { queryText: 'q' }, 'Missing kind property for search.'],
    ['without a text', { kind: 'search' }, 'Missing queryText for search.'],
  ])('is refused with 400 %s', async (_name, value, message) => {
    expect(await answer(new Answering(), { name: search.name, value })).toEqual(error(message));
  });
});

describe('adaptiveCard/action', () => {
  test('gets the parts of its value that are defined, and its status becomes the HTTP status', async () => {
    const bot = new Answering();
    const authentication = { id: 'a', connectionName: 'c', token: 't', more: 1 };
    const value = { ...execute.value, authentication };
    expect(await answer(bot, { ...execute, value })).toEqual({
      status: 202,
      body: { statusCode: 202, type: 'application/vnd.microsoft.activity.message', value: 'ok' },
    });
    expect(bot.seen).toEqual([
      {
        action: execute.value.action,
        authentication: { id: 'a', connectionName: 'c', token: 't' },
        state: 's',
      },
    ]);
  });

  test.each([
    ['without a value', undefined, error('Missing value property')],
    ['without an action', {}, error('Missing action property')],
    [
      'for another action',
      { action: { type: 'Action.Submit' } },
      error("The action 'Action.Submit' is not supported.", 'NotSupported'),
    ],
  ])('is refused with 400 %s', async (_name, value, expected) => {
    expect(await answer(new Answering(), { name: execute.name, value })).toEqual(expected);
  });
});
