import { answerCalls } from '../answer-calls.ts';
import { CosmosStandIn } from './cosmos-stand-in.ts';
import { Login } from './login.ts';
import { NullQueue, type QueueManner } from './null-queue.ts';

/* The services that a bot needs, in one process: login, Cosmos DB, and the queue. */

export interface ServiceAddresses {
  readonly metadata: string;
  readonly cosmos: string;
  /** A connection string of Azure Storage. */
  readonly storage: string;
}

export interface ServiceCounts {
  readonly cosmos: CosmosStandIn['counts'];
  readonly queue: NullQueue['counts'];
}

const login = new Login();
const cosmos = new CosmosStandIn();
const queue = new NullQueue();
const zero = <T extends Record<string, number>>(counts: T): T =>
  Object.fromEntries(Object.keys(counts).map((name) => [name, 0])) as T;

answerCalls({
  async start(): Promise<ServiceAddresses> {
    const [metadata, cosmosUrl, queueUrl] = await Promise.all([login.start(), cosmos.start(), queue.start()]);
    const key = Buffer.from('any').toString('base64');
    const storage = `DefaultEndpointsProtocol=http;AccountName=bench;AccountKey=${key};QueueEndpoint=${queueUrl}/bench;`;
    return { metadata, cosmos: cosmosUrl, storage };
  },
  tokens: ({ serviceUrl, count }: { serviceUrl: string; count: number }) =>
    Array.from({ length: count }, (_, serial) => login.token(serviceUrl, serial)),
  workers: (addresses: readonly string[]) => queue.attach(addresses),
  queue: (manner: QueueManner) => queue.behave(manner),
  latency: (ms: number) => {
    cosmos.latencyMs = ms;
  },
  clear: () => cosmos.clear(),
  counts: (): ServiceCounts => ({ cosmos: cosmos.counts, queue: queue.counts }),
  resetCounts: () => {
    cosmos.counts = zero(cosmos.counts);
    queue.counts = zero(queue.counts);
  },
});
