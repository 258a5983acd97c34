import http from 'node:http';
import type { FakeConnector } from '../../support/fake-connector';

/** What the endpoint answered. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** From the first byte sent to the last one received. */
  readonly ms: number;
}

/** One step that the scripted app's bot is to take: its name, and what it takes. */
export type Step = readonly [name: string, ...details: unknown[]];

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

/** The channel's side of the conversations of a test: posts activities, and sees through the fake connector what comes back. */
export class Channel {
  #ids = 0;

  constructor(
    readonly connector: FakeConnector,
    private readonly prefix: string,
  ) {}

  /** A message of a user, as a channel sends it. */
  message(conversation: string, different: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    this.#ids += 1;
    return {
      type: 'message',
      id: `${this.prefix}-${this.#ids}`,
      channelId: 'test',
      serviceUrl: this.connector.url,
      timestamp: new Date().toISOString(),
      from: { id: `user-of-${conversation}`, name: 'User' },
      recipient: { id: 'bot', name: 'Bot' },
      conversation: { id: conversation },
      text: 'hello',
      ...different,
    };
  }

  /** Posts a message that the endpoint has to acknowledge. */
  async say(url: string, conversation: string, text: string, different: Readonly<Record<string, unknown>> = {}) {
    return accepted(await post(url, this.message(conversation, { text, ...different })));
  }

  /** Posts a message that tells the scripted bot what to do. */
  async script(
    url: string,
    conversation: string,
    steps: readonly Step[],
    different: Readonly<Record<string, unknown>> = {},
  ) {
    return accepted(await post(url, this.message(conversation, { value: steps, ...different })));
  }

  /** The texts of the messages that the users of a conversation have seen, in order. */
  texts(conversation: string): unknown[] {
    return this.connector
      .shown(conversation)
      .filter(({ type }) => type === 'message')
      .map(({ text }) => text);
  }

  /** Resolves once a conversation has seen so many messages. */
  async texted(conversation: string, count: number, withinMs = 15_000): Promise<unknown[]> {
    await this.connector.until(() => this.texts(conversation).length >= count, withinMs);
    return this.texts(conversation);
  }
}

function accepted(answer: Answer): Answer {
  if (answer.status !== 200) throw new Error(`Not acknowledged: ${answer.status} ${answer.text}`);
  return answer;
}

/** Posts a body to the endpoint: an object as JSON, text and bytes as they are. */
export function post(
  url: string,
  body: object | string | Uint8Array,
  { method = 'POST', headers = {} }: { readonly method?: string; readonly headers?: http.OutgoingHttpHeaders } = {},
): Promise<Answer> {
  const bytes =
    typeof body === 'string'
      ? Buffer.from(body)
      : body instanceof Uint8Array
        ? body
        : Buffer.from(JSON.stringify(body));
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.request(url, {
      method,
      agent,
      headers: { 'content-type': 'application/json', 'content-length': bytes.length, ...headers },
    });
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
          ms: performance.now() - started,
        }),
      );
    });
    request.end(bytes);
  });
}
