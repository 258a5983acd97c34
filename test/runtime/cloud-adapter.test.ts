import { HttpRequest } from '@azure/functions';
import { describe, expect, test } from '@jest/globals';
import { createBotApp } from '../../src/app';
import type { Bot } from '../../src/bot/bot';
import {
  ConfigurationBotFrameworkAuthentication,
  ConfigurationServiceClientCredentialFactory,
  createBotFrameworkAuthenticationFromConfiguration,
  createServiceClientCredentialFactoryFromConfiguration,
} from '../../src/bot/bot-framework-authentication';
import { CloudAdapter } from '../../src/bot/cloud-adapter';
import { ConversationState } from '../../src/bot/conversation-state';
import { TurnContext } from '../../src/bot/turn-context';
import type { BotApp } from '../../src/bot-app';
import { createMemoryStore } from '../../src/memory/memory-store';
import type { ConnectorClient } from '../../src/ports/connector-client';
import type { Store } from '../../src/ports/store';
import { systemClock } from '../../src/runtime/system';
import type { ConversationReference } from '../../src/schema/accounts';
import type { Activity } from '../../src/schema/activity';
import { failure } from '../../src/schema/errors';
import type { ConversationKey } from '../../src/turn/keys';
import { incoming } from '../support/run-bot';

const count = new ConversationState().createProperty<number>('count');

const counting = async (context: TurnContext): Promise<void> => {
  await count.set(context, (await count.get(context, 0)) + 1);
  await context.sendActivity(`${context.activity.name ?? context.activity.text} ${await count.get(context)}`);
};

interface Hosted {
  readonly adapter: CloudAdapter;
  readonly app: BotApp;
  /** Texts that have reached the channel. */
  readonly sent: (string | undefined)[];
  readonly store: Store;
  /** Answers the rings so far. */
  deliver(): Promise<void>;
}

function hosted(bot: Bot = counting, adapter = new CloudAdapter(), holdsAdapter = true): Hosted {
  const sent: (string | undefined)[] = [];
  const rung = new Set<ConversationKey>();
  const store = createMemoryStore(systemClock);
  const client = {
    baseUri: 'https://channel.example/',
    conversations: { createConversation: async () => ({ id: 'created', serviceUrl: '' }) },
  } as unknown as ConnectorClient;
  const app = createBotApp({
    bot,
    ...(holdsAdapter ? { adapter } : {}),
    store,
    log: { event: () => undefined },
    environment: {
      AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
      TURNWISE_STORE: 'memory',
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    },
    options: { inlineDeadlineMs: 200 },
    connectorClients: { client: () => client },
    doorbell: { ring: async (key) => void rung.add(key) },
    connector: {
      deliver: async (call) => {
        sent.push('activity' in call ? call.activity.text : call.op);
        return { outcome: 'delivered', id: `${sent.length}` };
      },
    },
    auth: {
      mode: 'test',
      authenticate: async ({ headers }) => {
        if (headers.authorization !== 'Bearer good') return failure(401, 'TokenMissing');
        return {
          ok: true,
          admit: ({ channelId, serviceUrl }) =>
            channelId === 'test' ? { ok: true, pinned: { serviceUrl } } : failure(403, 'IdRefused'),
        };
      },
    },
  });
  return {
    adapter,
    app,
    sent,
    store,
    async deliver() {
      for (const key of rung) {
        rung.delete(key);
        await app.turns({ conversation: key });
      }
    },
  };
}

const reference = TurnContext.getConversationReference(incoming()) as ConversationReference;

