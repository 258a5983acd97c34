import type { CosmosClient } from '@azure/cosmos';
import type { Clock } from '../ports/clock';
import { TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import { type CosmosAuthorization, keyAuthorization, tokenAuthorization, tokenScopes } from './cosmos-authorization';
import { createClient } from './cosmos-client';
import type { CosmosClock } from './cosmos-clock';
import { type CosmosConnection, isLocal } from './cosmos-connection';
import { CONTAINERS, containerDefinition } from './cosmos-containers';
import { mayHaveMoved } from './cosmos-outcome';
import { CosmosFailure, CosmosRest, type RestAnswer } from './cosmos-rest';
import { azureIdentity, identityTokens } from './identity';

const REQUEST_LIMIT_MS = 3_000;

/** With consistency weaker than session, a worker would not see its own writes. */
const CONSISTENT_ENOUGH: ReadonlySet<string> = new Set(['Strong', 'BoundedStaleness', 'Session']);

/** An account that has been looked at. */
export interface OpenAccount {
  readonly rest: CosmosRest;
  /** Of the region that writes: what is read there is never further behind than what is written. */
  readonly region: URL;
}

/** The account's document, as far as it says whether the account can be used. */
interface AccountDocument {
  readonly enableMultipleWriteLocations?: boolean;
  readonly writableLocations?: readonly { readonly databaseAccountEndpoint: string }[];
  readonly userConsistencyPolicy?: { readonly defaultConsistencyLevel: string };
}

/** Everything waits for the store: after failures of the identity service it is asked for a token at least this often. */
const MAX_TOKEN_PAUSE_MS = 5_000;

/** The least time between two looks at the account. */
const LOOK_AGAIN_MS = 5_000;

/** The one way to an account: looked at when it is first needed, once, and again when its region may have moved. */
export class CosmosAccount {
  private rest: CosmosRest | undefined;
  private client: CosmosClient | undefined;
  private opening: Promise<OpenAccount> | undefined;
  private opened: OpenAccount | undefined;
  /** As it was when it was looked at last. */
  private before: OpenAccount | undefined;
  private openedAt = Number.NEGATIVE_INFINITY;
  private closed = false;
  readonly requestLimitMs: number;

  constructor(
    private readonly connection: CosmosConnection,
    private readonly clock: CosmosClock,
    private readonly timers: Pick<Clock, 'now' | 'monotonic'>,
  ) {
    this.requestLimitMs = connection.requestLimitMs ?? REQUEST_LIMIT_MS;
  }

  /** The account, while it is open. */
  get current(): OpenAccount | undefined {
    return this.opened;
  }

  /** @throws TurnwiseError when the account cannot be used as it is; CosmosFailure when it cannot be reached */
  use(): Promise<OpenAccount> {
    if (this.closed) return Promise.reject(new StoreFault('no', 'The store is closed.'));
    this.opening ??= this.look();
    return this.opening;
  }

  /** Looks at the account again before the next request: another region may be the one that writes now. */
  lookAgain(): void {
    // While nothing is open, somebody is looking, or will.
    if (this.opened === undefined || this.clock.monotonic - this.openedAt < LOOK_AGAIN_MS) return;
    this.before = this.opened;
    this.opened = undefined;
    this.opening = undefined;
  }

  /** The SDK's client, for what is rare: queries, and making what is missing. */
  sdk(): CosmosClient {
    this.client ??= createClient(this.connection, this.requestLimitMs);
    return this.client;
  }

  /** Looks at account and containers now. @throws TurnwiseError when they cannot be used as they are, or not be reached */
  async open(): Promise<void> {
    this.closed = false;
    try {
      const { rest, region } = await this.use();
      const look = ({ id }: { readonly id: string }): Promise<unknown> =>
        rest.run(region, { method: 'GET', type: 'colls', link: this.linkOf(id) }).catch((error: unknown) => {
          throw codeOf(error) === 404 ? containerMissing(id) : error;
        });
      await Promise.all(Object.values(CONTAINERS).map(look));
    } catch (error) {
      if (error instanceof TurnwiseError) throw error;
      if (mayHaveMoved(error)) this.lookAgain();
      const status = statusOf(error instanceof StoreFault ? error.cause : error);
      const reason = error instanceof StoreFault ? error.message : `${status ?? 'it does not answer'}.`;
      const why = `Cosmos DB at ${this.connection.endpoint} cannot be used: ${reason}`;
      throw new TurnwiseError('StoreUnusable', [why, ...adviceOn(status)].join(' '), { cause: error });
    }
  }

  get database(): string {
    return this.connection.database;
  }

  /** A container by names, as requests are signed with. */
  linkOf(container: string): string {
    return `dbs/${this.connection.database}/colls/${container}`;
  }

  close(): void {
    this.closed = true;
    this.client?.dispose();
    this.client = undefined;
    this.rest?.close();
    this.rest = undefined;
    this.opening = undefined;
    this.opened = undefined;
    this.before = undefined;
  }

  private look(): Promise<OpenAccount> {
    const opens = (opened: OpenAccount): OpenAccount => {
      // It may have been closed meanwhile, and even be looked at anew.
      if (this.opening !== opening) return opened;
      this.openedAt = this.clock.monotonic;
      this.opened = opened;
      return opened;
    };
    const opening = this.start().then(opens, (error: unknown) => {
      const { before } = this;
      // The account's address can be out of reach while its region is not.
      if (before !== undefined && this.opening === opening && !(error instanceof TurnwiseError)) return opens(before);
      if (this.opening === opening) this.opening = undefined;
      throw error;
    });
    return opening;
  }

  private async start(): Promise<OpenAccount> {
    const { endpoint, create } = this.connection;
    const authorization = this.authorization();
    this.rest ??= new CosmosRest({ authorization, timeoutMs: this.requestLimitMs });
    const { rest } = this;
    const origin = new URL(endpoint);
    const sentAt = this.clock.monotonic;
    const answer = await rest.run(origin, { method: 'GET', type: '', link: '' });
    this.clock.observe(answer.headers.date, sentAt);
    const region = writingRegion(accountOf(answer));
    // Emulators name addresses that are theirs only inside their container.
    const opened = { rest, region: isLocal(endpoint) || region === undefined ? origin : new URL(region) };
    if (create) await this.createMissing(opened);
    return opened;
  }

  private authorization(): CosmosAuthorization {
    const { connection, timers: clock } = this;
    if (connection.key !== undefined) return keyAuthorization(connection.key);
    const pauses = { clock, maxBackOffMs: MAX_TOKEN_PAUSE_MS };
    return tokenAuthorization(
      identityTokens(() => azureIdentity(connection), tokenScopes(connection.endpoint), pauses),
    );
  }

  private async createMissing({ rest, region }: OpenAccount): Promise<void> {
    const missing = async (type: 'dbs' | 'colls', link: string): Promise<boolean> => {
      try {
        await rest.run(region, { method: 'GET', type, link });
        return false;
      } catch (error) {
        if (codeOf(error) === 404) return true;
        throw error;
      }
    };
    const { database: name } = this.connection;
    if (await missing('dbs', `dbs/${name}`)) await unlessExists(this.sdk().databases.createIfNotExists({ id: name }));
    await Promise.all(
      Object.values(CONTAINERS).map(async (container) => {
        if (!(await missing('colls', this.linkOf(container.id)))) return;
        await unlessExists(this.sdk().database(name).containers.createIfNotExists(containerDefinition(container)));
      }),
    );
  }
}

/** Advice on refusals, by status and substatus (Azure Cosmos DB, "Troubleshoot forbidden exceptions"). */
const ADVICE: Readonly<Record<string, string>> = {
  '403/5301':
    'The identity has no role for the data of this account: assign "Cosmos DB Built-in Data Contributor", as the deployment template does.',
  '403/5300':
    'A token for data was used for a request of the control plane: have the deployment template create the database and its containers.',
};

function adviceOn(status: string | undefined): readonly string[] {
  const advice = status === undefined ? undefined : ADVICE[status];
  return advice === undefined ? [] : [advice];
}

/** Returns status and substatus, which tell a missing role from a firewall that is closed. */
function statusOf(error: unknown): string | undefined {
  const { code, substatus } = (error ?? {}) as { readonly code?: unknown; readonly substatus?: unknown };
  if (code === undefined) return undefined;
  return substatus === undefined ? `${code}` : `${code}/${substatus}`;
}

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | undefined)?.code;

