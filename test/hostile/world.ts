import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type QueueClient, QueueServiceClient } from '@azure/storage-queue';
import { type Answer, Channel, post } from '../e2e/support/channel';
import { raw } from '../e2e/support/raw';
import { endAllRunners, type RunnerProcess, startRunner, until } from '../e2e/support/runner';
import { Workspace } from '../e2e/support/workspace';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { type FakeDirectory, startFakeDirectory } from '../support/fake-directory';
import { listen } from '../support/fake-login';
import { selfSigned } from '../support/self-signed';
import type { Bench, HostileBytes, HostileRequest } from './rows';
import { NOTIFY_API } from './rows-notify';
import { APP_ID, TENANT, TokenBench } from './token-bench';

export const ENDPOINT = '/api/messages';

/** Stands in the bot's password and in every token that it gets: where it turns up, something has leaked. */
export const SECRET = 'CANARY-secret-of-the-bot';

/** What came back from an attack. `code` is what the body has as `error.code`. */
export interface Turned {
  readonly status: number;
  readonly code: string | undefined;
  readonly text: string;
}

/**
 * The compiled app with an app id, as it would run in Azure but for the loopback addresses of what surrounds it: a login service for
 * channels, a directory for the bot's own token, a channel, a queue.
 */
export class World extends TokenBench implements Bench {
  readonly workspace = new Workspace();
  connector!: FakeConnector;
  directory!: FakeDirectory;
  channel!: Channel;
  #runner!: RunnerProcess;
  #stopLogin: () => Promise<void> = async () => undefined;
  #queues: QueueServiceClient | undefined;
  #good = 0;
  readonly #authorizations = new Map<string, string>();
  #environment: Readonly<Record<string, string>> = {};

  constructor() {
    super(Date.now, ['test', 'other'], 10);
  }

  /** @param options numbers of the pipeline that differ from those that bots get */
  async start(options: object = {}, env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.connector = await startFakeConnector();
    this.channel = new Channel(this.connector, 'hostile');
    this.directory = await startFakeDirectory(TENANT, SECRET);
    this.login.serviceUrl = this.connector.url;
    this.#stopLogin = await listen(this.login);
    const authority = path.join(this.workspace.folder, 'authority.pem');
    writeFileSync(authority, selfSigned.cert);
    this.#environment = {
      ...this.workspace.env,
      MicrosoftAppId: APP_ID,
      MicrosoftAppType: 'SingleTenant',
      MicrosoftAppTenantId: TENANT,
      MicrosoftAppPassword: SECRET,
      ToChannelFromBotLoginUrl: this.directory.loginUrl,
      ToBotFromChannelOpenIdMetadataUrl: this.login.metadataUrl,
      ToBotFromEmulatorOpenIdMetadataUrl: this.login.metadataUrl,
      TURNWISE_NOTIFY: 'app-role',
      TURNWISE_NOTIFY_AUDIENCE: NOTIFY_API,
      NODE_EXTRA_CA_CERTS: authority,
      // A slow turn would leave a bell in the queue for when its worker might have died, and what is in the queue is looked at.
      E2E_OPTIONS: JSON.stringify({ guardBellMs: 3_600_000, ...options }),
      ...env,
    };
    await this.restart();
    // The store has its files, the keys are at hand and the bot has its token: what comes next is to leave all of it as it is.
    await this.#say('good', [['count']]);
    await this.channel.texted('good', 1);
    await this.served();
    await until(async () => (await this.traces()).messages === 0, 5_000);
  }

  /** Starts the app, again once it has died, on what is in its folder. */
  async restart(): Promise<void> {
    this.#runner = await startRunner('scripted', this.#environment);
  }

  async stop(): Promise<void> {
    await this.#runner?.stop();
    await endAllRunners();
    await Promise.all([this.connector?.close(), this.directory?.close(), this.#stopLogin()]);
    await this.workspace.remove();
  }

  get runner(): RunnerProcess {
    return this.#runner;
  }

  get port(): number {
    return this.#runner.port;
  }

  activity(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return this.channel.message('never', { value: [['reply', 'never']], ...changes });
  }

  /** A queue of the app's account. */
  queue(name = 'turns'): QueueClient {
    this.#queues ??= QueueServiceClient.fromConnectionString(this.#runner.queue);
    return this.#queues.getQueueClient(name);
  }

  async attack(request: HostileRequest | HostileBytes): Promise<Turned> {
    if ('bytes' in request) {
      const { status, body } = await raw(this.port, request.bytes, request.end);
      return turned(status, body);
    }
    const { status, text } = await this.send(request);
    return turned(status, text);
  }

  async send({ path: target = ENDPOINT, method = 'POST', headers = {}, body }: HostileRequest): Promise<Answer> {
    const sent = { authorization: this.login.authorization(), ...headers };
    const url = `http://127.0.0.1:${this.port}${target}`;
    return post(url, body ?? this.activity(), { method, headers: sent });
  }

  /** Everything that something accepted would leave behind: in the store, in the queue, at the bot, at the channel. */
  async traces() {
    const database = new DatabaseSync(path.join(this.workspace.data, 'turnwise.db'), { readOnly: true });
    const count = (table: string): unknown => database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count;
    const store = { conversations: count('heads'), records: count('records'), users: count('users') };
    const heads = database.prepare('SELECT head FROM heads').all();
    database.close();
    const { approximateMessagesCount: messages } = await this.queue().getProperties();
    const handlers = this.workspace.journal('start').length;
    const { tokens } = this.directory;
    return { ...store, heads, messages, handlers, calls: this.connector.calls.length, tokens: tokens.length };
  }

  /**
   * A good request is served: answered inside its response by the handler, on state that only good requests have changed.
   * @param request a good request in other clothes
   */
  async served(request: (good: Record<string, unknown>) => HostileRequest = (body) => ({ body })): Promise<void> {
    this.#good += 1;
    const good = this.activity({
      type: 'invoke',
      name: 'test',
      conversation: { id: 'good' },
      value: [
        ['add', 'served'],
        ['answer', 'served'],
      ],
    });
    const { status, text } = await this.send(request(good));
    if (status !== 200 || text !== JSON.stringify({ served: this.#good })) {
      throw new Error(`A good request was answered with ${status} ${text}, and not as number ${this.#good}.`);
    }
  }

  /** Has the bot run a script in a conversation, as a channel would. @param connector where its replies go */
  async say(conversation: string, script: readonly unknown[], connector = this.connector): Promise<void> {
    await this.#say(conversation, script, connector.url);
  }

  async #say(conversation: string, script: readonly unknown[], serviceUrl = this.connector.url): Promise<void> {
    const body = this.activity({ conversation: { id: conversation }, value: script, serviceUrl });
    const authorization = this.#authorizations.get(serviceUrl) ?? this.login.authorization({ serviceurl: serviceUrl });
    // Channels use a token for an hour, too.
    this.#authorizations.set(serviceUrl, authorization);
    const { status, text } = await this.send({ body, headers: { authorization } });
    if (status !== 200) throw new Error(`A good message was answered with ${status} ${text}.`);
  }
}

function turned(status: number, text: string): Turned {
  return { status, code: codeIn(text), text };
}

function codeIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: { code?: string } }).error?.code;
  } catch {
    return undefined;
  }
}
