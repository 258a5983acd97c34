import type { Attributes, Metric } from '../ports/telemetry';

/** Every attribute that a span or a metric may have, and what it says. Nothing else is passed on. */
export const ATTRIBUTES = {
  'turnwise.conversation': 'Key of the conversation.',
  'turnwise.activity': 'Key of the activity: a hash.',
  'turnwise.activity.type': 'Type of the activity, if it is one that the Bot Framework knows; else `other`.',
  'turnwise.attempt': 'Which attempt at the activity it is.',
  'turnwise.effect': 'Id of the effect.',
  'turnwise.effect.kind': '`send`, `reply`, `update` or `delete`.',
  'turnwise.tries': 'How often the delivery of the effect has failed before.',
  'turnwise.waiting': 'How many activities wait in the conversation.',
  'turnwise.outcome': 'What it came to.',
  'turnwise.code': 'Code of `docs/errors.md`, or the name of an error.',
  'turnwise.operation': 'What the store was asked for.',
  'turnwise.container': 'Which container it was asked of.',
  'turnwise.partition': 'Which physical partition of a container, by the number that Cosmos DB gives it.',
  'turnwise.status': 'Status of an HTTP response.',
} as const satisfies Record<string, string>;

/** The same, as a type: what is not on the list does not compile. */
export type OwnAttributes = Readonly<Partial<Record<keyof typeof ATTRIBUTES, string | number | boolean>>>;

/** What a turn goes through, each with a span and a histogram of how long it takes. */
export const STAGES = {
  receive: 'A request to the messaging endpoint, from its first byte to the answer.',
  accept: 'Making an activity durable.',
  turn: 'One attempt at an activity, from its start to its commit, or to what it came to instead.',
  wait: 'From the acceptance of an activity to its first attempt.',
  acquire: 'Taking a conversation for work.',
  handler: 'Middleware and handler.',
  commit: 'Making the result of a turn true.',
  deliver: 'One call of a channel.',
} as const satisfies Record<string, string>;

export type Stage = keyof typeof STAGES;

const STAGE_METRICS = Object.fromEntries(
  Object.entries(STAGES).map(([stage, description]) => [
    stage,
    { name: `turnwise.${stage}.duration`, kind: 'histogram', unit: 's', description },
  ]),
) as Readonly<Record<Stage, Metric>>;

/** The histogram of how long a stage takes. */
export const durationOf = (stage: Stage): Metric => STAGE_METRICS[stage];

const counter = (name: string, unit: string, description: string): Metric => ({
  name: `turnwise.${name}`,
  kind: 'counter',
  unit,
  description,
});
const gauge = (name: string, unit: string, description: string): Metric => ({
  name: `turnwise.${name}`,
  kind: 'gauge',
  unit,
  description,
});

/** Every other metric. */
export const METRICS = {
  activities: counter(
    'activities',
    '{activity}',
    'Activities that came to the endpoint or were posted by the app, by what became of them.',
  ),
  turns: counter('turns', '{turn}', 'Activities that are done with, by how they ended.'),
  turnAge: {
    name: 'turnwise.turn.age',
    kind: 'histogram',
    unit: 's',
    description: 'From the acceptance of an activity to its commit.',
  },
  failures: counter('attempts.failed', '{attempt}', 'Attempts whose handler failed.'),
  conflicts: counter(
    'conflicts',
    '{conflict}',
    'Runs that were repeated, because state that they had touched had moved.',
  ),
  rebases: counter('rebases', '{rebase}', 'Runs that were kept, although state had moved that they had not touched.'),
  fenced: counter('fenced', '{hold}', 'Conversations that another worker took over.'),
  handedOver: counter(
    'handed_over',
    '{hold}',
    "Conversations that were handed over when an invocation's time was over.",
  ),
  deadLetters: counter('dead_letters', '{letter}', 'What was given up: activities and replies.'),
  inDoubt: counter(
    'deliveries.in_doubt',
    '{delivery}',
    'Replies that may have been sent twice, or were left out because of it.',
  ),
  ringsFailed: counter('rings.failed', '{ring}', 'Rings that the queue did not take.'),
  storeFaults: counter('store.faults', '{fault}', 'Calls of the store that were repeated.'),
  sweepsMissed: counter(
    'sweeps.missed',
    '{sweep}',
    'Sweeps that an invocation of another function made, because the timer was late.',
  ),
  storeDuration: {
    name: 'turnwise.store.duration',
    kind: 'histogram',
    unit: 's',
    description: 'One request to Cosmos DB.',
  },
  sessionRefusals: counter(
    'store.session_refusals',
    '{refusal}',
    'Reads that no replica of Cosmos DB answered, as none was as far as the process has seen.',
  ),
  requestUnits: counter('store.request_units', '{request_unit}', 'Request units that Cosmos DB has charged.'),
  overdue: gauge('overdue', '{conversation}', 'Conversations that the sweep found overdue.'),
  busy: gauge('backlog.conversations', '{conversation}', 'Conversations with work.'),
  waiting: gauge('backlog.activities', '{activity}', 'Activities that wait, in the conversations with work.'),
  toDeliver: gauge('backlog.effects', '{effect}', 'Effects that wait to be delivered.'),
  oldest: gauge('backlog.oldest', 's', 'Age of the oldest activity or effect that waits.'),
} as const satisfies Record<string, Metric>;

/** Holds the attributes of a span or metric to the list, at compile time. */
export const own = (attributes: OwnAttributes): Attributes => attributes as Attributes;
