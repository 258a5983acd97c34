import { broadcastKey, broadcastProgress } from '../runtime/broadcast';
import { DEFAULT_OPTIONS } from '../runtime/options';
import { postActivity, postKey } from '../runtime/post';
import { systemClock, systemIds } from '../runtime/system';
import { taskPost } from '../runtime/task-posts';
import { TurnwiseError } from '../schema/errors';
import type { BroadcastProgress } from '../schema/recipients';
import type { Desk } from './desk';
import { duration, fields, table, time } from './render';
import type { Report } from './report';

/** `turnwise broadcast status`: how far one broadcast has come, or all that run. */
export async function broadcastStatus(desk: Desk, id: string | undefined, limit: number): Promise<Report> {
  if (id !== undefined) {
    const progress = await desk.ask((store) => broadcastProgress(store, id));
    return { data: { id, ...progress }, text: fields(linesOf(id, progress)) };
  }
  const busy = await desk.ask(({ inspection }) => inspection.busy(limit));
  const running = busy.map(({ key }): string => key).filter((key) => broadcastKey(key) !== undefined);
  const broadcasts: (BroadcastProgress & { readonly id: string })[] = [];
  for (const [index, each] of running.entries()) {
    desk.progress(`broadcast ${index + 1} of ${running.length}`);
    broadcasts.push({ id: each, ...(await desk.ask((store) => broadcastProgress(store, each))) });
  }
  const rows = table(broadcasts, [
    { title: 'POSTED', of: ({ posted }) => posted },
    { title: 'REFUSED', of: ({ refused }) => refused },
    { title: 'FOR', of: ({ startedAt }) => (startedAt === undefined ? '–' : duration(desk.now() - startedAt)) },
    { title: 'BROADCAST', of: (broadcast) => broadcast.id },
  ]);
  return { data: { broadcasts }, text: broadcasts.length === 0 ? 'No broadcast is running.' : rows };
}

/** `turnwise broadcast cancel`: ends a broadcast after the page that is under way. */
export async function broadcastCancel(desk: Desk, id: string): Promise<Report> {
  const to = broadcastKey(id);
  if (to === undefined) throw new TurnwiseError('PostedUnknown');
  await desk.ask((store) => broadcastProgress(store, id));
  let rung = 'noQueue';
  await desk.ask((store) => {
    const posting = {
      store,
      clock: systemClock,
      ids: systemIds,
      options: DEFAULT_OPTIONS,
      log: { event: () => undefined },
      doorbell: {
        ring: async () => {
          rung = await desk.ring(to);
        },
      },
    };
    return postActivity(posting, taskPost('broadcast', to, { cancel: true }), postKey(systemIds.next()), 10_000);
  });
  const when = rung === 'rung' ? 'as soon as its page is done' : 'within a minute, when the sweep has come by';
  return { data: { id, cancelled: true, rung }, text: `It ends ${when}.` };
}

function linesOf(
  id: string,
  { state, posted, refused, startedAt, endedAt }: BroadcastProgress,
): [string, string | number][] {
  return [
    ['Broadcast', id],
    ['State', state],
    ['Posted', posted],
    ['Refused', refused],
    ...(startedAt === undefined ? [] : [['Started', time(startedAt)] as [string, string]]),
    ...(endedAt === undefined ? [] : [['Ended', time(endedAt)] as [string, string]]),
  ];
}
