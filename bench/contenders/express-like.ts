import type http from 'node:http';
import { bodyOf } from './hosted.ts';

/** A request and a response as libraries expect them that are made for Express and its kind, without its cost. */
export async function expressLike(
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<{ readonly incoming: Incoming; readonly outgoing: Outgoing }> {
  const incoming = Object.assign(request, { body: JSON.parse(await bodyOf(request)) as unknown });
  return { incoming: incoming as Incoming, outgoing: new Outgoing(response) };
}

export type Incoming = http.IncomingMessage & {
  method: string;
  body: Record<string, unknown>;
  headers: Record<string, string | string[]>;
};

export class Outgoing {
  readonly #response: http.ServerResponse;
  #status = 200;

  constructor(response: http.ServerResponse) {
    this.#response = response;
  }

  get socket(): unknown {
    return this.#response.socket;
  }

  get writableEnded(): boolean {
    return this.#response.writableEnded;
  }

  get headersSent(): boolean {
    return this.#response.headersSent;
  }

  status(code: number): this {
    this.#status = code;
    return this;
  }

  header(name: string, value: string): this {
    this.#response.setHeader(name, value);
    return this;
  }

  setHeader(name: string, value: string): this {
    return this.header(name, value);
  }

  set(name: string, value: string): this {
    return this.header(name, value);
  }

  send(body?: unknown): this {
    return this.end(body === undefined ? undefined : JSON.stringify(body));
  }

  json(body: unknown): this {
    return this.send(body);
  }

  end(text?: string): this {
    if (!this.#response.writableEnded) this.#response.writeHead(this.#status).end(text);
    return this;
  }
}
