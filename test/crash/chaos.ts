import { setTimeout as sleep } from 'node:timers/promises';
import { QueueClient } from '@azure/storage-queue';
import { TURNS_QUEUE } from '../../src/configured';
import type { Random } from '../sim/random';
import { type Azurite, startAzurite } from '../support/azurite';
import type { Worker, WorkerPool } from './workers';

/** What was done to the system. */
export interface ChaosLog {
  kills: number;
  stalls: number;
  queueRestarts: number;
  queuePurges: number;
}

/** The queue server, which comes back empty where it was. */
export class QueueServer {
  #azurite: Azurite;
  #restarting: Promise<void> = Promise.resolve();

  private constructor(azurite: Azurite) {
    this.#azurite = azurite;
  }

  static async start(): Promise<QueueServer> {
    return new QueueServer(await startAzurite());
  }

  get connectionString(): string {
    return this.#azurite.connectionString;
  }

  /** Kills the server, with every message in it, and starts it again after `awayMs`. */
  restart(awayMs: number): Promise<void> {
    this.#restarting = this.#azurite.stop().then(async () => {
      await sleep(awayMs);
      this.#azurite = await startAzurite({ port: this.#azurite.port });
    });
    return this.#restarting;
  }

  async purge(): Promise<void> {
    await new QueueClient(this.connectionString, TURNS_QUEUE).clearMessages();
  }

  async stop(): Promise<void> {
    await this.#restarting.catch(() => undefined);
    await this.#azurite.stop();
  }
}

/** Knows what the workers and the store are doing. */
export interface Watch {
  isBusy(worker: Worker): boolean;
  /** Told just before a worker is frozen. */
  onStall(worker: Worker): void;
  storeIsBlocked(): boolean;
}

/** A frozen worker outlives its lease, and wakes up in somebody else's turn. */
const STALL_MS = 25_000;
const STALL_EVERY_MS = 30_000;
const QUEUE_AWAY_MS = 3_000;

/**
 * Does its worst for `durationMs`: kills a random worker every second or two, freezes a busy one now and then, restarts the queue server at a
 * quarter and at three quarters of the time, and purges the queue in the middle.
 */
export async function wreakHavoc(
  pool: WorkerPool,
  queue: QueueServer,
  random: Random,
  watch: Watch,
  durationMs: number,
  over: AbortSignal,
): Promise<ChaosLog> {
  const log: ChaosLog = { kills: 0, stalls: 0, queueRestarts: 0, queuePurges: 0 };
  const end = Date.now() + durationMs;
  const wait = async (ms: number): Promise<boolean> => {
    const left = Math.min(ms, end - Date.now());
    await sleep(Math.max(0, left), undefined, { signal: over }).catch(() => undefined);
    return Date.now() < end && !over.aborted;
  };
  const stalled: Promise<void>[] = [];

  const kill = async (): Promise<void> => {
    while (await wait(random.between(1_000, 2_000))) {
      // A frozen worker is left alone, so that it wakes up in what is somebody else's turn by then.
      const running = pool.running().filter((worker) => worker.killedAt === undefined && !worker.stalled);
      if (running.length === 0) continue;
      pool.kill(random.pick(running));
      log.kills += 1;
    }
  };
  const stall = async (): Promise<void> => {
    while (await wait(STALL_EVERY_MS)) {
      const awake = pool.up().filter((worker) => !worker.stalled);
      if (awake.length < 2) continue;
      const busy = awake.filter((worker) => watch.isBusy(worker));
      const victim = random.pick(busy.length > 0 ? busy : awake);
      watch.onStall(victim);
      stalled.push(pool.stall(victim, STALL_MS, () => watch.storeIsBlocked()));
      log.stalls += 1;
    }
  };
  const troubleQueue = async (): Promise<void> => {
    if (!(await wait(durationMs / 4))) return;
    await queue.restart(QUEUE_AWAY_MS);
    log.queueRestarts += 1;
    if (!(await wait(end - Date.now() - durationMs / 2))) return;
    await queue.purge();
    log.queuePurges += 1;
    if (!(await wait(durationMs / 4))) return;
    await queue.restart(QUEUE_AWAY_MS);
    log.queueRestarts += 1;
  };

  await Promise.all([kill(), stall(), troubleQueue()]);
  await Promise.all(stalled);
  return log;
}
