import http from 'node:http';
import { after, serve } from './http.ts';

/** Rings that are answered at once by each worker at most: the host's batch size and its threshold for a new batch. */
const MOST_AT_ONCE = 48;

/** How far apart the looks at the queue are; 0 hands every message on as soon as it is there. */
export interface QueueManner {
  readonly pollMs: number;
  /** Whether messages are handed on at all. */
  readonly held: boolean;
}

/**
 * A queue that costs next to nothing: it takes messages by the REST API of Azure Storage and hands each to a worker, as the Functions host
 * does, over HTTP. A message that fails comes again.
 */
export class NullQueue {
  #waiting: string[] = [];
  #workers: { readonly address: URL; running: number }[] = [];
  #manner: QueueManner = { pollMs: 0, held: false };
  #poll: NodeJS.Timeout | undefined;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  /** Messages put, and messages handed on. */
  counts = { put: 0, handed: 0 };

  async start(): Promise<string> {
    const { url } = await serve((request, body, response) => {
      if (request.method !== 'POST') {
        response.writeHead(201).end();
        return;
      }
      this.counts.put += 1;
      const delayS = Number(new URL(request.url ?? '', 'http://queue').searchParams.get('visibilitytimeout') ?? 0);
      const text = /<MessageText>([^<]*)</.exec(body)?.[1] ?? '';
      after(delayS * 1000, () => this.#arrived(Buffer.from(text, 'base64').toString('utf8')));
      response.writeHead(201, { 'content-type': 'application/xml' });
      response.end(PUT_ANSWER);
    });
    return url;
  }

  /** Who gets the messages from now on. */
  attach(addresses: readonly string[]): void {
    this.#waiting = [];
    this.#workers = addresses.map((address) => ({ address: new URL(address), running: 0 }));
  }

  behave(manner: QueueManner): void {
    this.#manner = manner;
    clearInterval(this.#poll);
    if (manner.pollMs > 0) this.#poll = setInterval(() => this.#hand(), manner.pollMs);
    this.#hand();
  }

  #arrived(message: string): void {
    this.#waiting.push(message);
    if (this.#manner.pollMs === 0) this.#hand();
  }

  #hand(): void {
    while (!this.#manner.held && this.#waiting.length > 0) {
      const worker = this.#workers.toSorted((a, b) => a.running - b.running)[0];
      if (worker === undefined || worker.running >= MOST_AT_ONCE) return;
      const message = this.#waiting.shift() ?? '';
      worker.running += 1;
      this.counts.handed += 1;
      this.#post(worker.address, message, (done) => {
        worker.running -= 1;
        if (!done && this.#workers.includes(worker)) after(1000, () => this.#arrived(message));
        if (this.#manner.pollMs === 0) this.#hand();
      });
    }
  }

  #post(address: URL, message: string, ended: (done: boolean) => void): void {
    const request = http.request(address, { method: 'POST', agent: this.#agent }, (response) => {
      response.resume();
      response.on('end', () => ended(response.statusCode === 204));
    });
    request.on('error', () => ended(false));
    request.end(message);
  }
}

const PUT_ANSWER =
  '<?xml version="1.0" encoding="utf-8"?><QueueMessagesList><QueueMessage><MessageId>0e6ed0d2-7e5c-4d12-a7ae-7c1d1c3c1e11</MessageId>' +
  '<InsertionTime>Fri, 01 Jan 2027 00:00:00 GMT</InsertionTime><ExpirationTime>Fri, 08 Jan 2027 00:00:00 GMT</ExpirationTime>' +
  '<PopReceipt>AgAAAAMAAAAAAAAA</PopReceipt><TimeNextVisible>Fri, 01 Jan 2027 00:00:00 GMT</TimeNextVisible></QueueMessage></QueueMessagesList>';
