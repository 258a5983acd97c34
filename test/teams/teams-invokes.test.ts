import { describe, expect, test } from '@jest/globals';
import { InvokeException } from '../../src/bot/invoke-exception';
import { turnAnswer } from '../../src/bot/turn-answer';
import type { TurnContext } from '../../src/bot/turn-context';
import type { Activity } from '../../src/schema/activity';
import type { InvokeResponse } from '../../src/schema/invoke';
import { TeamsActivityHandler } from '../../src/teams/teams-activity-handler';
import { runBot } from '../support/run-bot';
import { INVOKE_ROUTES } from './teams-routes';

type Method = (context: TurnContext, value: unknown) => Promise<unknown>;

function overriding(method: string, run: Method): TeamsActivityHandler {
  const bot = new TeamsActivityHandler();
  const methods = bot as unknown as Record<string, Method>;
  if (typeof methods[method] !== 'function') throw new Error(`There is no ${method}.`);
  methods[method] = run;
  return bot;
}

function invoke(name: string | undefined, value?: unknown): Partial<Activity> {
  return { type: 'invoke', channelId: 'msteams', value, ...(name === undefined ? {} : { name }) };
}

async function answerOf(bot: TeamsActivityHandler, activity: Partial<Activity>): Promise<InvokeResponse | undefined> {
  return turnAnswer((await runBot(bot, activity)).context);
}

describe.each(INVOKE_ROUTES)('%s answers %s', (method, name, answer, value = { some: 'value' }) => {
  test('with what it returns', async () => {
    const given: unknown[] = [];
    const returned = answer === 'asIs' ? { status: 299, body: 'as is' } : { the: 'answer' };
    const bot = overriding(method, async (_context, value) => {
      given.push(value);
      return returned;
    });
    const expected = { body: { status: 200, body: returned }, noBody: { status: 200 }, asIs: returned }[answer];
    expect(await answerOf(bot, invoke(name, value))).toEqual(expected);
    const valueIsGiven = !['handleTeamsCardActionInvoke', 'onSignInInvoke'].includes(method);
    expect(given).toEqual([valueIsGiven ? value : undefined]);
  });

  test('with 501 unless it is overridden', async () => {
    expect(await answerOf(new TeamsActivityHandler(), invoke(name, value))).toEqual({ status: 501 });
  });

  test('with the status of an InvokeException', async () => {
    const bot = overriding(method, () => Promise.reject(new InvokeException(409, { why: 'taken' })));
    expect(await answerOf(bot, invoke(name, value))).toEqual({ status: 409, body: { why: 'taken' } });
  });

  test('not at all when it fails', async () => {
    const error = new Error('broken');
    await expect(
      runBot(
        overriding(method, () => Promise.reject(error)),
        invoke(name, value),
      ),
    ).rejects.toBe(error);
  });

  test('and the dialog handlers run then, once, whether it failed or not', async () => {
    for (const run of [async () => undefined, () => Promise.reject(new Error('broken'))]) {
      const log: string[] = [];
      const bot = overriding(method, async () => {
        log.push('method');
        return run();
      });
      bot.onDialog(async (_context, next) => {
        log.push('dialog');
        await next();
      });
      await runBot(bot, invoke(name, value)).catch(() => undefined);
      expect(log).toEqual(['method', 'dialog']);
    }
  });
});

describe('answers by the message of an error', () => {
  const answer = (message: string) =>
    answerOf(
      overriding('handleTeamsTaskModuleFetch', () => Promise.reject(new Error(message))),
      invoke('task/fetch'),
    );

  test('NotImplemented is 501, BadRequest is 400, and no other message is an answer', async () => {
    expect(await answer('NotImplemented')).toEqual({ status: 501 });
    expect(await answer('BadRequest')).toEqual({ status: 400 });
    await expect(answer('badrequest')).rejects.toThrow('badrequest');
  });
});

describe('what an invoke can have wrong', () => {
  const BAD: [name: string, value: unknown][] = [
    ['fileConsent/invoke', { action: 'maybe' }],
    ['fileConsent/invoke', {}],
    ['fileConsent/invoke', undefined],
    ['composeExtension/submitAction', { botMessagePreviewAction: 'burn' }],
    ['composeExtension/submitAction', undefined],
    ['composeExtension/submitAction', null],
  ];

  test.each(BAD)('%s with %j is answered with 400', async (name, value) => {
    expect(await answerOf(new TeamsActivityHandler(), invoke(name, value))).toEqual({ status: 400 });
  });

  test('an unknown name, also one that every object has, is answered with 501', async () => {
    for (const name of ['something/new', 'constructor', '__proto__', 'TASK/FETCH']) {
      expect(await answerOf(new TeamsActivityHandler(), invoke(name))).toEqual({ status: 501 });
    }
  });

  test('an invoke without a name is a card action in Teams only', async () => {
    const bot = overriding('handleTeamsCardActionInvoke', async () => ({ status: 200 }));
    expect(await answerOf(bot, invoke(undefined))).toEqual({ status: 200 });
    expect(await answerOf(bot, { ...invoke(''), name: '' })).toEqual({ status: 200 });
    expect(await answerOf(bot, { ...invoke(undefined), channelId: 'test' })).toEqual({ status: 501 });
  });
});

describe('invokes of every channel', () => {
  test('are answered as in an ActivityHandler', async () => {
    const bot = overriding('onAdaptiveCardInvoke', async () => ({ statusCode: 200, type: 'x', value: 'y' }));
    const value = { action: { type: 'Action.Execute' } };
    expect(await answerOf(bot, invoke('adaptiveCard/action', value))).toEqual({
      status: 200,
      body: { statusCode: 200, type: 'x', value: 'y' },
    });
  });

  test('those of Teams are answered on any channel, as in the Bot Framework SDK', async () => {
    const bot = overriding('handleTeamsTaskModuleFetch', async () => ({ task: {} }));
    expect(await answerOf(bot, { ...invoke('task/fetch'), channelId: 'test' })).toEqual({
      status: 200,
      body: { task: {} },
    });
  });

  test('an answer that was sent already stays', async () => {
    const bot = overriding('handleTeamsTaskModuleFetch', async (context) => {
      await context.sendActivity({ type: 'invokeResponse', value: { status: 202 } });
      return { task: {} };
    });
    expect(await answerOf(bot, invoke('task/fetch'))).toEqual({ status: 202 });
  });
});
