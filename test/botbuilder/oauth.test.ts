import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DialogSet, type DialogState, DialogTurnStatus, OAuthPrompt, WaterfallDialog } from 'botbuilder-dialogs';
import { createBotApp } from '../../src/app';
import { CloudAdapter } from '../../src/bot/cloud-adapter';
import { ConversationState } from '../../src/bot/conversation-state';
import type { TurnContext } from '../../src/bot/turn-context';
import { toBotBuilder } from '../../src/botbuilder/to-botbuilder';
import { createMemoryStore } from '../../src/memory/memory-store';
import type { UserTokenClient } from '../../src/ports/user-token-client';
import { systemClock } from '../../src/runtime/system';
import type { Activity } from '../../src/schema/activity';
import { TeamsActivityHandler } from '../../src/teams/teams-activity-handler';
import { OPEN } from '../support/open-auth';
import { incoming } from '../support/run-bot';

/* A bot that signs users in with OAuthPrompt, on the app as it is deployed and a token service over HTTP. */

const CONNECTION = 'graph';

/** Tokens by user, codes by user, and what can be exchanged. */
interface Service {
  readonly url: string;
  readonly calls: string[];
  readonly tokens: Map<string, string>;
  code: string;
  exchangeable: string;
}

let server: http.Server;
let service: Service;