describe('a proactive turn', () => {
  test('runs the logic in the conversation, through the middleware, and is committed when it resolves', async () => {
    const { adapter, deliver, sent } = hosted();
    const seen: string[] = [];
    adapter.use(async ({ activity }, next) => {
      seen.push(`${activity.type} ${activity.name} ${activity.from.id} ${activity.recipient.id}`);
      await next();
    });
    await adapter.continueConversationAsync('app', reference, counting);
    await adapter.continueConversationAsync({ claims: [] }, reference, 'audience', counting);
    expect(sent).toEqual([]);
    await deliver();
    expect(sent).toEqual(['ContinueConversation 1', 'ContinueConversation 2']);
    expect(seen).toEqual(Array(2).fill('event ContinueConversation user-1 bot-1'));
  });

  test('loses no update to others that run at the same time', async () => {
    const { adapter, deliver, sent } = hosted();
    const calls = Array.from({ length: 4 }, () => adapter.continueConversationAsync('app', reference, counting));
    await Promise.all(calls);
    await deliver();
    expect([...sent].sort()).toEqual([1, 2, 3, 4].map((each) => `ContinueConversation ${each}`));
  });

  test('gives up when what it touches is always changed by others, and leaves nothing behind', async () => {
    const { adapter, deliver, sent } = hosted();
    const contested = adapter.continueConversationAsync('app', reference, async (context) => {
      await context.sendActivity('never');
      const seen = await count.get(context, 0);
      await adapter.continueConversationAsync('app', reference, async (other) => count.set(other, seen + 1));
      await count.set(context, -1);
    });
    await expect(contested).rejects.toMatchObject({ code: 'TooManyConflicts' });
    await deliver();
    expect(sent).toEqual([]);
  });

  test('rejects with what the logic threw, and leaves nothing behind', async () => {
    const { adapter, deliver, sent } = hosted();
    const error = new Error('of the logic');
    const failing = adapter.continueConversationAsync('app', reference, async (context) => {
      await counting(context);
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    await adapter.continueConversationAsync('app', reference, counting);
    await deliver();
    expect(sent).toEqual(['ContinueConversation 1']);
  });

  test('ends with onTurnError where there is one', async () => {
    const { adapter, deliver, sent } = hosted();
    adapter.onTurnError = async (context, error) => void (await context.sendActivity(`sorry: ${error.message}`));
    await adapter.continueConversationAsync('app', reference, async (context) => {
      await context.sendActivity('never');
      throw new Error('of the logic');
    });
    await deliver();
    expect(sent).toEqual(['sorry: of the logic']);
  });

  test('begins a conversation that the channel has created', async () => {
    const { adapter, deliver, sent, store } = hosted();
    const parameters = { bot: { id: 'bot-1' }, members: [{ id: 'user-1' }], isGroup: false };
    await adapter.createConversationAsync(
      'app',
      'test',
      'https://channel.example/',
      'audience',
      parameters,
      async (context) => {
        expect(context.activity).toMatchObject({
          type: 'event',
          name: 'CreateConversation',
          conversation: { id: 'created', isGroup: false },
          from: { id: 'user-1' },
          recipient: { id: 'bot-1' },
        });
        await counting(context);
      },
    );
    await deliver();
    expect(sent).toEqual(['CreateConversation 1']);
    expect(await store.inspection.conversation('test/created' as ConversationKey)).toBeDefined();
  });
});

describe('an activity handed over directly', () => {
  /** Lets a test see what subclasses see. */
  class OpenAdapter extends CloudAdapter {
    override processActivity(
      authorization: string | object,
      activity: Activity,
      logic: (context: TurnContext) => Promise<void>,
    ) {
      return super.processActivity(authorization, activity, logic);
    }
  }

  test('runs the logic once the caller is known', async () => {
    const { adapter, deliver, sent } = hosted();
    await adapter.processActivityDirect('Bearer good', incoming({ text: 'a' }), counting);
    await adapter.processActivityDirect({ claimsIdentity: {} }, incoming({ text: 'b' }), counting);
    const bad = adapter.processActivityDirect('Bearer bad', incoming(), counting);
    await expect(bad).rejects.toMatchObject({ code: 'TokenMissing' });
    const elsewhere = adapter.processActivityDirect('Bearer good', incoming({ channelId: 'other' }), counting);
    await expect(elsewhere).rejects.toMatchObject({ code: 'IdRefused' });
    await deliver();
    expect(sent).toEqual(['a 1', 'b 2']);
  });

  test('has an answer when it is an invoke', async () => {
    const adapter = new OpenAdapter();
    hosted(counting, adapter);
    const answering = async (context: TurnContext): Promise<void> => {
      await context.sendActivity({ type: 'invokeResponse', value: { status: 200, body: 'answer' } });
    };
    expect(await adapter.processActivity({}, incoming({ type: 'invoke', name: 'x' }), answering)).toEqual({
      status: 200,
      body: 'answer',
    });
    expect(await adapter.processActivity({}, incoming(), counting)).toBeUndefined();
  });
});

describe('a request to a web server', () => {
  async function request(adapter: CloudAdapter, different: object) {
    const answer: { status?: number; body?: unknown; ended?: true } = {};
    const response = {
      status(code: number) {
        answer.status = code;
      },
      send(body: unknown) {
        answer.body = body;
      },
      end() {
        answer.ended = true;
      },
    };
    const headers = { Authorization: 'Bearer good', 'Content-Type': 'application/json' };
    await adapter.process({ method: 'POST', headers, body: incoming(), ...different }, response, counting);
    return answer;
  }

  test('is answered when the activity is durable, and the bot of the app runs it', async () => {
    const { adapter, deliver, sent } = hosted();
    expect(await request(adapter, {})).toEqual({ status: 200, ended: true });
    expect(await request(adapter, {})).toEqual({ status: 200, ended: true });
    await deliver();
    expect(sent).toEqual(['hello 1']);
  });

  test.each([
    ['another method', { method: 'GET' }, 405],
    ['a body that nobody has parsed', { body: 'text' }, 400],
    ['a caller who is not trusted', { headers: {} }, 401],
    ['no activity', { body: {} }, 400],
  ])('with %s is refused', async (_what, different, status) => {
    const { adapter } = hosted();
    expect(await request(adapter, different)).toMatchObject({ status, ended: true });
  });
});

test('outside an app it says what to do', async () => {
  const adapter = new CloudAdapter({ createUserTokenClient: () => undefined });
  await expect(adapter.continueConversationAsync('app', reference, counting)).rejects.toMatchObject({
    code: 'NotByThisAdapter',
    message: expect.stringContaining('createBotApp({ bot, adapter })'),
  });
});

test('it belongs to one app', () => {
  const { adapter } = hosted();
  expect(() => hosted(counting, adapter)).toThrow('another app');
});

test('its middleware and its error handler are those of the app, set whenever', async () => {
  const { adapter, app, deliver, sent } = hosted(async () => {
    throw Object.assign(new Error('of the bot'), { retry: false });
  });
  adapter.onTurnError = async (context, { message }) => void (await context.sendActivity(message));
  adapter.use(async (context, next) => {
    expect(context.adapter).toBe(adapter);
    await next();
  });
  expect(app).toBeDefined();
  const response = { status: () => undefined, send: () => undefined, end: () => undefined };
  await adapter.process({ method: 'POST', headers: { authorization: 'Bearer good' }, body: incoming() }, response);
  await deliver();
  expect(sent).toEqual(['of the bot']);
});

describe('settings given in code', () => {
  const appId = '11111111-2222-3333-4444-555555555555';
  const environment = { AZURE_FUNCTIONS_ENVIRONMENT: 'Development', AzureWebJobsStorage: 'UseDevelopmentStorage=true' };
  const authOf = async (adapter: CloudAdapter) => {
    const store = createMemoryStore(systemClock);
    const app = createBotApp({ bot: counting, adapter, environment, store, log: { event: () => undefined } });
    return ((await app.health()).jsonBody as { auth: string }).auth;
  };

  test('are those of the app that the adapter belongs to', async () => {
    const authentication = new ConfigurationBotFrameworkAuthentication({
      MicrosoftAppId: appId,
      MicrosoftAppPassword: 'p',
      MicrosoftAppTenantId: undefined,
    });
    expect(await authOf(new CloudAdapter())).toBe('anonymous-loopback');
    expect(await authOf(new CloudAdapter(authentication))).not.toBe('anonymous-loopback');
  });

  test('may stand in a factory for credentials, which wins', () => {
    const factory = new ConfigurationServiceClientCredentialFactory({ MicrosoftAppId: appId, ValidateAuthority: true });
    const { settings } = new CloudAdapter(
      new ConfigurationBotFrameworkAuthentication({ MicrosoftAppId: 'other', ChannelService: '' }, factory),
    );
    expect(settings).toEqual({ MicrosoftAppId: appId, ValidateAuthority: 'true', ChannelService: '' });
  });

  test('may come out of a configuration', () => {
    const configuration = { get: <T>() => ({ MicrosoftAppId: 'other', MicrosoftAppType: 'MultiTenant' }) as T };
    const factory = new ConfigurationServiceClientCredentialFactory({ MicrosoftAppId: appId });
    const settingsOf = (given: unknown) => new CloudAdapter(given).settings;
    expect(settingsOf(createBotFrameworkAuthenticationFromConfiguration(null, factory))).toEqual({
      MicrosoftAppId: appId,
    });
    expect(settingsOf(createBotFrameworkAuthenticationFromConfiguration(configuration, factory))).toEqual({
      MicrosoftAppId: appId,
      MicrosoftAppType: 'MultiTenant',
    });
    expect(createServiceClientCredentialFactoryFromConfiguration(configuration).settings.MicrosoftAppId).toBe('other');
  });
});

test('a bot whose app was given no adapter finds one in its context', async () => {
  const bot = async (context: TurnContext): Promise<void> => {
    const elsewhere = { ...reference, conversation: { id: 'elsewhere' } };
    await context.adapter.continueConversationAsync('app', elsewhere, async (other) => {
      await other.sendActivity(`told ${other.activity.conversation.id}`);
    });
    await context.sendActivity('here');
  };
  const { app, deliver, sent } = hosted(bot, new CloudAdapter(), false);
  const request = new HttpRequest({
    method: 'POST',
    url: 'http://localhost/api/messages',
    headers: { authorization: 'Bearer good', 'content-type': 'application/json' },
    body: { string: JSON.stringify(incoming()) },
  });
  expect((await app.messages(request)).status).toBe(200);
  await deliver();
  await deliver();
  expect([...sent].sort()).toEqual(['here', 'told elsewhere']);
});
