import { randomUUID } from 'node:crypto';
import Module, { createRequire } from 'node:module';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AppFiles } from './app-files';
import type { LogLevel, RunnerLog } from './console-log';
import {
  CoreApi,
  type HookContext,
  type InvocationResponse,
  type RegisteredFunction,
  type TypedData,
} from './core-api';
import { oneLine, StartupError } from './startup-error';

/** An app that has been loaded the way the Functions worker loads it. */
export interface FunctionsApp {
  readonly functions: readonly RegisteredFunction[];
  /** Runs a function once, hooks included. Rejects with what the function threw. */
  invoke(fn: RegisteredFunction, input: TriggerInput): Promise<InvocationResponse>;
  /** Runs the hooks with which an app says goodbye. */
  terminate(): Promise<void>;
}

/** What a trigger hands to its function. */
export interface TriggerInput {
  /** Name of the trigger's binding. */
  readonly binding: string;
  readonly data: TypedData;
  readonly metadata: Readonly<Record<string, TypedData>>;
}

/** Loads the files of an app, and collects what they register. */
export async function loadFunctionsApp(appRoot: string, app: AppFiles, log: RunnerLog): Promise<FunctionsApp> {
  const { files, isModule } = app;
  const api = new CoreApi((level, message) => log.write(level, 'host', message));
  provideCoreModule(api);
  const require = createRequire(join(appRoot, 'package.json'));
  for (const file of files) {
    const path = join(appRoot, file);
    try {
      if (file.endsWith('.mjs') || (isModule && file.endsWith('.js'))) await import(pathToFileURL(path).href);
      else require(path);
    } catch (error) {
      if (isCoded(error)) throw new StartupError(`The app does not start: ${oneLine(error)}`);
      throw new StartupError(`${slashes(file)} cannot be loaded: ${oneLine(error)}${placeOf(error, appRoot)}`);
    }
  }
  return start(api, appRoot, log);
}

async function start(api: CoreApi, appRoot: string, log: RunnerLog): Promise<FunctionsApp> {
  const model = api.programmingModel;
  if (!model || api.functions.size === 0) {
    throw new StartupError(
      'The app registers no function; each file of "main" should call app.http, app.storageQueue, …',
    );
  }
  const capabilities = (await model.getCapabilities?.({})) ?? {};
  if ('HttpUri' in capabilities) {
    throw new StartupError(
      'The app asks for enableHttpStream, which is not run here. Use "func start", or leave it out.',
    );
  }
  const appHookData: HookContext = {};
  const appLevel: HookContext = { hookData: {}, appHookData };
  try {
    await api.runHooks('appStart', { ...appLevel, functionAppDirectory: appRoot });
  } catch (error) {
    throw new StartupError(`An appStart hook failed: ${oneLine(error)}${placeOf(error, appRoot)}`);
  }
  api.seal();

  return {
    functions: [...api.functions.values()],
    invoke: (fn, input) => invoke(fn, input),
    terminate: () => api.runHooks('appTerminate', { ...appLevel }),
  };

  async function invoke(fn: RegisteredFunction, input: TriggerInput): Promise<InvocationResponse> {
    const invocationId = randomUUID();
    const hookData: HookContext = {};
    let invocationContext: unknown;
    const core = {
      invocationId,
      request: {
        invocationId,
        inputData: [{ name: input.binding, data: input.data }],
        triggerMetadata: input.metadata,
      },
      metadata: fn.metadata,
      state: undefined as 'preInvocationHooks' | 'invocation' | 'postInvocationHooks' | undefined,
      log(level: LogLevel, category: string, message: string): void {
        const entry = { hookData, appHookData, level, category, message, invocationContext };
        if (category === 'user') api.runLogHooks(entry);
        log.write(entry.level, fn.metadata.name, entry.message);
      },
    };
    const invocation = (model as NonNullable<typeof model>).getInvocationModel(core);
    const { context, inputs } = await invocation.getArguments();
    invocationContext = context;

    const before: HookContext = {
      hookData,
      appHookData,
      invocationContext: context,
      inputs,
      functionCallback: fn.callback,
    };
    core.state = 'preInvocationHooks';
    await api.runHooks('preInvocation', before);

    const after: HookContext = {
      hookData,
      appHookData,
      invocationContext: context,
      inputs: before.inputs,
      result: null,
      error: null,
    };
    core.state = 'invocation';
    try {
      // Hooks may put another callback or other inputs in place; that is what they are for.
      const callback = before.functionCallback as typeof fn.callback;
      after.result = await invocation.invokeFunction(context, before.inputs as unknown[], callback);
    } catch (error) {
      // A handler may reject with nothing at all, and that is a failure as well.
      after.error = error ?? new Error('The function rejected without a reason.');
    }
    core.state = 'postInvocationHooks';
    await api.runHooks('postInvocation', after);
    core.state = undefined;
    if (after.error !== null && after.error !== undefined) throw after.error;
    return invocation.getResponse(context, after.result);
  }
}

/**
 * Answers `require('@azure/functions-core')` in this process from now on. There is no package to resolve, so the hook sits where
 * requests come in, as in the worker. A process hosts one app: the library keeps the first answer it gets.
 */
function provideCoreModule(api: CoreApi): void {
  const prototype = Module.prototype as { require(id: string): unknown };
  const original = prototype.require;
  prototype.require = function (this: unknown, id: string): unknown {
    return id === '@azure/functions-core' ? api.module : original.call(this, id);
  };
}

/** Where in the app an error arose: the first place on its stack that is the app's own, as ` (file:line:column)`. */
export function placeOf(error: unknown, appRoot: string): string {
  const stack = typeof error === 'object' && error !== null && 'stack' in error ? String(error.stack) : '';
  for (const line of stack.split('\n')) {
    const match = /((?:file:\/\/)?\/[^():\n]+|[A-Za-z]:\\[^():\n]+):(\d+)(?::(\d+))?\)?$/.exec(line.trim());
    const path = match?.[1]?.replace(/^file:\/\//, '');
    if (!match || !path?.startsWith(appRoot + sep) || path.includes(`${sep}node_modules${sep}`)) continue;
    return ` (${slashes(relative(appRoot, path))}:${match[2]}${match[3] ? `:${match[3]}` : ''})`;
  }
  return '';
}

/** An error with a code of the app's own says what is wrong by itself; where it was thrown would only distract. */
function isCoded(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return typeof error.code === 'string' && !/^(ERR_\w+|E[A-Z]+|MODULE_NOT_FOUND)$/.test(error.code);
}

function slashes(path: string): string {
  return path.split(sep).join('/');
}