export function containerMissing(name: string): TurnwiseError {
  return new TurnwiseError(
    'StoreUnusable',
    `The Cosmos DB database has no container "${name}"; the deployment template creates it.`,
  );
}

/** @throws CosmosFailure for what is no account */
function accountOf({ body, headers }: RestAnswer): AccountDocument {
  try {
    return JSON.parse(body.text) as AccountDocument;
  } catch {
    throw new CosmosFailure('notAnAccount', { headers });
  }
}

/**
 * The address of the region that writes. With several of them two could both grant a condition on one ETag, and nothing here would hold.
 * @throws TurnwiseError when the account cannot be used as it is
 */
function writingRegion(account: AccountDocument): string | undefined {
  const { enableMultipleWriteLocations, writableLocations = [], userConsistencyPolicy } = account;
  if (enableMultipleWriteLocations || writableLocations.length > 1) {
    throw new TurnwiseError(
      'StoreUnusable',
      'The Cosmos DB account writes in several regions, which breaks ETags; turn multi-region writes off.',
    );
  }
  const consistency = userConsistencyPolicy?.defaultConsistencyLevel ?? '';
  if (!CONSISTENT_ENOUGH.has(consistency)) {
    throw new TurnwiseError(
      'StoreUnusable',
      `The Cosmos DB account's consistency is ${consistency}; set its default to Session.`,
    );
  }
  return writableLocations[0]?.databaseAccountEndpoint;
}

/** Two processes that start at once both find it missing. */
async function unlessExists(creation: Promise<unknown>): Promise<void> {
  await creation.catch((error: unknown) => {
    if (codeOf(error) !== 409) throw error;
  });
}
