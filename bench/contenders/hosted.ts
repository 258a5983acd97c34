import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerCalls } from '../answer-calls.ts';
import type { ServiceAddresses } from '../fakes/services.ts';
import type { Orders } from '../load/activity.ts';

/** What every contender is told. */
export interface Surroundings extends ServiceAddresses {
  /** A folder of its own. */
  readonly folder: string;
}

export const surroundings = (): Surroundings => JSON.parse(process.env.BENCH ?? '{}') as Surroundings;

/** What the bot of every contender keeps of a conversation. */
export interface Kept {
  count?: number;
  filler?: string;
}

export const ordersIn = (text: string | undefined): Orders => JSON.parse(text ?? '{}') as Orders;

/** What every contender's bot does with a message: works for a while, counts, and answers with the count. */
export async function counted(orders: Orders, kept: Kept): Promise<string> {
  if (orders.workMs !== undefined && orders.workMs > 0)
    await new Promise((resolve) => setTimeout(resolve, orders.workMs));
  kept.count = (kept.count ?? 0) + 1;
  if (orders.stateKb !== undefined) kept.filler = 'x'.repeat(orders.stateKb * 1024);
  return `${kept.count}: ${orders.id}`;
}

export interface Usage {
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly heapMb: number;
}

export type Route = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/**
 * Listens with Node's server, for no library here has one of its own that it insists on, and is ready to be measured. To be called when
 * everything is loaded and set up.
 */
export async function host(routes: Readonly<Record<string, Route>>): Promise<void> {
  const loadMs = performance.now() - (globalThis as unknown as { loadingBegan: number }).loadingBegan;
  const server = http.createServer((request, response) => {
    const route = routes[request.url ?? ''];
    if (route === undefined) response.writeHead(404).end();
    else route(request, response);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  answerCalls({
    url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loadMs: () => loadMs,
    usage: ({ collect }: { collect: boolean }): Usage => {
      if (collect) (globalThis as { gc?: () => void }).gc?.();
      const { user, system } = process.cpuUsage();
      const { rss, heapUsed } = process.memoryUsage();
      return { cpuMs: (user + system) / 1000, rssMb: rss / 2 ** 20, heapMb: heapUsed / 2 ** 20 };
    },
  });
}

export async function bodyOf(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
