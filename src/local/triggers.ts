import { join } from 'node:path';
import type { DequeuedMessageItem } from '@azure/storage-queue';
import { isDisabled, readTrigger, type Trigger } from './bindings';
import { queueService } from './connections';
import type { RunnerLog } from './console-log';
import type { HttpData, RegisteredFunction, TypedData } from './core-api';
import type { FunctionsApp, TriggerInput } from './functions-app';
import type { HostSettings } from './host-json';
import type { HttpFunction } from './http-server';
import type { Invocations } from './invocations';
import { QueueListener } from './queue-listener';
import { TimerStatusFile } from './timer-status';
import { TimerTrigger } from './timer-trigger';

/** Everything that can start a function, wired to its functions and not started yet. */
export interface Triggers {
  readonly http: readonly HttpFunction[];
  readonly queues: readonly QueueListener[];
  readonly timers: readonly TimerTrigger[];
  /** One line per function: its name and how it is triggered. */
  readonly summary: readonly { readonly name: string; readonly trigger: string }[];
}

type Kind<K extends Trigger['kind']> = Extract<Trigger, { kind: K }>;

/** Connects the functions of an app with their triggers. Those that need what is not run here are named in the log and left out. */
export function connectTriggers(
  app: FunctionsApp,
  context: {
    readonly host: HostSettings;
    readonly dataDir: string;
    readonly env: NodeJS.ProcessEnv;
    readonly invocations: Invocations;
    readonly log: RunnerLog;
  },
): Triggers {
  const { host, dataDir, env, invocations, log } = context;
  const status = new TimerStatusFile(join(dataDir, 'timers.json'));
  const http: HttpFunction[] = [];
  const queues: QueueListener[] = [];
  const timers: TimerTrigger[] = [];
  const summary: { name: string; trigger: string }[] = [];

  for (const fn of app.functions) {
    const { name } = fn.metadata;
    if (isDisabled(name, env)) {
      log.write('information', 'host', `${name} is disabled by an app setting`);
      continue;
    }
    const trigger = readTrigger(fn.metadata, env);
    if (trigger.kind === 'unsupported') {
      log.write('warning', 'host', `${name} is left out: ${trigger.reason}; "func start" can run it`);
      continue;
    }
    summary.push({ name, trigger: describe(trigger, host.routePrefix) });
    if (trigger.kind === 'http') http.push(httpFunction(fn, trigger));
    else if (trigger.kind === 'queue') queues.push(queueListener(fn, trigger));
    else timers.push(timerTrigger(fn, trigger));
  }
  return { http, queues, timers, summary };

  function httpFunction(fn: RegisteredFunction, { binding, route, methods, keyed }: Kind<'http'>): HttpFunction {
    return {
      name: fn.metadata.name,
      route,
      methods,
      keyed,
      async invoke(request: HttpData) {
        const response = await invocations.run(fn, { binding, data: { http: request }, metadata: {} });
        return response.returnValue?.http;
      },
    };
  }

  function queueListener(fn: RegisteredFunction, { binding, queueName, connection }: Kind<'queue'>): QueueListener {
    return new QueueListener({
      functionName: fn.metadata.name,
      service: queueService(connection, env),
      queueName,
      settings: host.queues,
      invoke: async (item, text) => void (await invocations.run(fn, queueInput(binding, item, text))),
      log,
    });
  }

  function timerTrigger(fn: RegisteredFunction, { binding, ...timer }: Kind<'timer'>): TimerTrigger {
    return new TimerTrigger({
      ...timer,
      functionName: fn.metadata.name,
      status,
      invoke: async (info) => {
        await invocations.run(fn, { binding, data: { json: JSON.stringify(info) }, metadata: {} });
      },
      log,
    });
  }
}

/**
 * A queue message as the host hands it over: the text (which the library parses if it is JSON), and beside it the text again, the
 * number of tries as a number, and ids and times as text.
 */
export function queueInput(binding: string, item: DequeuedMessageItem, text: string): TriggerInput {
  const time = (date: Date): TypedData => ({ json: JSON.stringify(date.toISOString()) });
  const verbatim = (value: string): TypedData => ({ json: JSON.stringify(value) });
  return {
    binding,
    data: { string: text },
    metadata: {
      QueueTrigger: { string: text },
      DequeueCount: { int: item.dequeueCount },
      Id: verbatim(item.messageId),
      PopReceipt: verbatim(item.popReceipt),
      InsertionTime: time(item.insertedOn),
      ExpirationTime: time(item.expiresOn),
      NextVisibleTime: time(item.nextVisibleOn),
    },
  };
}

function describe(trigger: Trigger, routePrefix: string): string {
  if (trigger.kind === 'http') {
    const methods = trigger.methods.length === 0 ? 'any method' : trigger.methods.join(',');
    return `${methods} /${routePrefix === '' ? '' : `${routePrefix}/`}${trigger.route.replace(/^\/+/, '')}`;
  }
  return trigger.kind === 'queue' ? `queue "${trigger.queueName}"` : `timer "${trigger.schedule}"`;
}
