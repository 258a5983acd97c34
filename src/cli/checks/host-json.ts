import { levelOf } from '../../local/console-log';
import { type HostSettings, readHostJson } from '../../local/host-json';
import { DEFAULT_OPTIONS } from '../../runtime/options';
import { type Finding, findings } from './finding';

const { ok, problem, warning } = findings('host.json');

const WHY = 'docs/host-json.md says why.';

/** A slower look at the queue is what a user waits for. */
const MOST_POLLING_MS = 1_000;

/** What a ring that failed has to survive: a store that is away for a moment. */
const LEAST_DEQUEUES = 3;
const LEAST_PAUSE_MS = 1_000;

/** The category under which the Azure SDK logs inside the host, and the levels at which it says nothing about a look at the queue. */
const SDK_CATEGORY = 'Azure.Core';
const QUIET_LEVELS: ReadonlySet<string> = new Set(['error', 'critical', 'none']);

/** Whether the Functions host does what the pipeline counts on. */
export function checkHostJson(folder: string): readonly Finding[] {
  let host: HostSettings;
  try {
    host = readHostJson(folder);
  } catch (error) {
    return [
      problem(error instanceof Error ? error.message : String(error), `Run this in the folder of the app. ${WHY}`),
    ];
  }
  const found = wrongIn(host);
  return found.length > 0 ? found : [ok('what the pipeline needs')];
}

/** What is wrong with the host's settings. */
export function wrongIn({ functionTimeoutMs, logLevels, queues, routePrefix }: HostSettings): readonly Finding[] {
  const { invocationBudgetMs, turnTimeoutMs } = DEFAULT_OPTIONS;
  const longestMs = invocationBudgetMs + turnTimeoutMs;
  const found: Finding[] = [];
  const check = (holds: boolean, finding: Finding): void => {
    if (!holds) found.push(finding);
  };
  check(
    queues.messageEncoding === 'base64',
    problem('extensions.queues.messageEncoding is not base64: no ring is understood.', `Set it to "base64". ${WHY}`),
  );
  check(
    functionTimeoutMs === undefined || functionTimeoutMs >= longestMs,
    problem(
      `functionTimeout is shorter than the longest invocation (${longestMs / 60_000} minutes): the host would end the worker, and everybody's turns on it.`,
      `Set it to "00:15:00". ${WHY}`,
    ),
  );
  check(
    queues.maxPollingIntervalMs <= MOST_POLLING_MS,
    warning(
      'extensions.queues.maxPollingInterval is longer than a second, or not set: the first message after a pause waits for it, up to a minute.',
      `Set it to "00:00:00.1". ${WHY}`,
    ),
  );
  check(
    queues.maxDequeueCount >= LEAST_DEQUEUES && queues.visibilityTimeoutMs >= LEAST_PAUSE_MS,
    warning(
      'extensions.queues gives a ring up within a moment: a store that is away for a second leaves work to the sweep.',
      `Set maxDequeueCount to 5 and visibilityTimeout to "00:00:05". ${WHY}`,
    ),
  );
  check(
    QUIET_LEVELS.has(levelOf(SDK_CATEGORY, logLevels)),
    warning(
      `logging.logLevel lets "${SDK_CATEGORY}" through: the host logs every look at the queue, up to 0.9 GB a day for each instance.`,
      `Set logging.logLevel."${SDK_CATEGORY}" to "Error". ${WHY}`,
    ),
  );
  check(
    routePrefix === 'api',
    warning(
      `The route prefix is "${routePrefix}": the messaging endpoint is not /api/messages.`,
      'Say so in the bot\'s registration, or set extensions.http.routePrefix to "api".',
    ),
  );
  return found;
}
