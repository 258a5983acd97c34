import type { StateSnapshot } from '../ports/store';
import { TurnwiseError } from '../schema/errors';
import type { ConversationKey } from '../turn/keys';
import { effectPayload, type Head, type Payload, turnPrefix } from '../turn/record';
import { typedKey } from './conversation-key';
import type { Desk } from './desk';
import { loadPayload } from './payload';
import { duration, fields, indented, table, time } from './render';
import type { Report } from './report';
import { conditionOf } from './status';

/** `turnwise conversation show` */
export async function conversationShow(desk: Desk, typed: string, bodies: boolean): Promise<Report> {
  const key = typedKey(typed);
  const shown = await desk.ask(({ inspection }) => inspection.conversation(key));
  if (shown === undefined) throw new TurnwiseError('ConversationUnknown');
  const { head, states } = shown;
  const now = desk.now();
  const waiting = await itemsOf(desk, key, head, bodies);
  const documents = [...states].map(([id, snapshot]) => documentOf(id, snapshot, bodies));
  const data = {
    conversation: key,
    condition: conditionOf(head, now),
    epoch: head.epoch,
    lease: head.lease,
    turns: head.n,
    attempt: head.att,
    notBefore: head.notBefore === 0 ? null : head.notBefore,
    wake: head.wake,
    waiting: waiting.filter(({ kind }) => kind === 'activity'),
    toDeliver: waiting.filter(({ kind }) => kind !== 'activity'),
    states: documents,
  };
  const items = table(waiting, [
    { title: 'AGE', of: ({ at }) => duration(now - at) },
    { title: 'WHAT', of: ({ kind }) => kind },
    { title: 'BYTES', of: ({ bytes }) => bytes },
    { title: 'FAILED', of: ({ failed }) => failed },
    { title: 'ID', of: ({ id }) => id },
  ]);
  const contents = [
    ...waiting.map(({ id, body }) => [id, body] as const),
    ...documents.map(({ id, content }) => [`state ${id}`, content] as const),
  ].map(([id, content]) => `${id}\n${indented(content ?? null)}`);
  const text = [
    fields(summary(key, head, documents, now)),
    ...(waiting.length > 0 ? [items] : []),
    ...(bodies ? contents : ['Add --bodies to see the content of messages and state.']),
  ];
  return { data, text: text.join('\n\n') };
}

function summary(
  key: ConversationKey,
  head: Head,
  documents: readonly ShownDocument[],
  now: number,
): (readonly [string, string | number])[] {
  const { lease } = head;
  const condition = conditionOf(head, now);
  return [
    ['Conversation', key],
    ['Condition', condition === 'ready' && head.wake === null ? 'at rest' : condition],
    ['Epoch', head.epoch],
    ['Lease', lease === null ? 'none' : `until ${time(lease.until)}, ${lease.owner}`],
    ['Not before', head.notBefore > now ? `${time(head.notBefore)} (in ${duration(head.notBefore - now)})` : '-'],
    ['Turns committed', head.n],
    ['Attempt', head.att],
    ['Activities waiting', head.pend.length],
    ['Replies to deliver', head.out.length],
    ...documents.map(
      ({ id, version, properties }) => [`State ${id}`, `version ${version}, ${properties} properties`] as const,
    ),
  ];
}

interface Item {
  readonly id: string;
  readonly kind: string;
  readonly at: number;
  readonly bytes: number;
  readonly failed: number;
  readonly body?: unknown;
}

/** What waits, in the order in which it will be done with. */
async function itemsOf(desk: Desk, key: ConversationKey, head: Head, bodies: boolean): Promise<Item[]> {
  const content = async (payload: Payload | undefined): Promise<Pick<Item, 'bytes' | 'body'>> => {
    if (payload === undefined) return { bytes: 0 };
    if (!bodies) return { bytes: payload.bytes };
    const body = await loadPayload(desk, key, payload);
    return { bytes: payload.bytes, body: body ?? null };
  };
  const effects = head.out.map(async (effect) => {
    const { id, kind, at, tries } = effect;
    return { id, kind, at, failed: tries, ...(await content(effectPayload(effect))) };
  });
  const activities = head.pend.map(async (pending, index) => {
    const failed = index === 0 ? Math.max(0, head.att - 1) : 0;
    return { id: turnPrefix(pending), kind: 'activity', at: pending.at, failed, ...(await content(pending.body)) };
  });
  return Promise.all([...effects, ...activities]);
}

interface ShownDocument {
  readonly id: string;
  readonly version: number;
  readonly properties: number;
  readonly content?: unknown;
}

function documentOf(id: string, { version, data }: StateSnapshot, bodies: boolean): ShownDocument {
  const document = { id, version, properties: Object.keys(data).length };
  return bodies ? { ...document, content: data } : document;
}
