/** Who takes part. */
export interface Contender {
  readonly name: string;
  readonly script: string;
  readonly store?: 'memory' | 'sqlite' | 'cosmos';
  /** How Turnwise reaches Cosmos DB; by the REST API unless it is said. */
  readonly transport?: 'sdk';
  /** A floor is written by hand for one purpose, and cannot do what the others can. */
  readonly kind: 'turnwise' | 'sdk' | 'floor';
  /** Whether there is a reply to wait for. */
  readonly replies: boolean;
  /** Beside another that differs from it in one thing: how fast it is, and nothing else. */
  readonly variant?: true;
}

const turnwise = (store: 'memory' | 'sqlite' | 'cosmos', name: string): Contender => ({
  name: `Turnwise, ${name}`,
  script: 'contenders/turnwise.ts',
  store,
  kind: 'turnwise',
  replies: true,
});

const sdk = (name: string, script: string, store?: 'cosmos'): Contender => ({
  name,
  script: `contenders/${script}.ts`,
  ...(store === undefined ? {} : { store }),
  kind: 'sdk',
  replies: true,
});

export const ON_COSMOS = turnwise('cosmos', 'Cosmos DB');

export const TRACED: Contender = {
  ...turnwise('cosmos', 'Cosmos DB, traced'),
  script: 'contenders/turnwise-traced.ts',
  variant: true,
};

/** The same through the client that Microsoft publishes. */
export const BY_SDK: Contender = {
  ...turnwise('cosmos', 'Cosmos DB by @azure/cosmos'),
  transport: 'sdk',
  variant: true,
};

export const CONTENDERS: readonly Contender[] = [
  ON_COSMOS,
  BY_SDK,
  TRACED,
  turnwise('sqlite', 'SQLite'),
  turnwise('memory', 'memory'),
  sdk('botbuilder, Cosmos DB', 'botbuilder', 'cosmos'),
  sdk('Agents SDK, Cosmos DB', 'agents', 'cosmos'),
  sdk('Teams SDK, memory', 'teams'),
  { name: 'by hand: verify, write, ring, ack', script: 'contenders/floor-ack.ts', kind: 'floor', replies: false },
  {
    name: 'by hand: verify, read, reply, write, ack',
    script: 'contenders/floor-turn.ts',
    kind: 'floor',
    replies: true,
  },
];
