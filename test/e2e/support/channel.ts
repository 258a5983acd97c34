import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
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
  /** How often the endpoint asked to come again. */
  resent = 0;

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
  say(
    url: string,
    conversation: string,
    text: string,
    different: Readonly<Record<string, unknown>> = {},
  ): Promise<Answer> {
    return this.#deliver(url, this.message(conversation, { text, ...different }));
  }

  /** Posts a message that tells the scripted bot what to do. */
  script(
    url: string,
    conversation: string,
    steps: readonly Step[],
    different: Readonly<Record<string, unknown>> = {},
  ): Promise<Answer> {
    return this.#deliver(url, this.message(conversation, { value: steps, ...different }));
  }

  /** As channels do: what was answered 503 is sent again, and anything but 200 in the end is an error. */
  async #deliver(url: string, activity: object): Promise<Answer> {
    let answer = await post(url, activity);
    for (let again = 0; answer.status === 503 && again < 3; again += 1) {
      this.resent += 1;
      await sleep(Number(answer.headers['retry-after']) * 1_000);
      answer = await post(url, activity);
    }
    if (answer.status !== 200) throw new Error(`Not acknowledged: ${answer.status} ${answer.text}`);
    return answer;
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

/** Posts a body to the endpoint: an object as JSON, text and bytes as they are. A header that is `undefined` is left out. */
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
      headers: given({ 'content-type': 'application/json', 'content-length': bytes.length, ...headers }),
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

function given(headers: http.OutgoingHttpHeaders): http.OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}
