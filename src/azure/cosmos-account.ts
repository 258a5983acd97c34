import type { CosmosClient } from '@azure/cosmos';
import type { Clock } from '../ports/clock';
import { TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import { accountIn, writingRegion } from './cosmos-account-document';
import { type CosmosAuthorization, keyAuthorization, tokenAuthorization, tokenScopes } from './cosmos-authorization';
import { createClient } from './cosmos-client';
import type { CosmosClock } from './cosmos-clock';
import { type CosmosConnection, isLocal } from './cosmos-connection';
import { CONTAINERS, containerDefinition } from './cosmos-containers';
import { isContainerMissing, mayHaveMoved, statusOf } from './cosmos-outcome';
import { CosmosRest } from './cosmos-rest';
import { RestTransport } from './cosmos-rest-transport';
import { SdkTransport } from './cosmos-sdk-transport';
import type { CosmosTransport, TransportName } from './cosmos-transport';
import { azureIdentity, identityTokens } from './identity';

const REQUEST_LIMIT_MS = 3_000;

/** Time for one request of a patient query, in ms: the service works on one page for five seconds, and answers with what it has. */
const PATIENT_REQUEST_MS = 15_000;

/** Time that a patient query waits for a service that is busy, with one page, in ms. */
const PATIENCE_MS = 45_000;

/** An account that has been looked at. */
export interface OpenAccount {
  readonly rest: CosmosRest;
  /** Of the region that writes: what is read there is never further behind than what is written. */
  readonly region: URL;
  /** The way to its items. */
  readonly transport: CosmosTransport;
  /** The account's own name for itself. */
  readonly name: string;
}

/** An account as its document says. */
type Looked = Omit<OpenAccount, 'transport'>;

/** A container as it is in the service. */
export interface ContainerIdentity {
  readonly name: keyof typeof CONTAINERS;
  /** Id that the service gave it: a container that is made anew has another. */
  readonly rid: string;
}

/** Everything waits for the store: after failures of the identity service it is asked for a token at least this often. */
const MAX_TOKEN_PAUSE_MS = 5_000;

/** Least time between two looks at the account, in ms. */
const LOOK_AGAIN_MS = 5_000;

/** Time after which the account is looked at again although nothing has failed, in ms. The SDK takes as long. */
const REFRESH_MS = 300_000;

/** Time after which a regular look that failed is repeated, in ms. */
const REPEAT_MS = 30_000;

/** Requests without a clear answer since the last look, after which the account is looked at again. */
const MAX_DOUBTS = 5;

/** The one way to an account: looked at when it is first needed, once, again every five minutes, and when its region may have moved. */
export class CosmosAccount {
  readonly requestLimitMs: number;
  readonly #connection: CosmosConnection;
  readonly #clock: CosmosClock;
  readonly #timers: Pick<Clock, 'now' | 'monotonic'>;
  #rest: CosmosRest | undefined;
  /** The SDK's clients, with the region that their requests go to. */
  readonly #clients = new Map<'quick' | 'patient', { readonly region: string; readonly made: CosmosClient }>();
  #authorization: CosmosAuthorization | undefined;
  #transport: { readonly name: TransportName; readonly region: string; readonly made: CosmosTransport } | undefined;
  #chosen: TransportName;
  #opening: Promise<OpenAccount> | undefined;
  #opened: OpenAccount | undefined;
  /** As it was when it was looked at last. */
  #before: OpenAccount | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #refreshAt = Number.POSITIVE_INFINITY;
  #doubts = 0;
  #closed = false;

  constructor(connection: CosmosConnection, clock: CosmosClock, timers: Pick<Clock, 'now' | 'monotonic'>) {
    this.#connection = connection;
    this.#clock = clock;
    this.#timers = timers;
    this.#chosen = connection.transport ?? 'rest';
    this.requestLimitMs = connection.requestLimitMs ?? REQUEST_LIMIT_MS;
  }

  /** The account, while it is open. Looks at it again beside the work when it is time. */
  get current(): OpenAccount | undefined {
    if (this.#opened !== undefined && this.#clock.monotonic >= this.#refreshAt) void this.#refresh(this.#opened);
    return this.#opened;
  }

  get transportName(): TransportName {
    return this.#chosen;
  }

  /** @throws TurnwiseError when the account cannot be used as it is; CosmosFailure when it cannot be reached */
  use(): Promise<OpenAccount> {
    if (this.#closed) return Promise.reject(new StoreFault('no', 'The store is closed.'));
    this.#opening ??= this.#look();
    return this.#opening;
  }

  /** Looks at the account again before the next request: another region may be the one that writes now. */
  lookAgain(): void {
    // While nothing is open, somebody is looking, or will.
    if (this.#opened === undefined || this.#clock.monotonic - this.#lookedAt < LOOK_AGAIN_MS) return;
    this.#before = this.#opened;
    this.#opened = undefined;
    this.#opening = undefined;
  }

  /** Takes note of a request without a clear answer: after several of them the account is looked at again. */
  doubt(): void {
    this.#doubts += 1;
    if (this.#doubts < MAX_DOUBTS) return;
    this.#refreshAt = Math.min(this.#refreshAt, this.#lookedAt + LOOK_AGAIN_MS);
  }

  /** Makes a way to the items of the account. Its caller closes it. */
  transport(name: TransportName, { rest, region }: Looked): CosmosTransport {
    const { database } = this.#connection;
    if (name === 'rest') return new RestTransport(rest, region, database);
    return new SdkTransport({
      region,
      database,
      authorization: this.#authorized(),
      timeoutMs: this.requestLimitMs,
    });
  }

  /** Has all requests from now on go another way. */
  choose(name: TransportName): void {
    this.#chosen = name;
    if (this.#opened !== undefined) this.#opened = this.#withTransport(this.#opened);
    // Callers that wait for the look that made it get what is chosen now.
    if (this.#opened !== undefined) this.#opening = Promise.resolve(this.#opened);
  }

  /**
   * The SDK's client for what is rare: queries, and making what is missing. A patient one waits when the service is busy: a query that has failed
   * cannot go on where it was. What has begun with the client of another region goes on there.
   *
   * @param region of the account as it was looked at
   */
  sdk({ href }: URL, patient = false): CosmosClient {
    const kind = patient ? 'patient' : 'quick';
    const known = this.#clients.get(kind);
    if (known?.region === href) return known.made;
    known?.made.dispose();
    const [timeoutMs, patienceMs] = patient ? [PATIENT_REQUEST_MS, PATIENCE_MS] : [this.requestLimitMs, 0];
    const made = createClient(this.#connection, timeoutMs, patienceMs, new URL(href));
    this.#clients.set(kind, { region: href, made });
    return made;
  }

  /** Whether queries may take their time where nothing else is said. */
  get isPatient(): boolean {
    return this.#connection.patient === true;
  }

  /** Looks at account and containers now. @throws TurnwiseError when they cannot be used as they are, or not be reached */
  async open(): Promise<readonly ContainerIdentity[]> {
    this.#closed = false;
    try {
      const { rest, region } = await this.use();
      const look = async (name: keyof typeof CONTAINERS): Promise<ContainerIdentity> => {
        const { id } = CONTAINERS[name];
        const request = { method: 'GET', type: 'colls', link: this.linkOf(id) } as const;
        const { body } = await rest.run(region, request).catch((error: unknown) => {
          throw isContainerMissing(error) ? containerMissing(id) : error;
        });
        return { name, rid: ridIn(body.text) };
      };
      return await Promise.all((Object.keys(CONTAINERS) as (keyof typeof CONTAINERS)[]).map(look));
    } catch (error) {
      throw this.#unusable(error);
    }
  }

  get database(): string {
    return this.#connection.database;
  }

  /** A container by names, as requests are signed with. */
  linkOf(container: string): string {
    return `dbs/${this.#connection.database}/colls/${container}`;
  }

  close(): void {
    this.#closed = true;
    for (const { made } of this.#clients.values()) made.dispose();
    this.#clients.clear();
    this.#transport?.made.close();
    this.#transport = undefined;
    this.#rest?.close();
    this.#rest = undefined;
    this.#authorization = undefined;
    this.#opening = undefined;
    this.#opened = undefined;
    this.#before = undefined;
  }

  #look(): Promise<OpenAccount> {
    const opens = (looked: Looked): OpenAccount => {
      const opened = this.#withTransport(looked);
      // It may have been closed meanwhile, and even be looked at anew.
      if (this.#opening !== opening) return opened;
      this.#looked(REFRESH_MS);
      this.#opened = opened;
      return opened;
    };
    const opening = this.#start().then(opens, (error: unknown) => {
      const before = this.#before;
      // The account's address can be out of reach while its region is not.
      if (before !== undefined && this.#opening === opening && !(error instanceof TurnwiseError)) return opens(before);
      if (this.#opening === opening) this.#opening = undefined;
      throw error;
    });
    return opening;
  }

  #looked(nextMs: number): void {
    this.#lookedAt = this.#clock.monotonic;
    this.#refreshAt = this.#lookedAt + nextMs;
    this.#doubts = 0;
  }

  /** Looks at the account while it goes on being used as it was. One that cannot be used any more is used no further. */
  async #refresh(known: OpenAccount): Promise<void> {
    this.#looked(REPEAT_MS);
    try {
      const found = await this.#start();
      if (this.#opened !== known) return;
      this.#looked(REFRESH_MS);
      this.#opened = this.#withTransport(found);
      this.#opening = Promise.resolve(this.#opened);
    } catch (error) {
      if (!(error instanceof TurnwiseError) || this.#opened !== known) return;
      this.#opened = undefined;
      this.#opening = undefined;
      this.#before = undefined;
    }
  }

  async #start(): Promise<Looked> {
    const { endpoint, create } = this.#connection;
    this.#rest ??= new CosmosRest({ authorization: this.#authorized(), timeoutMs: this.requestLimitMs });
    const rest = this.#rest;
    const origin = new URL(endpoint);
    const sentAt = this.#clock.monotonic;
    const answer = await rest.run(origin, { method: 'GET', type: '', link: '' });
    this.#clock.observe(answer.headers.date, sentAt);
    const account = accountIn(answer);
    const address = writingRegion(account);
    // Emulators name addresses that are theirs only inside their container.
    const region = isLocal(endpoint) || address === undefined ? origin : new URL(address);
    if (create) await this.#createMissing(rest, region);
    return { rest, region, name: account.id ?? origin.host };
  }

  /** The account with the transport that is chosen; the one that was used before is closed where it is another. */
  #withTransport(looked: Looked): OpenAccount {
    const region = looked.region.href;
    const name = this.#chosen;
    const before = this.#transport;
    if (before?.name === name && before.region === region) return { ...looked, transport: before.made };
    const made = this.transport(name, looked);
    before?.made.close();
    this.#transport = { name, region, made };
    return { ...looked, transport: made };
  }

  #authorized(): CosmosAuthorization {
    const connection = this.#connection;
    if (connection.key !== undefined) this.#authorization ??= keyAuthorization(connection.key);
    const pauses = { clock: this.#timers, maxBackOffMs: MAX_TOKEN_PAUSE_MS };
    this.#authorization ??= tokenAuthorization(
      identityTokens(() => azureIdentity(connection), tokenScopes(connection.endpoint), pauses),
    );
    return this.#authorization;
  }

  async #createMissing(rest: CosmosRest, region: URL): Promise<void> {
    const missing = async (type: 'dbs' | 'colls', link: string): Promise<boolean> => {
      try {
        await rest.run(region, { method: 'GET', type, link });
        return false;
      } catch (error) {
        if (isContainerMissing(error)) return true;
        throw error;
      }
    };
    const { database: name } = this.#connection;
    if (await missing('dbs', `dbs/${name}`))
      await unlessExists(this.sdk(region).databases.createIfNotExists({ id: name }));
    await Promise.all(
      Object.values(CONTAINERS).map(async (container) => {
        if (!(await missing('colls', this.linkOf(container.id)))) return;
        await unlessExists(
          this.sdk(region).database(name).containers.createIfNotExists(containerDefinition(container)),
        );
      }),
    );
  }

  #unusable(error: unknown): TurnwiseError {
    if (error instanceof TurnwiseError) return error;
    if (mayHaveMoved(error)) this.lookAgain();
    const status = wordsFor(error instanceof StoreFault ? error.cause : error);
    const reason = error instanceof StoreFault ? error.message : `${status ?? 'it does not answer'}.`;
    const why = `Cosmos DB at ${this.#connection.endpoint} cannot be used: ${reason}`;
    return new TurnwiseError('StoreUnusable', [why, ...adviceOn(status)].join(' '), { cause: error });
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

/** Returns status and substatus, which tell a missing role from a firewall that is closed, or the code of another failure. */
function wordsFor(error: unknown): string | undefined {
  const { code, substatus } = (error ?? {}) as { readonly code?: unknown; readonly substatus?: unknown };
  if (code === undefined) return undefined;
  return substatus === undefined ? `${code}` : `${code}/${substatus}`;
}

function ridIn(text: string): string {
  try {
    return String((JSON.parse(text) as { readonly _rid?: unknown })._rid);
  } catch {
    return 'unknown';
  }
}

export function containerMissing(name: string): TurnwiseError {
  return new TurnwiseError(
    'StoreUnusable',
    `The Cosmos DB database has no container "${name}"; the deployment template creates it.`,
  );
}

/** Two processes that start at once both find it missing. */
async function unlessExists(creation: Promise<unknown>): Promise<void> {
  await creation.catch((error: unknown) => {
    if (statusOf(error).status !== 409) throw error;
  });
}
