import type { LogLevel } from './console-log';

/*
 * The module `@azure/functions-core`: what the Functions Node worker puts in place of a package of that name, and the one thing
 * through which `@azure/functions` reaches its host. It exists nowhere on disk, so its shapes are written down here, as far as
 * they are used.
 */

/** A value on its way between host and function; exactly one field is set. */
export interface TypedData {
  string?: string | null;
  json?: string | null;
  bytes?: Uint8Array | null;
  int?: number | null;
  double?: number | null;
  http?: HttpData | null;
}

export interface HttpData {
  method?: string;
  url?: string;
  headers?: Record<string, string>;
  query?: Record<string, string>;
  params?: Record<string, string>;
  body?: TypedData | null;
  statusCode?: string;
  cookies?: HttpCookie[];
}

interface Nullable<T> {
  value?: T | null;
}

export interface HttpCookie {
  name?: string | null;
  value?: string | null;
  domain?: Nullable<string> | null;
  path?: Nullable<string> | null;
  expires?: Nullable<{ seconds?: number | null }> | null;
  secure?: Nullable<boolean> | null;
  httpOnly?: Nullable<boolean> | null;
  sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone' | null;
  maxAge?: Nullable<number> | null;
}

export interface BindingInfo {
  readonly type?: string | null;
  readonly direction?: string | null;
  readonly [property: string]: unknown;
}

export interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, BindingInfo>>;
}

export type FunctionCallback = (...args: unknown[]) => unknown;

export interface InvocationRequest {
  readonly invocationId: string;
  readonly inputData: { readonly name: string; readonly data: TypedData }[];
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
}

export interface InvocationResponse {
  readonly returnValue?: TypedData | null;
  readonly outputData?: { readonly name?: string | null; readonly data?: TypedData | null }[];
}

/** What the worker tells the programming model about one invocation. */
export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly request: InvocationRequest;
  readonly metadata: FunctionMetadata;
  state: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks' | undefined;
  log(level: LogLevel, category: string, message: string): void;
}

export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<InvocationResponse>;
}

export interface ProgrammingModel {
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
  getCapabilities?(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

/** Hooks change their context to change what happens next, so its fields are theirs to write. */
export type HookContext = Record<string, unknown>;
type Hook = (context: HookContext) => unknown;

/** What an app registers while it loads, and the module through which it does so. */
export class CoreApi {
  readonly functions = new Map<string, RegisteredFunction>();
  programmingModel: ProgrammingModel | undefined;
  readonly #hooks = new Map<string, Hook[]>();
  readonly #log: (level: LogLevel, message: string) => void;
  #sealed = false;

  constructor(log: (level: LogLevel, message: string) => void) {
    this.#log = log;
  }

  /** What `require('@azure/functions-core')` returns. */
  readonly module = {
    version: '3.0.0',
    hostVersion: '4.0.0',
    setProgrammingModel: (model: ProgrammingModel): void => {
      this.programmingModel = model;
    },
    getProgrammingModel: (): ProgrammingModel | undefined => this.programmingModel,
    registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback): { dispose(): void } => {
      if (this.#sealed) throw new Error('A function can only be registered during app startup.');
      if (this.functions.has(metadata.name)) throw new Error(`Two functions are named "${metadata.name}".`);
      this.functions.set(metadata.name, { metadata, callback });
      return { dispose: () => void this.functions.delete(metadata.name) };
    },
    registerHook: (name: string, hook: Hook): { dispose(): void } => {
      const hooks = this.#hooks.get(name) ?? [];
      this.#hooks.set(name, hooks);
      hooks.push(hook);
      return { dispose: () => void (hooks.includes(hook) && hooks.splice(hooks.indexOf(hook), 1)) };
    },
    log: (level: LogLevel, _category: string, message: string): void => this.#log(level, message),
  };

  /** Nothing can be registered any more: the triggers are about to be started. */
  seal(): void {
    this.#sealed = true;
  }

  /** Runs the hooks of one name in the order of their registration. One that throws stops the rest. */
  async runHooks(name: string, context: HookContext): Promise<void> {
    for (const hook of this.#hooks.get(name) ?? []) await hook(context);
  }

  /** Log hooks cannot be waited for: the line is written when the call to `context.log` returns. */
  runLogHooks(context: HookContext): void {
    for (const hook of this.#hooks.get('log') ?? []) hook(context);
  }
}
