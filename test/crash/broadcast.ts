import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/runtime/system';
import type { BroadcastProgress } from '../../src/schema/recipients';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import { conversationKey } from '../../src/turn/keys';

/* `npm run test:broadcast -- [--recipients N] [--workers N] [--kills N]`: one broadcast, over processes that are killed in the middle of it. */

const TENANT = 'tenant-1';
/** What Teams allows a bot in one tenant, in any second. */
const ALLOWED = 50;
const LATENCY_MS = 30;

interface Options {
  readonly recipients: number;
  readonly workers: number;
  readonly kills: number;
}

/** The channel: takes what its limit allows, and asks whoever is faster to come again in a second. */
class Channel {
  readonly shown = new Map<string, number>();
  throttled = 0;
  private readonly lately: number[] = [];
  private readonly server = http.createServer((request, response) => this.answer(request, response));

  async open(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  get repeats(): number {
    return [...this.shown.values()].reduce((sum, times) => sum + times - 1, 0);
  }

  private answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    request.resume();
    request.on('end', async () => {
      const now = Date.now();
      while ((this.lately[0] ?? now) <= now - 1_000) this.lately.shift();
      if (this.lately.length >= ALLOWED) {
        this.throttled += 1;
        response.writeHead(429, { 'retry-after': '1' }).end();
        return;
      }
      this.lately.push(now);
      const to = decodeURIComponent(/conversations\/([^/]+)\//.exec(request.url ?? '')?.[1] ?? '');
      this.shown.set(to, (this.shown.get(to) ?? 0) + 1);
      await sleep(LATENCY_MS);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: `${now}` }));
    });
  }
}

/** Worker processes, started again when they are killed. */
class Workers {
  readonly memory: { readonly at: number; readonly rss: number }[] = [];
  private readonly slots: ChildProcess[] = [];
  private stopping = false;

  constructor(
    private readonly file: string,
    private readonly size: number,
  ) {}

  async start(): Promise<void> {
    for (let slot = 0; slot < this.size; slot += 1) await this.launch(slot);
  }

  /** Sends a message to a worker, and resolves with what it says to it. */
  async ask<T extends object>(message: object, isAnswer: (said: object) => said is T): Promise<T> {
    const [worker] = this.slots;
    if (worker === undefined) throw new Error('There is no worker.');
    worker.send(message);
    for (;;) {
      const [said] = (await once(worker, 'message')) as [object];
      if (isAnswer(said)) return said;
    }
  }

  /** @returns how many sends it had in flight: begun, as the store says, and not known to have arrived */
  async kill(slot: number): Promise<number> {
    const worker = this.slots[slot];
    if (worker === undefined) return 0;
    const gone = once(worker, 'exit');
    worker.kill('SIGKILL');
    await gone;
    if (this.stopping) return 0;
    const store = createSqliteStore({ file: this.file, clock: systemClock });
    const busy = await store.inspection.busy(100_000);
    await store.close();
    await this.launch(slot);
    const its = busy.filter(({ head }) => head.lease?.owner.startsWith(`${worker.pid}-`));
    return its.filter(({ head }) => head.out[0]?.kind === 'send' && head.out[0].started).length;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.slots.map((_, slot) => this.kill(slot)));
  }

  private async launch(slot: number): Promise<void> {
    const worker = fork(path.join(__dirname, 'broadcast-worker.js'), [this.file]);
    worker.on('message', ({ rss }: { rss?: number }) => {
      if (rss !== undefined) this.memory.push({ at: Date.now(), rss });
    });
    this.slots[slot] = worker;
    await once(worker, 'message');
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      recipients: { type: 'string', default: '10000' },
      workers: { type: 'string', default: '2' },
      kills: { type: 'string', default: '3' },
    },
  });
  const options: Options = {
    recipients: Number(values.recipients),
    workers: Number(values.workers),
    kills: Number(values.kills),
  };
  const folder = await mkdtemp(path.join(tmpdir(), 'turnwise-broadcast-'));
  const channel = new Channel();
  const file = path.join(folder, 'turnwise.db');
  await register(file, options.recipients, await channel.open());
  const workers = new Workers(file, options.workers);
  try {
    await workers.start();
    process.exitCode = await broadcast(channel, workers, options);
  } finally {
    await workers.stop();
    channel.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Everybody has spoken to the bot before. */
async function register(file: string, recipients: number, serviceUrl: string): Promise<void> {
  const store = createSqliteStore({ file, clock: systemClock });
  await store.open();
  for (let from = 0; from < recipients; from += 50) {
    await Promise.all(
      Array.from({ length: Math.min(50, recipients - from) }, (_, index) => {
        const conversation = { id: `u${from + index}`, conversationType: 'groupChat', tenantId: TENANT };
        const reference = { channelId: 'msteams', serviceUrl, bot: { id: 'bot' }, conversation };
        const id = conversationKey('msteams', conversation.id);
        return store.references.keep(
          { id, reference, scope: 'groupChat', tenantId: TENANT, vouched: true, state: 'active' },
          1e12,
        );
      }),
    );
  }
  await store.close();
  process.stderr.write(`${recipients} recipients are registered.\n`);
}

async function broadcast(channel: Channel, workers: Workers, { kills, recipients, ...rest }: Options): Promise<number> {
  const started = Date.now();
  const { id } = await workers.ask({ broadcast: true }, (said): said is { id: string } => 'id' in said);
  let killed = 0;
  let inFlight = 0;
  for (let said = 0; channel.shown.size < recipients; said += 1) {
    await sleep(200);
    if (Date.now() - started > 60_000 + recipients * 100) break;
    if (killed < kills && channel.shown.size > (recipients * (killed + 1)) / (kills + 2)) {
      inFlight += await workers.kill(killed % rest.workers);
      killed += 1;
      process.stderr.write(`Killed a worker when ${channel.shown.size} had the message.\n`);
    }
    if (said % 50 === 49) process.stderr.write(`${channel.shown.size} have the message.\n`);
  }
  const seconds = (Date.now() - started) / 1_000;
  await sleep(3_000);
  const isProgress = (said: object): said is { progress: BroadcastProgress } => 'progress' in said;
  const { progress } = await workers.ask({ progress: id }, isProgress);
  const result = {
    recipients,
    ...rest,
    kills: killed,
    seconds: Math.round(seconds),
    perSecond: Math.round(recipients / seconds),
    leftOut: recipients - channel.shown.size,
    servedTwice: channel.repeats,
    inFlightWhenKilled: inFlight,
    throttled: channel.throttled,
    ...memoryOf(workers.memory, started),
    progress: progress.state,
    posted: progress.posted,
  };
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  const right = result.leftOut === 0 && result.servedTwice <= inFlight && channel.throttled <= recipients / 100;
  return right && progress.state === 'done' ? 0 : 1;
}

/** The largest worker in the second and in the last quarter of the time, in MB: the first is for warming up. */
function memoryOf(samples: readonly { readonly at: number; readonly rss: number }[], started: number) {
  const spent = Date.now() - started;
  const most = (from: number, to: number): number =>
    Math.round(
      Math.max(
        0,
        ...samples.filter(({ at }) => at >= started + from * spent && at < started + to * spent).map(({ rss }) => rss),
      ) / 1e6,
    );
  return { mbInSecondQuarter: most(0.25, 0.5), mbInLastQuarter: most(0.75, 1) };
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 2;
});
