import http from 'node:http';
import { answerCalls } from '../answer-calls.ts';
import { after, answerJson, serve } from '../fakes/http.ts';
import { type Spread, spreadOf } from '../measure/statistics.ts';
import { message, type Orders } from './activity.ts';

/*
 * The channel: posts activities to a bot and takes its replies as the Bot Connector does. One process, so that one clock says how long it
 * took from the one to the other.
 */

/** A load of `clients` that each post, wait, and post the next. */
export interface Load {
  readonly endpoints: readonly string[];
  readonly clients: number;
  readonly seconds: number;
  /** What a client waits for before its next message: the acknowledgement, or the reply too. */
  readonly until: 'ack' | 'reply';
  /** Conversations that the messages go round; each client has its own share. */
  readonly conversations: number;
  /** Names the conversations of this load. */
  readonly name: string;
  readonly orders?: Omit<Orders, 'id'>;
  /** Messages a second of all clients together, at irregular moments, instead of as many as there can be. */
  readonly perSecond?: number;
  readonly messages?: number;
}

export interface LoadResult {
  readonly seconds: number;
  readonly acks: number;
  readonly replies: number;
  readonly refused: number;
  readonly ack: Spread;
  readonly reply: Spread;
}

/** Messages to one conversation. */
export interface Talk {
  readonly endpoint: string;
  readonly conversation: string;
  /** Posted all at once. */
  readonly orders: readonly Orders[];
  /** How long to wait for the replies. */
  readonly patienceMs: number;
}

export interface TalkResult {
  readonly ackMs: readonly number[];
  /** The texts of the replies in the order in which they came. */
  readonly replies: readonly string[];
  readonly statuses: readonly number[];
}

interface Reply {
  readonly at: number;
  readonly text: string;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 512 });
const waiting = new Map<string, (reply: Reply) => void>();
const shown = new Map<string, string[]>();
let connectorMs = 0;
let serviceUrl = '';
let tokens: readonly string[] = [];
let posts = 0;
let ids = 0;
let replyCount = 0;

async function startConnector(): Promise<string> {
  const { url } = await serve((request, body, response) => {
    after(connectorMs, () => {
      const at = performance.now();
      replyCount += 1;
      answerJson(response, 201, { id: `r${replyCount}` });
      const { type, text = '' } = JSON.parse(body || '{}') as { type?: string; text?: string };
      if (type !== 'message') return;
      const conversation = decodeURIComponent(/conversations\/([^/]+)/.exec(request.url ?? '')?.[1] ?? '');
      shown.get(conversation)?.push(text);
      const id = text.slice(text.indexOf(' ') + 1);
      waiting.get(id)?.({ at, text });
      waiting.delete(id);
    });
  });
  serviceUrl = `${url}/`;
  return serviceUrl;
}

/** How many posts go with one token: Bot Service, too, keeps one for a while. */
const POSTS_PER_TOKEN = 100;

function post(endpoint: string, activity: unknown): Promise<number> {
  const body = JSON.stringify(activity);
  const token = tokens[Math.floor(posts++ / POSTS_PER_TOKEN) % tokens.length];
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    };
    const request = http.request(endpoint, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', () => resolve(0));
    request.end(body);
  });
}

function replyTo(id: string): Promise<Reply> {
  return new Promise((resolve) => waiting.set(id, resolve));
}

/** A reply that has not come by then is not coming. */
const REPLY_LIMIT_MS = 30_000;

async function load({
  endpoints,
  clients,
  seconds,
  until,
  conversations,
  name,
  orders,
  perSecond,
  messages,
}: Load): Promise<LoadResult> {
  const acks: number[] = [];
  const replies: number[] = [];
  let refused = 0;
  let begun = 0;
  const started = performance.now();
  const end = started + seconds * 1000;
  const client = async (number: number): Promise<void> => {
    for (let turn = 0; performance.now() < end && begun < (messages ?? Number.POSITIVE_INFINITY); turn += 1) {
      if (perSecond !== undefined) {
        await pause(started + ((begun + Math.random()) * 1000) / perSecond - performance.now());
      }
      begun += 1;
      const conversation = `${name}-${(number + turn * clients) % conversations}`;
      const id = `${name}-${ids++}`;
      const replied = replyTo(id);
      const at = performance.now();
      const status = await post(
        endpoints[number % endpoints.length] ?? '',
        message(serviceUrl, conversation, `user-of-${conversation}`, { ...orders, id }),
      );
      if (status !== 200 && status !== 202) {
        refused += 1;
        waiting.delete(id);
        continue;
      }
      acks.push(performance.now() - at);
      const seen = replied.then((reply) => replies.push(reply.at - at));
      if (until === 'reply') await Promise.race([seen, pause(REPLY_LIMIT_MS)]);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  const took = (performance.now() - started) / 1000;
  return {
    seconds: took,
    acks: acks.length,
    replies: replies.length,
    refused,
    ack: spreadOf(acks),
    reply: spreadOf(replies),
  };
}

async function talk({ endpoint, conversation, orders, patienceMs }: Talk): Promise<TalkResult> {
  const texts: string[] = [];
  shown.set(conversation, texts);
  const replied = orders.map(({ id }) => replyTo(id));
  const ackMs: number[] = [];
  const statuses = await Promise.all(
    orders.map(async (each) => {
      const at = performance.now();
      const status = await post(endpoint, message(serviceUrl, conversation, `user-of-${conversation}`, each));
      ackMs.push(performance.now() - at);
      return status;
    }),
  );
  await Promise.race([Promise.all(replied), pause(patienceMs)]);
  return { ackMs, statuses, replies: texts };
}

const pause = (ms: number): Promise<void> =>
  ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve();

answerCalls({
  start: startConnector,
  tokens: (given: readonly string[]) => {
    tokens = given;
  },
  latency: (ms: number) => {
    connectorMs = ms;
  },
  load,
  talk,
  /** What has been shown in a conversation of which `talk` has spoken. */
  shown: (conversation: string) => shown.get(conversation) ?? [],
});
