import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { describeIssue } from './json-issue';
import { oneLine, StartupError } from './startup-error';
import { parseTimeSpan } from './time-span';

/** What `extensions.queues` says, with the host's defaults filled in. */
export interface QueueSettings {
  /** Messages taken at once, 1 to 32. */
  readonly batchSize: number;
  /** The next batch is taken when no more than this many messages are still being processed. */
  readonly newBatchThreshold: number;
  /** Longest pause between two looks at an empty queue, in ms. */
  readonly maxPollingIntervalMs: number;
  /** Runs of one message before it goes to the poison queue. */
  readonly maxDequeueCount: number;
  /** How long a message stays hidden after a failed run, in ms. */
  readonly visibilityTimeoutMs: number;
  readonly messageEncoding: 'base64' | 'none';
}

/** The part of `host.json` that the runner goes by. */
export interface HostSettings {
  readonly queues: QueueSettings;
  /** What every HTTP route begins with; may be empty. */
  readonly routePrefix: string;
  /** How long one invocation may take, in ms; undefined means no limit. */
  readonly functionTimeoutMs: number | undefined;
  /** Log level by category, as in `logging.logLevel`. */
  readonly logLevels: Readonly<Record<string, string>>;
}

const LEVELS = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];
/** The host looks at a queue no more often than this, whatever `maxPollingInterval` says. */
export const MIN_POLLING_INTERVAL_MS = 100;

const timeSpan = z.string('expected a time such as "00:00:05"').transform((text, context) => {
  const ms = parseTimeSpan(text);
  if (ms === undefined) {
    context.addIssue({ code: 'custom', message: `"${text}" is not a time such as "00:00:05"` });
    return z.NEVER;
  }
  return ms;
});

function wholeNumber(from: number, to = Number.MAX_SAFE_INTEGER) {
  const expected = to === Number.MAX_SAFE_INTEGER ? `of ${from} or more` : `from ${from} to ${to}`;
  const message = `expected a whole number ${expected}`;
  return z.int(message).min(from, message).max(to, message);
}

const encoding = z
  .string('expected "base64" or "none"')
  .transform((text) => text.toLowerCase())
  .pipe(z.enum(['base64', 'none'], 'expected "base64" or "none"'));

// Strict, unlike the rest of the file: a misspelled name here silently changes how the queue is worked off.
const queues = z.strictObject(
  {
    batchSize: wholeNumber(1, 32).default(16),
    newBatchThreshold: wholeNumber(0).optional(),
    maxPollingInterval: timeSpan.optional(),
    maxDequeueCount: wholeNumber(1).default(5),
    visibilityTimeout: timeSpan.default(0),
    messageEncoding: encoding.default('base64'),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `no such setting: ${issue.keys.join(', ')}` : 'expected an object',
  },
);

const shape = z.looseObject({
  version: z.literal('2.0', 'expected "2.0"'),
  functionTimeout: z.union([timeSpan, z.literal('-1').transform(() => undefined)]).optional(),
  extensions: z
    .looseObject({
      queues: queues.prefault({}),
      http: z.looseObject({ routePrefix: z.string('expected text').default('api') }).prefault({}),
    })
    .prefault({}),
  logging: z
    .looseObject({
      logLevel: z
        .record(
          z.string(),
          z
            .string('expected a log level')
            .refine((level) => LEVELS.includes(level.toLowerCase()), `expected one of ${LEVELS.join(', ')}`),
        )
        .default({}),
    })
    .prefault({}),
});

/** Reads and checks `host.json`, the host's own settings file, next to the app's `package.json`. */
export function readHostJson(appRoot: string): HostSettings {
  let text: string;
  try {
    text = readFileSync(join(appRoot, 'host.json'), 'utf8');
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') {
      throw new StartupError(`There is no host.json in ${appRoot}. Start in the folder of the function app.`);
    }
    throw new StartupError(`host.json cannot be read: ${oneLine(error)}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new StartupError(`host.json is not valid JSON: ${oneLine(error).replace(/^SyntaxError: /, '')}`);
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success) throw new StartupError(`host.json: ${describeIssue(parsed.error)}`);
  return toSettings(parsed.data);
}

function toSettings(host: z.output<typeof shape>): HostSettings {
  const { http, queues: queue } = host.extensions;
  return {
    queues: {
      batchSize: queue.batchSize,
      newBatchThreshold: queue.newBatchThreshold ?? Math.floor(queue.batchSize / 2) * availableParallelism(),
      // 2 s is the host's own default in a development environment; in Azure it is a minute.
      maxPollingIntervalMs: Math.max(MIN_POLLING_INTERVAL_MS, queue.maxPollingInterval ?? 2_000),
      maxDequeueCount: queue.maxDequeueCount,
      visibilityTimeoutMs: queue.visibilityTimeout,
      messageEncoding: queue.messageEncoding,
    },
    routePrefix: http.routePrefix.replace(/^\/+|\/+$/g, ''),
    functionTimeoutMs: host.functionTimeout,
    logLevels: host.logging.logLevel,
  };
}
