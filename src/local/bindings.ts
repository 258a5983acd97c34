import { z } from 'zod';
import type { FunctionMetadata } from './core-api';
import { describeIssue } from './json-issue';
import { StartupError } from './startup-error';

/** A trigger that the runner can run. `binding` is the name under which the function gets its input. */
export type Trigger =
  | {
      readonly kind: 'http';
      readonly binding: string;
      readonly route: string;
      readonly methods: readonly string[];
      /** Whether the host asks for a key before it calls the function. */
      readonly keyed: boolean;
    }
  | { readonly kind: 'queue'; readonly binding: string; readonly queueName: string; readonly connection: string }
  | {
      readonly kind: 'timer';
      readonly binding: string;
      readonly schedule: string;
      readonly runOnStartup: boolean;
      readonly useMonitor: boolean;
    };

/** A function that uses something the runner does not have, as a reason. */
export interface Unsupported {
  readonly kind: 'unsupported';
  readonly reason: string;
}

const httpShape = z.looseObject({
  route: z.string().optional(),
  methods: z.array(z.string()).optional(),
  authLevel: z.string().optional(),
});
const queueShape = z.looseObject({
  queueName: z.string('expected the name of a queue').min(1, 'expected the name of a queue'),
  connection: z.string().optional(),
});
const timerShape = z.looseObject({
  schedule: z.string('expected an expression such as "0 * * * * *"').min(1),
  runOnStartup: z.boolean().default(false),
  useMonitor: z.boolean().default(true),
});

/** Reads how a function is triggered out of its bindings, `%NAME%` replaced by the app setting of that name. */
export function readTrigger(metadata: FunctionMetadata, env: NodeJS.ProcessEnv): Trigger | Unsupported {
  let trigger: Trigger | Unsupported = { kind: 'unsupported', reason: 'it has no trigger' };
  for (const [binding, info] of Object.entries(metadata.bindings)) {
    const type = info.type?.toLowerCase() ?? '';
    // The answer of an HTTP function is a binding too, the only one that leaves through the runner.
    if (type === 'http' && info.direction === 'out') continue;
    if (!/trigger$/.test(type)) return { kind: 'unsupported', reason: `its ${info.type} binding is not run here` };
    const properties = Object.fromEntries(
      Object.entries(info).map(([name, value]) => [name, substitute(value, metadata.name, env)]),
    );
    trigger = toTrigger(type, binding, properties, metadata.name);
  }
  return trigger;
}

function toTrigger(type: string, binding: string, properties: unknown, name: string): Trigger | Unsupported {
  if (type === 'httptrigger') {
    const { route, methods = [], authLevel = 'anonymous' } = parse(httpShape, properties, name);
    return {
      kind: 'http',
      binding,
      route: route ?? name,
      methods: methods.map((method) => method.toUpperCase()),
      keyed: authLevel.toLowerCase() !== 'anonymous',
    };
  }
  if (type === 'queuetrigger') {
    const { queueName, connection } = parse(queueShape, properties, name);
    return {
      kind: 'queue',
      binding,
      queueName: queueName.toLowerCase(),
      connection: connection || 'AzureWebJobsStorage',
    };
  }
  if (type === 'timertrigger') return { kind: 'timer', binding, ...parse(timerShape, properties, name) };
  return { kind: 'unsupported', reason: `a ${type.replace(/trigger$/, ' trigger')} is not run here` };
}

function parse<T>(shape: z.ZodType<T>, properties: unknown, name: string): T {
  const parsed = shape.safeParse(properties);
  if (!parsed.success) throw new StartupError(`Function ${name}: ${describeIssue(parsed.error)}`);
  return parsed.data;
}

function substitute(value: unknown, name: string, env: NodeJS.ProcessEnv): unknown {
  if (typeof value !== 'string') return value;
  return value.replace(/%([^%\s]+)%/g, (_, setting: string) => {
    const text = env[setting];
    if (text === undefined) throw new StartupError(`Function ${name}: the app setting ${setting} is not set.`);
    return text;
  });
}

/** The host leaves a function out when the app setting `AzureWebJobs.<name>.Disabled` is true. */
export function isDisabled(name: string, env: NodeJS.ProcessEnv): boolean {
  const value = env[`AzureWebJobs.${name}.Disabled`] ?? env[`AzureWebJobs__${name}__Disabled`] ?? '';
  return /^(true|1)$/i.test(value);
}
