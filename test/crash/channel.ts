import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../sim/random';
import type { PlannedActivity } from './plan';
import { CHANNEL } from './wire';
import type { WorkerPool } from './workers';

/** What became of one activity on its way in. Times are ms since the epoch. */
export interface Posted {
  readonly planned: PlannedActivity;
  readonly firstPostAt: number;
  ackedAt: number | undefined;
  /** Posts that were made, the acknowledged one included. */
  posts: number;
}

const POST_LIMIT_MS = 5_000;
const GIVE_UP_MS = 180_000;

/**
 * The inbound half of a channel: posts each activity to a random live worker, and again with the same id until one says 200. The
 * activities of a conversation wait for each other, save the impatient ones.
 */
export class Channel {
  readonly posted: Posted[] = [];
  /** Posts that were not acknowledged, by what came instead: a status, or what the connection did. */
  readonly refusals = new Map<string, number>();
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  readonly #latest = new Map<string, Promise<void>>();
  #open = 0;
  #closed = false;

  constructor(
    private readonly pool: WorkerPool,
    private readonly serviceUrl: string,
    private readonly random: Random,
  ) {}

  /** Posts not yet acknowledged or given up. */
  get outstanding(): number {
    return this.#open;
  }

  post(planned: PlannedActivity): void {
    this.#open += 1;
    const before = this.#latest.get(planned.conversation) ?? Promise.resolve();
    const mine = (planned.impatient ? Promise.resolve() : before).then(() => this.#untilAcknowledged(planned));
    this.#latest.set(
      planned.conversation,
      Promise.all([before, mine]).then(() => undefined),
    );
    void mine.finally(() => {
      this.#open -= 1;
    });
  }

  /** Posts nothing more. */
  close(): void {
    this.#closed = true;
    this.#agent.destroy();
  }

  async #untilAcknowledged(planned: PlannedActivity): Promise<void> {
    if (this.#closed) return;
    const posted: Posted = { planned, firstPostAt: Date.now(), ackedAt: undefined, posts: 0 };
    this.posted.push(posted);
    const body = JSON.stringify(activityOf(planned, this.serviceUrl));
    while (!this.#closed && Date.now() - posted.firstPostAt < GIVE_UP_MS) {
      const up = this.pool.up();
      if (up.length > 0) {
        posted.posts += 1;
        const url = this.random.pick(up).url ?? '';
        const answer = await this.#postOnce(url, body);
        if (answer === '200') {
          posted.ackedAt = Date.now();
          return;
        }
        this.refusals.set(answer, (this.refusals.get(answer) ?? 0) + 1);
      }
      await sleep(this.random.between(50, 300));
    }
  }

  /** The status, or in a word why there is none. */
  #postOnce(url: string, body: string): Promise<string> {
    return new Promise((done) => {
      const request = http.request(url, {
        method: 'POST',
        agent: this.#agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        timeout: POST_LIMIT_MS,
      });
      request.on('response', (response) => {
        response.resume();
        response.on('end', () => done(String(response.statusCode)));
        response.on('error', () => done('cut off'));
      });
      request.on('timeout', () => {
        done('no answer');
        request.destroy();
      });
      request.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'error'));
      request.on('close', () => done('closed'));
      request.end(body);
    });
  }
}

function activityOf({ id, conversation, user, orders }: PlannedActivity, serviceUrl: string): object {
  return {
    type: 'message',
    id,
    channelId: CHANNEL,
    serviceUrl,
    from: { id: user },
    recipient: { id: 'bot' },
    conversation: { id: conversation, isGroup: true },
    timestamp: new Date().toISOString(),
    text: `Message ${id}`,
    value: orders,
  };
}
