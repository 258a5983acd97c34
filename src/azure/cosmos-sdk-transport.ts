import type { IncomingHttpHeaders } from 'node:http';
import type {
  CosmosClient,
  CosmosClientOptions,
  Item as CosmosItem,
  Items,
  PluginConfig,
  RequestOptions,
} from '@azure/cosmos';
import type { CosmosAuthorization } from './cosmos-authorization';
import { CosmosFailure, READ_SESSION_NOT_AVAILABLE } from './cosmos-failure';
import { authorizationFor } from './cosmos-rest';
import type {
  BatchContent,
  ConditionalPatch,
  CosmosTransport,
  ItemAddress,
  ItemContent,
  Target,
  TransportAnswer,
} from './cosmos-transport';
import { GivenUp, within } from './within';

export interface SdkTransportOptions {
  readonly region: URL;
  readonly database: string;
  readonly authorization: CosmosAuthorization;
  /** For one request on the network, in ms. */
  readonly timeoutMs: number;
}

/** One call as the SDK carries it out: what goes with it, and what it throws away. */
interface Call {
  readonly target: Target;
  error?: unknown;
}

/** An attempt without an answer, by a name that the SDK has no reason to repeat. */
class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** Time for what the SDK does beside the request, in ms. */
const MARGIN_MS = 400;

/** Type of the answers that the SDK gives, as far as they are used. */
interface SdkAnswer {
  readonly resource?: unknown;
  readonly headers?: unknown;
  readonly statusCode?: number;
}

/**
 * The same calls through `@azure/cosmos`: what is used where the REST API by hand does not keep what it promises. It brings the whole item
 * with every answer, as it cannot ask for less, and one more request, for the container, with the first item that it creates.
 *
 * The session is this process's own and not the SDK's, which forgets it when a replica is behind. A hook puts it into each request, and
 * keeps what the SDK drops: the status of a batch that was turned down as a whole.
 */
export class SdkTransport implements CosmosTransport {
  readonly name = 'sdk';
  readonly #options: SdkTransportOptions;
  /** Calls by their abort signals, which is what the SDK hands on as it is. */
  readonly #calls = new WeakMap<object, Call>();
  readonly #client: CosmosClient;

  constructor(options: SdkTransportOptions) {
    this.#options = options;
    this.#client = this.#makeClient();
  }

