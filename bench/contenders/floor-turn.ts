import { APP_ID, ISSUER } from '../fakes/login.ts';
import { call, documentsOf, isGenuine, partition } from './by-hand.ts';
import { bodyOf, counted, type Kept, listen, ordersIn, ready } from './hosted.ts';

/* The floor of a turn without durability: verify, read the state, reply, write the state if nobody has meanwhile, 200. */

interface Incoming {
  readonly id: string;
  readonly text: string;
  readonly serviceUrl: string;
  readonly conversation: { readonly id: string };
}

interface Read {
  readonly kept: Kept;
  readonly etag: string | undefined;
}

async function read(id: string): Promise<Read> {
  const found = await call('GET', `${documentsOf('floor')}/${encodeURIComponent(id)}`, partition(id), undefined);
  if (found.status !== 200) return { kept: {}, etag: undefined };
  return { kept: (JSON.parse(found.body) as { kept: Kept }).kept, etag: found.headers.etag };
}

async function write(id: string, kept: Kept, etag: string | undefined): Promise<boolean> {
  const headers = { 'content-type': 'application/json', ...partition(id) };
  const item = JSON.stringify({ id, kept });
  const answer =
    etag === undefined
      ? await call('POST', documentsOf('floor'), headers, item)
      : await call('PUT', `${documentsOf('floor')}/${encodeURIComponent(id)}`, { ...headers, 'if-match': etag }, item);
  return answer.status < 300;
}

async function turn({ id, text, serviceUrl, conversation }: Incoming): Promise<void> {
  for (;;) {
    const { kept, etag } = await read(conversation.id);
    const reply = await counted(ordersIn(text), kept);
    if (!(await write(conversation.id, kept, etag))) continue;
    const address = `${serviceUrl}v3/conversations/${encodeURIComponent(conversation.id)}/activities/${encodeURIComponent(id)}`;
    const headers = { 'content-type': 'application/json', authorization: 'Bearer of-the-bot' };
    await call('POST', address, headers, JSON.stringify({ type: 'message', text: reply, conversation, replyToId: id }));
    return;
  }
}

ready(
  await listen({
    '/api/messages': async (request, response) => {
      const body = await bodyOf(request);
      if (!(await isGenuine(request, ISSUER, APP_ID))) {
        response.writeHead(401).end();
        return;
      }
      await turn(JSON.parse(body) as Incoming);
      response.writeHead(200).end();
    },
  }),
);
