import type { DeadLetter } from '../ports/store';
import { TurnwiseError } from '../schema/errors';
import { effectPayload } from '../turn/record';
import { typedKey } from './conversation-key';
import type { Desk, Rung } from './desk';
import { loadPayload } from './payload';
import { duration, fields, indented, table, time } from './render';
import type { Report } from './report';

/** Which dead letters a command is about. */
export type Chosen =
  | { readonly conversation: string; readonly id: string }
  | { readonly all: true; readonly code: string | undefined };

/** Most dead letters that one `--all` is about. */
const MOST_AT_ONCE = 10_000;

/** `turnwise dead list` */
export async function deadList(desk: Desk, limit: number): Promise<Report> {
  const found = await desk.ask(({ deadLetters }) => deadLetters.list(limit + 1));
  const letters = found.slice(0, limit).map(summaryOf);
  const more = found.length > limit;
  const now = desk.now();
  const text =
    letters.length === 0
      ? 'There are no dead letters.'
      : table(letters, [
          { title: 'AGE', of: ({ at }) => duration(now - at) },
          { title: 'WHAT', of: ({ kind }) => kind },
          { title: 'ATTEMPTS', of: ({ attempts }) => attempts },
          { title: 'CODE', of: ({ code }) => code },
          { title: 'ID', of: ({ id }) => id },
          { title: 'CONVERSATION', of: ({ conversation }) => conversation },
        ]);
  return { data: { deadLetters: letters, more }, text: more ? `${text}\n… and more; --limit shows them.` : text };
}

/** `turnwise dead show` */
export async function deadShow(desk: Desk, conversation: string, id: string, bodies: boolean): Promise<Report> {
  const key = typedKey(conversation);
  const letter = await desk.ask(({ deadLetters }) => deadLetters.get(key, id));
  if (letter === undefined) throw new TurnwiseError('DeadLetterUnknown');
  const payload = letter.dead.kind === 'activity' ? letter.dead.activity.body : effectPayload(letter.dead.effect);
  const body = bodies && payload !== undefined ? await loadPayload(desk, letter.conversation, payload) : undefined;
  const summary = summaryOf(letter);
  const { message } = letter.reason;
  const text = fields([
    ['Dead letter', summary.id],
    ['Conversation', summary.conversation],
    ['Since', `${time(summary.at)} (${duration(desk.now() - summary.at)})`],
    ['What', payload === undefined ? summary.kind : `${summary.kind}, ${payload.bytes} bytes`],
    ['Attempts', summary.attempts],
    ['Replayed before', summary.replays === 0 ? 'never' : `${summary.replays} times`],
    ['Code', summary.code],
    ['Error', message],
  ]);
  const shown = bodies ? `Content\n${indented(body ?? null)}` : 'Add --bodies to see the content.';
  const data = { ...summary, message, bytes: payload?.bytes ?? 0, ...(bodies ? { body: body ?? null } : {}) };
  return { data, text: `${text}\n\n${shown}` };
}

/** `turnwise dead replay` */
export async function deadReplay(desk: Desk, which: Chosen): Promise<Report> {
  const replayed: { conversation: string; id: string; ring: Rung }[] = [];
  const full: { conversation: string; id: string }[] = [];
  const letters = await lettersOf(desk, which);
  for (const [index, { conversation, id }] of letters.entries()) {
    desk.progress(`replaying ${index + 1} of ${letters.length}`);
    const outcome = await desk.ask(({ deadLetters }) => deadLetters.requeue(conversation, id));
    if (outcome === 'requeued') replayed.push({ conversation, id, ring: await desk.ring(conversation) });
    if (outcome === 'full') full.push({ conversation, id });
    if (outcome === 'absent' && 'id' in which) throw new TurnwiseError('DeadLetterUnknown');
  }
  const rings = new Set(replayed.map(({ ring }) => ring));
  const notes = (['rung', 'noQueue', 'failed'] as const).filter((ring) => rings.has(ring)).map((ring) => RING[ring]);
  const left =
    full.length === 0
      ? []
      : [`Left: ${full.length}, whose conversations have no room for them now; replay them later.`];
  return { data: { replayed, full }, text: [`Replayed: ${replayed.length}.`, ...notes, ...left].join(' ') };
}

const RING: Readonly<Record<Rung, string>> = {
  rung: 'The app was rung for, and runs it now.',
  noQueue: "No queue is configured here, so the app's sweep takes it up, within a minute.",
  failed: "The queue could not be reached, so the app's sweep takes it up, within a minute.",
};

/** `turnwise dead discard` */
export async function deadDiscard(desk: Desk, which: Chosen): Promise<Report> {
  const discarded: { conversation: string; id: string }[] = [];
  const letters = await lettersOf(desk, which);
  for (const [index, { conversation, id }] of letters.entries()) {
    desk.progress(`discarding ${index + 1} of ${letters.length}`);
    if (await desk.ask(({ deadLetters }) => deadLetters.discard(conversation, id))) {
      discarded.push({ conversation, id });
    } else if ('id' in which) {
      throw new TurnwiseError('DeadLetterUnknown');
    }
  }
  return { data: { discarded }, text: `Discarded: ${discarded.length}.` };
}

/** The oldest first, so that what is replayed keeps its order. */
async function lettersOf(desk: Desk, which: Chosen): Promise<readonly Pick<DeadLetter, 'conversation' | 'id'>[]> {
  if ('id' in which) return [{ conversation: typedKey(which.conversation), id: which.id }];
  desk.progress('listing dead letters');
  const letters = await desk.ask(({ deadLetters }) => deadLetters.list(MOST_AT_ONCE));
  return letters.filter(({ reason }) => which.code === undefined || reason.code === which.code).reverse();
}

/** What may be shown of a dead letter without being asked for its content. */
function summaryOf({ id, conversation, at, attempts, reason, dead }: DeadLetter) {
  const kind = dead.kind === 'activity' ? 'activity' : dead.effect.kind;
  const replays = dead.kind === 'activity' ? (dead.activity.replay ?? 0) : 0;
  return { id, conversation, at, attempts, code: reason.code, kind, replays } as const;
}
