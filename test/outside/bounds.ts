import { recordId } from '../../src/azure/cosmos-documents';
import { ringMessage } from '../../src/azure/ring-message';
import { DEFAULT_OPTIONS } from '../../src/runtime/options';
import type { ConversationKey } from '../../src/turn/keys';
import { constants, documentedList } from './copies';
import { declared, textOf } from './production';

/** A number of our own that must stay within a limit of another service. */
export interface Bound {
  readonly what: string;
  readonly ours: number;
  /** The other service's limit, out of an independent copy. */
  readonly theirs: number;
}

const queue = constants('azurite/dist/src/queue/utils/constants.js');
const document = (name: string, entry: string): number => Number(documentedList(name, entry)[0]);
const hostJson = JSON.parse(textOf('host.json')) as { readonly extensions: { readonly queues: { batchSize: number } } };

const longestKey = 'k'.repeat(Number(declared('src/azure/ring-message.ts', 'MAX_KEY_LENGTH'))) as ConversationKey;
const giveUp = document('channel wait', 'ms until the first channels give up');

export const BOUNDS: readonly Bound[] = [
  {
    what: 'messages of a broadcast in a second',
    ours: DEFAULT_OPTIONS.broadcastPerSecond,
    theirs: document('teams limits', 'requests a second for one app in one tenant'),
  },
  { what: 'ms for making an activity durable', ours: DEFAULT_OPTIONS.acceptLimitMs, theirs: giveUp },
  { what: 'ms for an answer in the response', ours: DEFAULT_OPTIONS.inlineDeadlineMs, theirs: giveUp },
  {
    what: 'bytes of a batch',
    ours: Number(declared('src/azure/cosmos-requests.ts', 'MOST_BYTES')),
    theirs: document('cosmos limits', 'bytes of an item'),
  },
  {
    what: 'bytes of the id of an item',
    ours: Math.max(...['r'.repeat(200), 'r'.repeat(2_000)].map((name) => recordId('scheduled', name).length)),
    theirs: document('cosmos limits', 'bytes of an id'),
  },
  {
    what: 'bytes of a message in the queue',
    ours: Buffer.byteLength(ringMessage(longestKey)),
    theirs: Number(queue.MESSAGETEXT_LENGTH_MAX),
  },
  {
    what: 'messages that are taken from the queue at once',
    ours: hostJson.extensions.queues.batchSize,
    theirs: Number(queue.DEQUEUE_NUMOFMESSAGES_MAX),
  },
];
