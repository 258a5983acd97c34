import { defined } from './schema/defined';
import { TurnwiseError } from './schema/errors';
import { Secret } from './schema/secret';
import type { SettingName } from './settings-list';

/** The settings that are set, each checked by itself. */
export type Values = (name: SettingName) => string | undefined;

/** How a Cosmos DB account is reached. */
interface AccountSettings {
  readonly endpoint: string;
  readonly database: string;
  /** An emulator's; without it an identity is used. */
  readonly key?: Secret;
  /** Of the user-assigned identity. */
  readonly clientId?: string;
  readonly managed: boolean;
}

/** Where conversations are kept. */
export type StoreSettings =
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite'; readonly folder: string }
  | ({ readonly kind: 'cosmos'; readonly transport: CosmosTransportSetting } & AccountSettings);

/** Way to Cosmos DB: by the REST API, or through its SDK. */
export type CosmosTransportSetting = 'rest' | 'sdk';

/** Where the bot's earlier SDK has stored state. */
export interface EarlierSettings extends AccountSettings {
  readonly container: string;
  /** Namespaces of the states that the bot kept there. */
  readonly namespaces: readonly string[];
}

/** How long what is kept is kept, in ms; for good where nothing is said. */
export interface LifetimeSettings {
  readonly deadLettersMs?: number;
  readonly conversationsMs?: number;
  readonly usersMs?: number;
}

export function readStore(values: Values, environment: 'development' | 'production', inAzure: boolean): StoreSettings {
  const kind = values('TURNWISE_STORE') ?? (inAzure ? 'cosmos' : 'sqlite');
  if (inAzure && kind !== 'cosmos') {
    const why = 'instances share no disk and keep none, so what the others hold would be lost';
    throw new TurnwiseError('SettingInvalid', `TURNWISE_STORE has to be cosmos in Azure: ${why}.`);
  }
  if (kind === 'memory') return { kind };
  if (kind === 'sqlite') return { kind, folder: values('TURNWISE_DATA') ?? '.local' };
  const endpoint = values('COSMOS_ENDPOINT');
  if (endpoint === undefined) throw new TurnwiseError('SettingMissing', 'The store cosmos needs COSMOS_ENDPOINT.');
  const database = values('COSMOS_DATABASE') ?? 'turnwise';
  const transport = values('TURNWISE_COSMOS_TRANSPORT') === 'sdk' ? 'sdk' : 'rest';
  return {
    kind: 'cosmos',
    transport,
    ...readAccount(values, 'COSMOS_ENDPOINT', endpoint, database, environment, inAzure),
  };
}

/** @throws TurnwiseError when only a part is set */
export function readEarlier(
  values: Values,
  environment: 'development' | 'production',
  inAzure: boolean,
): EarlierSettings | undefined {
  const container = values('TURNWISE_EARLIER_CONTAINER');
  const database = values('TURNWISE_EARLIER_DATABASE');
  if (container === undefined && database === undefined) return undefined;
  const name = values('TURNWISE_EARLIER_ENDPOINT') === undefined ? 'COSMOS_ENDPOINT' : 'TURNWISE_EARLIER_ENDPOINT';
  const endpoint = values(name);
  if (container === undefined || database === undefined || endpoint === undefined) {
    const all = 'TURNWISE_EARLIER_CONTAINER, TURNWISE_EARLIER_DATABASE and an endpoint';
    throw new TurnwiseError('SettingMissing', `The earlier SDK's state needs all of ${all}.`);
  }
  const namespaces = (values('TURNWISE_EARLIER_NAMESPACES') ?? '').split(',').map((each) => each.trim());
  const account = readAccount(values, name, endpoint, database, environment, inAzure);
  return { container, namespaces: namespaces.filter((each) => each !== ''), ...account };
}

function readAccount(
  values: Values,
  name: SettingName,
  endpoint: string,
  database: string,
  environment: 'development' | 'production',
  inAzure: boolean,
): AccountSettings {
  const { protocol, hostname } = new URL(endpoint);
  if (protocol !== 'https:' && environment === 'production') {
    throw new TurnwiseError('SettingInvalid', `${name} has to be an https address.`);
  }
  const key = values('COSMOS_KEY');
  if (key !== undefined && (inAzure || /\.azure\.[a-z]+$/.test(hostname))) {
    throw new TurnwiseError(
      'SettingInvalid',
      'COSMOS_KEY is for emulators; an account in Azure is reached with an identity.',
    );
  }
  return {
    endpoint,
    database,
    managed: inAzure,
    ...(key === undefined ? {} : { key: new Secret(key) }),
    ...defined({ clientId: values('AZURE_CLIENT_ID') }),
  };
}

export function readLifetimes(values: Values): LifetimeSettings {
  const days = (name: SettingName): number | undefined => {
    const value = values(name);
    return value === undefined ? undefined : Number(value) * DAY_MS;
  };
  return defined({
    deadLettersMs: days('TURNWISE_KEEP_DEAD_LETTERS'),
    conversationsMs: days('TURNWISE_KEEP_CONVERSATIONS'),
    usersMs: days('TURNWISE_KEEP_USERS'),
  });
}

const DAY_MS = 24 * 3_600_000;
