import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Usage } from './contenders/hosted.ts';
import type { Contender } from './contenders.ts';
import type { QueueManner } from './fakes/null-queue.ts';
import type { ServiceAddresses, ServiceCounts } from './fakes/services.ts';
import type { Load, LoadResult, Talk, TalkResult } from './load/channel.ts';
import { Part } from './processes.ts';
import { compiled, type Program, programOf } from './programs.ts';

/** The contender has a core of its own; everything around it shares the other. */
const CONTENDER_CORE = 0;
const SURROUNDINGS_CORE = 1;

const TOKENS = 200;

/** Everything around the contenders: the services that they need, and the channel. */
export class Arena {
  readonly #services: Part;
  readonly #channel: Part;
  readonly #addresses: ServiceAddresses;
  readonly #programs: ReadonlyMap<Contender, Program>;
  readonly #folders: string[];
  #talks = 0;

  private constructor(services: Part, channel: Part, addresses: ServiceAddresses, programs: Programs) {
    this.#services = services;
    this.#channel = channel;
    this.#addresses = addresses;
    this.#programs = programs.of;
    this.#folders = [programs.folder];
  }

  /** @param emulated with Azurite and the test server for Cosmos DB: for nothing that is timed or counted */
  static async open(contenders: readonly Contender[], emulated = false): Promise<Arena> {
    const programs = await built(contenders);
    const [services, channel] = await Promise.all([
      Part.start(emulated ? 'fakes/emulators.ts' : 'fakes/services.ts', { core: SURROUNDINGS_CORE }),
      Part.start('load/channel.ts', { core: SURROUNDINGS_CORE }),
    ]);
    const { folder } = programs;
    const addresses = await services.call<ServiceAddresses>(
      'start',
      emulated ? { folder, gatewayFile: await compiled('test/support/cosmos-gateway.ts') } : null,
    );
    const serviceUrl = await channel.call<string>('start');
    await channel.call('tokens', await services.call('tokens', { serviceUrl, count: TOKENS }));
    return new Arena(services, channel, addresses, programs);
  }

  /** Lets a contender in, alone, on empty stores, and out again. */
  async with<T>(contender: Contender, work: (fighter: Fighter) => Promise<T>, workers = 1): Promise<T> {
    await this.#services.call('clear');
    await this.latencies({ storeMs: 0, connectorMs: 0 });
    const fighter = await this.enter(contender, this.folder(), { workers });
    try {
      return await work(fighter);
    } finally {
      await this.queue({ pollMs: 0, held: false });
      await fighter.leave();
    }
  }

  folder(): string {
    const folder = newFolder();
    this.#folders.push(folder);
    return folder;
  }

  /** @param workers of one contender, sharing a store; several are not kept to one core */
  async enter(
    contender: Contender,
    folder: string,
    { workers = 1, bundled = false }: { readonly workers?: number; readonly bundled?: boolean } = {},
  ): Promise<Fighter> {
    const program = this.#programs.get(contender);
    const parameter = bundled ? program?.bundled : program?.unbundled;
    if (parameter === undefined) throw new Error(`${contender.name} has no such program.`);
    const env = {
      BENCH: JSON.stringify({ ...this.#addresses, folder }),
      BENCH_STORE: contender.store ?? '',
      BENCH_TRANSPORT: contender.transport ?? '',
    };
    const core = workers === 1 ? { core: CONTENDER_CORE } : {};
    const parts = await Promise.all(
      Array.from({ length: workers }, () => Part.start('contenders/starter.cjs', { ...core, env, parameter })),
    );
    const urls = await Promise.all(parts.map((part) => part.call<string>('url')));
    await this.#services.call(
      'workers',
      urls.map((url) => `${url}/turns`),
    );
    return new Fighter(this, contender, parts, urls);
  }

  async latencies({ storeMs, connectorMs }: { storeMs: number; connectorMs: number }): Promise<void> {
    await Promise.all([this.#services.call('latency', storeMs), this.#channel.call('latency', connectorMs)]);
  }

  queue(manner: QueueManner): Promise<void> {
    return this.#services.call('queue', manner);
  }

  load(load: Load): Promise<LoadResult> {
    return this.#channel.call('load', load);
  }

  talk(talk: Talk): Promise<TalkResult> {
    return this.#channel.call('talk', talk);
  }

  shown(conversation: string): Promise<readonly string[]> {
    return this.#channel.call('shown', conversation);
  }

  async counted(work: () => Promise<unknown>): Promise<ServiceCounts> {
    await this.#services.call('resetCounts');
    await work();
    return this.#services.call('counts');
  }

  /** A name that no other conversation has. */
  name(what: string): string {
    this.#talks += 1;
    return `${what}${this.#talks}`;
  }

  close(): void {
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }
}

interface Programs {
  readonly of: ReadonlyMap<Contender, Program>;
  readonly folder: string;
}

async function built(contenders: readonly Contender[]): Promise<Programs> {
  const folder = newFolder();
  const all = new Map<string, Program>();
  for (const { script } of contenders) if (!all.has(script)) all.set(script, await programOf(script, folder));
  return { of: new Map(contenders.map((each) => [each, all.get(each.script) as Program])), folder };
}

const newFolder = (): string => mkdtempSync(path.join(tmpdir(), 'turnwise-bench-'));

/** A contender that is running. */
export class Fighter {
  readonly arena: Arena;
  readonly contender: Contender;
  readonly #parts: readonly Part[];
  readonly #urls: readonly string[];

  constructor(arena: Arena, contender: Contender, parts: readonly Part[], urls: readonly string[]) {
    this.arena = arena;
    this.contender = contender;
    this.#parts = parts;
    this.#urls = urls;
  }

  get endpoints(): readonly string[] {
    return this.#urls.map((url) => `${url}/api/messages`);
  }

  load(load: Omit<Load, 'endpoints' | 'name'>): Promise<LoadResult> {
    return this.arena.load({ ...load, endpoints: this.endpoints, name: this.arena.name('load') });
  }

  talk(talk: Omit<Talk, 'endpoint'>): Promise<TalkResult> {
    return this.arena.talk({ ...talk, endpoint: this.endpoints[0] ?? '' });
  }

  async usage(collect = false): Promise<Usage> {
    const all = await Promise.all(this.#parts.map((part) => part.call<Usage>('usage', { collect })));
    const sum = (figure: (usage: Usage) => number): number => all.reduce((total, each) => total + figure(each), 0);
    return { cpuMs: sum(({ cpuMs }) => cpuMs), rssMb: sum(({ rssMb }) => rssMb), heapMb: sum(({ heapMb }) => heapMb) };
  }

  async loadMs(): Promise<number> {
    return (await this.#parts[0]?.call<number>('loadMs')) ?? Number.NaN;
  }

  async leave(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.end(signal)));
  }
}
