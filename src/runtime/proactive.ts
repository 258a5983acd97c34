import type { Posted, Proactive } from '../bot/proactive';
import { continuationActivity, eventActivity } from '../bot/proactive-activities';
import type { Store } from '../ports/store';
import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { TurnwiseError } from '../schema/errors';
import type { ProactiveContent, ProactiveEvent, Recipient } from '../schema/recipients';
import { type ActivityKey, activityKey, type ConversationKey, parseConversationKey } from '../turn/keys';
import type { NewPost, Posting } from './post';
import { postActivity, postKey } from './post';
import { resolveRecipient } from './recipients';

/** Where posts go: into a turn's effects, or straight into the mailbox of their conversation. */
export interface PostSink {
  /** Makes sure that the store can be used. */
  ready?(): Promise<void>;
  /** @returns the key under which it is accepted */
  post(post: NewPost): Promise<ActivityKey> | ActivityKey;
  cancel(to: ConversationKey, key: ActivityKey): Promise<void> | void;
}

/** The proactive API over a sink. @param now wall time */
export function proactiveOver(store: Store, now: () => number, sink: PostSink): Proactive {
  const post = async (to: Recipient, content: ProactiveContent, at?: number): Promise<Posted> => {
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
      const { to, key } = parsePostedId(id);
      await sink.cancel(to, key);
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

/** The activity that carries what is to be said, or done, into a conversation. @throws TurnwiseError `ActivityNotJson` */
export function postTo(
  to: ConversationKey,
  reference: ConversationReference,
  content: ProactiveContent,
  at: Date,
): NewPost {
  if (isEvent(content)) {
    const activity = eventActivity(reference, content.event, content.value, at);
    return { to, proactive: 'event', activity: asJson(activity) };
  }
  const message = typeof content === 'string' ? { type: 'message', text: content } : { type: 'message', ...content };
  const activity: Activity = { ...continuationActivity(reference, at), value: message };
  return { to, proactive: 'send', activity: asJson(activity) };
}

function isEvent(content: ProactiveContent): content is ProactiveEvent {
  return typeof content === 'object' && 'event' in content && typeof content.event === 'string';
}

function asJson(activity: Activity): Activity {
  try {
    return JSON.parse(JSON.stringify(activity)) as Activity;
  } catch (cause) {
    throw new TurnwiseError('ActivityNotJson', undefined, { cause });
  }
}

function timeOf(at: Date | number): number {
  const time = Number(at);
  if (!Number.isFinite(time)) throw new TurnwiseError('TimeRefused');
  return time;
}

/** Names a posted activity: the key of its conversation, a slash, and its own. */
function postedId(to: ConversationKey, key: ActivityKey): string {
  return `${to}/${key}`;
}

/** @throws TurnwiseError `PostedUnknown` when it is not the id of something that was posted */
export function parsePostedId(id: string): { readonly to: ConversationKey; readonly key: ActivityKey } {
  const end = id.lastIndexOf('/');
  const to = parseConversationKey(id.slice(0, Math.max(0, end)));
  const key = id.slice(end + 1);
  if (to === undefined || !/^[0-9a-f]{32}$/.test(key)) throw new TurnwiseError('PostedUnknown');
  return { to, key: activityKey(key) };
}