  read(target: Target, { id, partition }: ItemAddress): Promise<TransportAnswer> {
    return this.#run(target, partition, async (options) => {
      const answer = await this.#item(target, id, partition).read(options);
      // The SDK takes every 404 for an answer.
      if (answer.statusCode === 404) throw new CosmosFailure(404, { headers: headersOf(answer) });
      return answer;
    });
  }

  create(target: Target, partition: string, { item }: ItemContent): Promise<TransportAnswer> {
    return this.#run(target, partition, (options) => this.#items(target).create(item, options));
  }

  replace(target: Target, partition: string, { item }: ItemContent, etag: string): Promise<TransportAnswer> {
    return this.#run(target, partition, (options) =>
      this.#item(target, item.id, partition).replace(item, { ...options, ...only(etag) }),
    );
  }

  patch(target: Target, { id, partition }: ItemAddress, change: ConditionalPatch): Promise<TransportAnswer> {
    return this.#run(target, partition, (options) => this.#item(target, id, partition).patch(change, options));
  }

  delete(target: Target, { id, partition }: ItemAddress, etag?: string): Promise<TransportAnswer> {
    return this.#run(target, partition, (options) =>
      this.#item(target, id, partition).delete({ ...options, ...(etag === undefined ? {} : only(etag)) }),
    );
  }

  batch(target: Target, partition: string, { operations }: BatchContent): Promise<TransportAnswer> {
    // The SDK writes into what it is given.
    const own = operations.map((operation) => ({ ...operation, partitionKey: partition }));
    return this.#run(target, partition, async (options) => {
      const { result, headers } = await this.#items(target).batch(own, partition, {
        ...options,
        contentResponseOnWriteEnabled: false,
      });
      return { resource: result, headers };
    });
  }

  close(): void {
    this.#client.dispose();
  }

  #items({ container }: Target): Items {
    return this.#client.database(this.#options.database).container(container).items;
  }

  #item({ container }: Target, id: string, partition: string): CosmosItem {
    return this.#client.database(this.#options.database).container(container).item(id, partition);
  }

  async #run(
    target: Target,
    partition: string,
    ask: (options: RequestOptions) => Promise<SdkAnswer>,
  ): Promise<TransportAnswer> {
    const { authorization, timeoutMs } = this.#options;
    // A token that cannot be had is known before anything is sent; inside the SDK it would be an error like others.
    await authorizationFor(authorization, { method: 'GET', type: '', link: '', date: '' }, timeoutMs);
    const call: Call = { target };
    const abort = new AbortController();
    const options: RequestOptions = { abortSignal: abort.signal };
    this.#calls.set(abort.signal, call);
    const { session } = target;
    try {
      const answer = await within(ask(options), timeoutMs + MARGIN_MS);
      const headers = headersOf(answer);
      session.observe(headers['x-ms-session-token']);
      session.accepted(partition);
      const { resource } = answer;
      return {
        headers,
        body: {
          get text() {
            return resource === undefined || resource === null ? '' : JSON.stringify(resource);
          },
        },
      };
    } catch (error) {
      abort.abort();
      throw await this.#failed(call, partition, error);
    }
  }

  async #failed({ target, error: seen }: Call, partition: string, thrown: unknown): Promise<unknown> {
    if (thrown instanceof GivenUp) return new CosmosFailure('timeout', { headers: {} });
    const failure = seen ?? thrown;
    const { code, substatus } = failure as { readonly code?: unknown; readonly substatus?: unknown };
    const headers = headersOf(failure as SdkAnswer);
    target.session.observe(headers['x-ms-session-token']);
    if (code === 404 && substatus === READ_SESSION_NOT_AVAILABLE) target.session.refused(headers, partition);
    if (code === 401) {
      const { authorization, timeoutMs } = this.#options;
      const request = { method: 'GET', type: '', link: '', date: '' };
      authorization.refused(await authorizationFor(authorization, request, timeoutMs));
    }
    return failure;
  }

  #makeClient(): CosmosClient {
    const { region, authorization, timeoutMs } = this.#options;
    const { CosmosClient, ConsistencyLevel } = require('@azure/cosmos') as typeof import('@azure/cosmos');
    const callOf = (context: { readonly options?: unknown }): Call | undefined => {
      const { abortSignal } = (context.options ?? {}) as RequestOptions;
      return abortSignal === undefined ? undefined : this.#calls.get(abortSignal);
    };
    const hook: PluginConfig = {
      on: 'operation',
      plugin: async (context, _node, next) => {
        const call = callOf(context);
        if (call === undefined) return next(context);
        const { header } = call.target.session;
        const { 'x-ms-session-token': _ofTheSdk, ...headers } = context.headers ?? {};
        context.headers = header === '' ? headers : { ...headers, 'x-ms-session-token': header };
        try {
          return await next(context);
        } catch (error) {
          if (!(error instanceof Unanswered)) call.error = error;
          throw error;
        }
      },
    };
    // A read whose connection broke would be sent again every second.
    const once: PluginConfig = {
      on: 'request',
      plugin: async (context, _node, next) => {
        try {
          return await next(context);
        } catch (error) {
          const call = callOf(context);
          if (call === undefined || typeof (error as { readonly code?: unknown }).code === 'number') throw error;
          call.error = error;
          throw new Unanswered();
        }
      },
    };
    const options: CosmosClientOptions & { readonly plugins: readonly PluginConfig[] } = {
      endpoint: region.href,
      tokenProvider: async ({ headers, resourceId, resourceType, verb }) => {
        const request = { method: verb, type: resourceType, link: resourceId, date: String(headers['x-ms-date']) };
        return decodeURIComponent(await authorizationFor(authorization, request, timeoutMs));
      },
      // Without this the service takes no notice of session tokens.
      consistencyLevel: ConsistencyLevel.Session,
      userAgentSuffix: 'turnwise',
      connectionPolicy: {
        requestTimeout: timeoutMs,
        retryOptions: { maxRetryAttemptCount: 0, fixedRetryIntervalInMilliseconds: 0, maxWaitTimeInSeconds: 1 },
        useMultipleWriteLocations: false,
        // The account is looked at by this program, which also knows when to look again. With it off nothing is sent to another region.
        enableEndpointDiscovery: false,
        enableBackgroundEndpointRefreshing: false,
      },
      plugins: [hook, once],
    };
    return new CosmosClient(options);
  }
}

const only = (etag: string): RequestOptions => ({ accessCondition: { type: 'IfMatch', condition: etag } });

/** Returns an answer's headers, by their names in lower case, as the service writes them. */
function headersOf({ headers }: SdkAnswer): IncomingHttpHeaders {
  return (headers ?? {}) as IncomingHttpHeaders;
}
