import { call, callCosmos, hostByHand, type Incoming } from './by-hand.ts';
import { surroundings } from './hosted.ts';

/*
 * The floor of an acknowledgement: verify, parse, one durable write, one queue message, 200. The same writes to the same services that
 * Turnwise makes, with no framework and no care for anything that can go wrong.
 */

const queue = /QueueEndpoint=([^;]+)/.exec(surroundings().storage)?.[1];

const known = new Set<string>();

async function append(activity: Incoming): Promise<void> {
  const { id } = activity.conversation;
  const place = { container: 'conversations', conversation: id };
  if (!known.has(id)) {
    known.add(id);
    const created = await callCosmos('POST', place, { id, conversation: id, pend: [activity] });
    if (created.status === 201) return;
  }
  const operations = [{ op: 'set', path: '/pend', value: [activity] }];
  const patched = await callCosmos('PATCH', { ...place, id }, { operations });
  if (patched.status !== 200) throw new Error(`HTTP ${patched.status}`);
}

async function ring(id: string): Promise<void> {
  const text = Buffer.from(JSON.stringify({ conversation: id })).toString('base64');
  const body = `<?xml version="1.0" encoding="utf-8"?><QueueMessage><MessageText>${text}</MessageText></QueueMessage>`;
  await call('POST', `${queue}/turns/messages`, { 'content-type': 'application/xml' }, body);
}

async function accept(activity: Incoming): Promise<void> {
  await append(activity);
  await ring(activity.conversation.id);
}

hostByHand(accept, {
  '/turns': (request, response) => {
    request.resume();
    response.writeHead(204).end();
  },
});
