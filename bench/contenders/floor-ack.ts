import { APP_ID, ISSUER } from '../fakes/login.ts';
import { call, documentsOf, isGenuine, partition } from './by-hand.ts';
import { bodyOf, listen, ready, surroundings } from './hosted.ts';

/*
 * The floor of an acknowledgement: verify, parse, one durable write, one queue message, 200. The same writes to the same services that
 * Turnwise makes, with no framework and no care for anything that can go wrong.
 */

interface Incoming {
  readonly id: string;
  readonly conversation: { readonly id: string };
}

const known = new Set<string>();

async function append(activity: Incoming): Promise<void> {
  const { id } = activity.conversation;
  const name = encodeURIComponent(id);
  const json = { 'content-type': 'application/json', ...partition(id) };
  if (!known.has(id)) {
    known.add(id);
    const item = { id, conversation: id, pend: [activity] };
    const created = await call('POST', documentsOf('conversations'), json, JSON.stringify(item));
    if (created.status === 201) return;
  }
  const operations = [{ op: 'set', path: '/pend', value: [activity] }];
  const patched = await call('PATCH', `${documentsOf('conversations')}/${name}`, json, JSON.stringify({ operations }));
  if (patched.status !== 200) throw new Error(`HTTP ${patched.status}`);
}

async function ring(id: string): Promise<void> {
  const text = Buffer.from(JSON.stringify({ conversation: id })).toString('base64');
  const body = `<?xml version="1.0" encoding="utf-8"?><QueueMessage><MessageText>${text}</MessageText></QueueMessage>`;
  await call('POST', `${surroundings().queue}/bench/turns/messages`, { 'content-type': 'application/xml' }, body);
}

ready(
  await listen({
    '/api/messages': async (request, response) => {
      const body = await bodyOf(request);
      if (!(await isGenuine(request, ISSUER, APP_ID))) {
        response.writeHead(401).end();
        return;
      }
      const activity = JSON.parse(body) as Incoming;
      await append(activity);
      await ring(activity.conversation.id);
      response.writeHead(200).end();
    },
    '/turns': (request, response) => {
      request.resume();
      response.writeHead(204).end();
    },
  }),
);
