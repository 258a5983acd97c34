import type { Posted, Proactive } from '../bot/proactive';
import { TurnwiseError } from '../schema/errors';
import type { ProactiveContent, Recipient } from '../schema/recipients';
import { broadcastKey, broadcastProgress } from './broadcast';
import { type Posting, type PostSink, postActivity, postKey } from './post';
import { jsonOf, parsePostedId, postedId, postTo } from './post-content';
import { resolveRecipient } from './recipients';
import type { Runtime } from './runtime';
import { taskConversation, taskPost } from './task-posts';

/** What the proactive API works with. */
export type ProactiveMeans = Pick<Runtime, 'store' | 'clock' | 'ids'>;

/** The proactive API over a sink. */
export function proactiveOver({ store, clock, ids }: ProactiveMeans, sink: PostSink): Proactive {
  const now = (): number => clock.now();
  const post = async (to: Recipient, content: ProactiveContent, at?: number): Promise<Posted> => {
    sink.begin?.();
    await sink.ready?.();
    const resolved = await resolveRecipient(store, to);
    const made = postTo(resolved.to, resolved.reference, content, new Date(at ?? now()));
    const key = await sink.post(at === undefined ? made : { ...made, at });
    return { id: postedId(resolved.to, key) };
  };
  return {
    send: (to, activity) => post(to, activity),
    run: (to, name, value) => post(to, { event: name, ...(value === undefined ? {} : { value }) }),
    schedule: async (to, content, at) => post(to, content, timeOf(at)),
    async cancel(id) {
      sink.begin?.();
      const broadcast = broadcastKey(id);
      if (broadcast !== undefined) {
        await sink.ready?.();
        await sink.post(taskPost('broadcast', broadcast, { cancel: true }));
        return;
      }
      const { to, key } = parsePostedId(id);
      await sink.cancel(to, key);
    },
    async broadcast(query, content) {
      sink.begin?.();
      await sink.ready?.();
      const to = taskConversation('broadcast', ids.next());
      await sink.post(taskPost('broadcast', to, { start: { query: jsonOf(query), content: jsonOf(content) } }));
      return { id: to };
    },
    async progress(id) {
      await sink.ready?.();
      return broadcastProgress(store, id);
    },
    async createConversation(near, parameters, content) {
      sink.begin?.();
      await sink.ready?.();
      const { reference } = await resolveRecipient(store, near);
      const to = taskConversation('createConversation', ids.next());
      const task = { near: reference, parameters, ...(content === undefined ? {} : { content }) };
      return { id: postedId(to, await sink.post(taskPost('createConversation', to, jsonOf(task)))) };
    },
  };
}

/** How long somebody who posts is kept waiting for a store that does not answer, in ms. */
const POST_LIMIT_MS = 10_000;

/** Posts at once: what it resolves with is durable. */
export function immediately(runtime: Posting, ready: () => Promise<void>): PostSink {
  return {
    ready,
    async post(post) {
      const key = postKey(runtime.ids.next());
      if ((await postActivity(runtime, post, key, POST_LIMIT_MS)) === 'full') throw new TurnwiseError('BacklogFull');
      return key;
    },
    async cancel(to, key) {
      await ready();
      await runtime.store.mailbox.unschedule(to, key);
    },
  };
}

function timeOf(at: Date | number): number {
  const time = Math.ceil(Number(at));
  // No later time can be written down as a date.
  if (!(Math.abs(time) <= 8.64e15)) throw new TurnwiseError('TimeRefused');
  return time;
}