beforeAll(async () => {
  server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '', service.url);
      const name = pathname.split('/').at(-1) ?? '';
      service.calls.push(name);
      const answer = answered(name, searchParams, Buffer.concat(chunks).toString());
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(answer === undefined ? '' : JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  service = { url, calls: [], tokens: new Map(), code: '123456', exchangeable: 'sso' };
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function answered(name: string, query: URLSearchParams, body: string): object | undefined {
  const user = query.get('userId') ?? '';
  if (name === 'GetSignInResource') {
    const state = JSON.parse(Buffer.from(query.get('state') ?? '', 'base64').toString());
    return { signInLink: `https://s.example/${state.conversation.user.id}`, tokenExchangeResource: { id: 'r' } };
  }
  if (name === 'SignOut') {
    service.tokens.delete(user);
    return {};
  }
  if (name === 'exchange' && JSON.parse(body).token === service.exchangeable) service.tokens.set(user, 'exchanged');
  if (name === 'GetToken' && query.get('code') === service.code) service.tokens.set(user, 'typed');
  const token = service.tokens.get(user);
  return token === undefined ? undefined : { channelId: 'c', connectionName: query.get('connectionName'), token };
}

class SignInBot extends TeamsActivityHandler {
  private readonly state = new ConversationState();
  private readonly dialogs = new DialogSet(toBotBuilder(this.state.createProperty<DialogState>('dialogs')));

  constructor() {
    super();
    this.dialogs.add(new OAuthPrompt('prompt', { connectionName: CONNECTION, title: 'Sign in', timeout: 60_000 }));
    this.dialogs.add(
      new WaterfallDialog('main', [
        (step) => step.beginDialog('prompt'),
        async (step) => {
          await step.context.sendActivity(step.result ? `token ${step.result.token}` : 'not signed in');
          return step.endDialog();
        },
      ]),
    );
    this.onMessage(async (context, next) => {
      if (context.activity.text === 'logout') await this.signOut(context);
      else await this.dialog(context);
      await next();
    });
    this.onTokenResponseEvent(async (context, next) => {
      await this.dialog(context);
      await next();
    });
  }

  protected override async handleTeamsSigninVerifyState(context: TurnContext): Promise<void> {
    await this.dialog(context);
  }

  protected override async handleTeamsSigninTokenExchange(context: TurnContext): Promise<void> {
    await this.dialog(context);
  }

  private async signOut(context: TurnContext): Promise<void> {
    const { from, channelId } = context.activity;
    const client = context.turnState.get<UserTokenClient>((context.adapter as CloudAdapter).UserTokenClientKey);
    await client?.signOutUser(from.id, CONNECTION, channelId);
    const status = await client?.getUserToken(from.id, CONNECTION, channelId);
    await context.sendActivity(`signed out, ${status?.token}`);
  }

  private async dialog(context: TurnContext): Promise<void> {
    const dialogContext = await this.dialogs.createContext(toBotBuilder(context));
    const { status } = await dialogContext.continueDialog();
    if (status === DialogTurnStatus.empty) await dialogContext.beginDialog('main');
  }
}

/** The app, and its channel's side. */
function signIn(channelId = 'test') {
  const sent: Partial<Activity>[] = [];
  const rung = new Set<string>();
  const adapter = new CloudAdapter();
  const app = createBotApp({
    bot: new SignInBot(),
    adapter,
    store: createMemoryStore(systemClock),
    log: { event: () => undefined },
    environment: {
      AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
      TURNWISE_STORE: 'memory',
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
      OAuthUrl: service.url,
    },
    doorbell: { ring: async (key) => void rung.add(key) },
    connector: {
      deliver: async (call) => {
        if ('activity' in call) sent.push(call.activity);
        return { outcome: 'delivered', id: `${sent.length}` };
      },
    },
    auth: OPEN,
  });
  let ids = 0;
  return {
    /** Posts an activity, and lets its turn run. @returns the answer, and what was sent since the last one */
    async post(activity: string | Partial<Activity>) {
      ids += 1;
      const given = typeof activity === 'string' ? { text: activity } : activity;
      const body = incoming({ id: `in-${ids}`, channelId, ...given });
      const answer: { status?: number; body?: unknown } = {};
      await adapter.process(
        { method: 'POST', headers: {}, body: JSON.parse(JSON.stringify(body)) },
        {
          status(status) {
            answer.status = status;
          },
          send(sending) {
            answer.body = sending;
          },
          end() {},
        },
      );
      for (const conversation of rung) await app.turns({ conversation });
      rung.clear();
      return { ...answer, sent: sent.splice(0) };
    },
  };
}

const cardIn = ([reply]: Partial<Activity>[]) => reply?.attachments?.[0];
const texts = (sent: Partial<Activity>[]) => sent.map(({ text }) => text);

describe('OAuthPrompt', () => {
  test('takes the code that the user types in, and the token is there from then on, until the user signs out', async () => {
    const { post } = signIn();
    const { sent } = await post('hi');
    expect(cardIn(sent)).toMatchObject({
      contentType: 'application/vnd.microsoft.card.oauth',
      content: { connectionName: CONNECTION, tokenExchangeResource: { id: 'r' } },
    });
    expect(texts((await post('123456')).sent)).toEqual(['token typed']);
    expect(texts((await post('again')).sent)).toEqual(['token typed']);
    expect(texts((await post('logout')).sent)).toEqual(['signed out, undefined']);
    expect(cardIn((await post('hi')).sent)).toBeDefined();
    expect(service.calls).toEqual([
      ...['GetToken', 'GetSignInResource', 'GetToken', 'GetToken', 'SignOut', 'GetToken', 'GetToken'],
      'GetSignInResource',
    ]);
  });

  test('takes the token of an event', async () => {
    const { post } = signIn();
    await post('hi');
    const value = { connectionName: CONNECTION, token: 'given' };
    expect(texts((await post({ type: 'event', name: 'tokens/response', value })).sent)).toEqual(['token given']);
  });

  test('takes what Teams verifies, and answers the invoke', async () => {
    const { post } = signIn('msteams');
    const { sent } = await post('hi');
    expect(cardIn(sent)).toMatchObject({ content: { buttons: [{ value: 'https://s.example/user-1' }] } });
    const wrong = await post({ type: 'invoke', name: 'signin/verifyState', value: { state: '000000' } });
    expect([wrong.status, texts(wrong.sent)]).toEqual([404, []]);
    const verified = await post({ type: 'invoke', name: 'signin/verifyState', value: { state: '123456' } });
    expect([verified.status, texts(verified.sent)]).toEqual([200, ['token typed']]);
  });

  test('exchanges the token of a client, and answers the invoke', async () => {
    const { post } = signIn('msteams');
    await post('hi');
    const name = 'signin/tokenExchange';
    const value = { id: 'e-1', connectionName: CONNECTION, token: 'worthless' };
    const refused = await post({ type: 'invoke', name, value });
    expect(refused).toMatchObject({ status: 412, body: { connectionName: CONNECTION }, sent: [] });
    const exchanged = await post({ type: 'invoke', name, value: { ...value, id: 'e-2', token: 'sso' } });
    expect(exchanged).toMatchObject({ status: 200, body: { id: 'e-2', connectionName: CONNECTION } });
    expect(texts(exchanged.sent)).toEqual(['token exchanged']);
  });
});
