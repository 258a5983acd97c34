import type { InspectedConversation } from '../ports/store';
import { readFigures } from '../telemetry/figures-file';
import { nextStepAt } from '../turn/hold';
import type { Head } from '../turn/record';
import type { Desk } from './desk';
import { figuresText } from './figures';
import { duration, fields, table } from './render';
import type { Report } from './report';

/** Dead letters are counted up to here. */
const MOST_DEAD = 1_000;

/** Conversations that the text shows; `--json` has all that were looked at. */
const SHOWN = 20;

/** `turnwise status`: what waits, what runs, and what was given up. */
export async function status(desk: Desk, limit: number): Promise<Report> {
  desk.progress('looking for conversations with work');
  const found = await desk.ask(({ inspection }) => inspection.busy(limit + 1));
  desk.progress('counting dead letters');
  const dead = (await desk.ask(({ deadLetters }) => deadLetters.list(MOST_DEAD + 1))).length;
  const now = desk.now();
  const busy = found
    .slice(0, limit)
    .map((each) => lineOf(each, now))
    .sort((a, b) => b.oldestMs - a.oldestMs);
  const data: Data = {
    store: desk.name,
    conversations: busy.length,
    more: found.length > limit,
    waiting: sum(busy.map(({ waiting }) => waiting)),
    toDeliver: sum(busy.map(({ toDeliver }) => toDeliver)),
    oldestMs: Math.max(0, ...busy.map(({ oldestMs }) => oldestMs)),
    deadLetters: Math.min(dead, MOST_DEAD),
    moreDeadLetters: dead > MOST_DEAD,
    busy,
  };
  const { figures, processes } = desk.figuresFolder === undefined ? NO_FIGURES : readFigures(desk.figuresFolder);
  if (figures === undefined) return { data, text: textOf(data) };
  return { data: { ...data, figures }, text: `${textOf(data)}\n\n${figuresText(figures, processes)}` };
}

const NO_FIGURES = { processes: 0, figures: undefined };

interface Data {
  readonly store: string;
  readonly conversations: number;
  /** Whether there are more conversations than were looked at. */
  readonly more: boolean;
  readonly waiting: number;
  readonly toDeliver: number;
  readonly oldestMs: number;
  readonly deadLetters: number;
  readonly moreDeadLetters: boolean;
  readonly busy: readonly Line[];
}

interface Line {
  readonly conversation: string;
  readonly waiting: number;
  readonly toDeliver: number;
  /** Age of the oldest activity or reply that waits; 0 when none does. */
  readonly oldestMs: number;
  readonly attempt: number;
  readonly condition: Condition;
}

type Condition = 'running' | 'backing off' | 'ready';

function lineOf({ key, head }: InspectedConversation, now: number): Line {
  const times = [...head.pend, ...head.out].map(({ at }) => at);
  return {
    conversation: key,
    waiting: head.pend.length,
    toDeliver: head.out.length,
    oldestMs: times.length === 0 ? 0 : Math.max(0, now - Math.min(...times)),
    attempt: head.att,
    condition: conditionOf(head, now),
  };
}

/** What keeps, or does not keep, a worker from taking the conversation now. */
export function conditionOf(head: Head, now: number): Condition {
  if (head.lease !== null && head.lease.until > now) return 'running';
  return (nextStepAt(head) ?? 0) > now ? 'backing off' : 'ready';
}

function textOf(data: Data): string {
  const orMore = (count: number, more: boolean): string => (more ? `${count} or more` : String(count));
  const oldest = data.busy[0];
  const summary = fields([
    ['Store', data.store],
    ['Conversations with work', orMore(data.conversations, data.more)],
    ['Activities waiting', orMore(data.waiting, data.more)],
    ['Replies to deliver', orMore(data.toDeliver, data.more)],
    ['Oldest', oldest === undefined ? '-' : `${duration(oldest.oldestMs)}, ${oldest.conversation}`],
    ['Dead letters', orMore(data.deadLetters, data.moreDeadLetters)],
  ]);
  if (data.busy.length === 0) return summary;
  const lines = table(data.busy.slice(0, SHOWN), [
    { title: 'OLDEST', of: ({ oldestMs }) => duration(oldestMs) },
    { title: 'WAITING', of: ({ waiting }) => waiting },
    { title: 'TO DELIVER', of: ({ toDeliver }) => toDeliver },
    { title: 'ATTEMPT', of: ({ attempt }) => attempt },
    { title: 'CONDITION', of: ({ condition }) => condition },
    { title: 'CONVERSATION', of: ({ conversation }) => conversation },
  ]);
  const rest = data.busy.length - SHOWN;
  return `${summary}\n\n${lines}${rest > 0 ? `\n… and ${rest} more; --json has them all.` : ''}`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
