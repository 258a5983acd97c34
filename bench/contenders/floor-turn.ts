import { call, callCosmos, hostByHand, type Incoming, JSON_BODY } from './by-hand.ts';
import { counted, type Kept, ordersIn } from './hosted.ts';

/* The floor of a turn without durability: verify, read the state, reply, write the state if nobody has meanwhile, 200. */

interface Read {
  readonly kept: Kept;
  readonly etag: string | undefined;
}

const placeOf = (conversation: string) => ({ container: 'floor', conversation });

async function read(id: string): Promise<Read> {
  const found = await callCosmos('GET', { ...placeOf(id), id });
  if (found.status !== 200) return { kept: {}, etag: undefined };
  return { kept: (JSON.parse(found.body) as { kept: Kept }).kept, etag: found.headers.etag };
}

async function write(id: string, kept: Kept, etag: string | undefined): Promise<boolean> {
  const item = { id, kept };
  const answer =
    etag === undefined
      ? await callCosmos('POST', placeOf(id), item)
      : await callCosmos('PUT', { ...placeOf(id), id }, item, { 'if-match': etag });
  return answer.status < 300;
}

async function turn({ id, text, serviceUrl, conversation }: Incoming): Promise<void> {
  for (;;) {
    const { kept, etag } = await read(conversation.id);
    const reply = await counted(ordersIn(text), kept);
    if (!(await write(conversation.id, kept, etag))) continue;
    const address = `${serviceUrl}v3/conversations/${encodeURIComponent(conversation.id)}/activities/${encodeURIComponent(id)}`;
    const headers = { ...JSON_BODY, authorization: 'Bearer of-the-bot' };
    await call('POST', address, headers, JSON.stringify({ type: 'message', text: reply, conversation, replyToId: id }));
    return;
  }
}

hostByHand(turn);
