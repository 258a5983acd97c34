import { JsonStateDocument } from '../bot/state-document';
import type { StateDocument, StateScope } from '../bot/turn';
import type { EarlierPlace, EarlierState } from '../ports/earlier-state';
import type { StateId, StateSnapshot, TurnCommit } from '../ports/store';
import { TurnwiseError } from '../schema/errors';
import type { UserKey } from '../turn/keys';
import { applied, type IntentRun, type StateChanges, type StateData } from '../turn/user-state';
import { GuardedDocument } from './guarded-document';
import { persist } from './persist';
import type { Runtime } from './runtime';
import type { StepScope } from './step-scope';
import { readUserState } from './user-intents';

interface Loaded {
  snapshot: StateSnapshot;
  readonly document: JsonStateDocument;
  readonly guarded: GuardedDocument;
}

/** The state documents of one run of a turn: each loaded once, when the handler first touches it, and written by the commit. */
export class TurnState {
  private readonly loaded = new Map<StateId | 'user', Promise<Loaded>>();
  private readonly settled = new Map<StateId | 'user', Loaded>();

  constructor(
    private readonly runtime: Runtime,
    private readonly turn: IntentRun,
    private readonly user: UserKey | undefined,
    private readonly steps: StepScope,
  ) {}

  async open(scope: StateScope): Promise<StateDocument> {
    const id = this.documentOf(scope);
    const loading = this.loaded.get(id) ?? this.load(id);
    this.loaded.set(id, loading);
    // A read that failed is made again by the next access of the same run.
    loading.catch(() => this.loaded.delete(id));
    const loaded = await loading;
    this.settled.set(id, loaded);
    return loaded.guarded;
  }

  /**
   * Remembers how state looks when a step's function begins.
   * @returns a function that tells whether something was changed in place since then, by the step or beside it
   */
  watch(): () => boolean {
    const before = [...this.settled.values()].map(({ guarded }) => ({ guarded, was: guarded.snapshot() }));
    return () => before.some(({ guarded, was }) => guarded.hasChangedSince(was));
  }

  /** What the commit has to check and to write of the conversation's partition. @throws TurnwiseError on values that JSON cannot hold. */
  forCommit(): Pick<TurnCommit, 'reads' | 'writes'> {
    const mine = [...this.settled].flatMap(([id, loaded]) => (id === 'user' ? [] : [{ id, ...loaded }]));
    return {
      reads: mine.map(({ id, snapshot }) => ({ id, version: snapshot.version })),
      writes: mine
        .filter(({ document }) => document.changed())
        .map(({ id, snapshot, document }) => ({ id, data: applied(snapshot.data, document.toChanges()) })),
    };
  }

  /** The change to the user's state, if there is one. @throws TurnwiseError on values that JSON cannot hold. */
  userChange(): { readonly user: UserKey; readonly version: number; readonly changes: StateChanges } | undefined {
    const loaded = this.settled.get('user');
    if (loaded === undefined || this.user === undefined || !loaded.document.changed()) return undefined;
    const { snapshot, document } = loaded;
    const changes = document.toChanges();
    // The record has nothing yet: what was taken over from elsewhere goes into it with the first change.
    const whole = snapshot.version === 0 ? { set: applied(snapshot.data, changes), remove: [] } : changes;
    return { user: this.user, version: snapshot.version, changes: whole };
  }

  /** @throws TurnwiseError `StateNotJson`, as the commit would. */
  assertStorable(): void {
    for (const { document } of this.settled.values()) document.toChanges();
  }

  /**
   * After a conflict: takes over what others have changed meanwhile, if none of it was touched by this turn.
   * @returns false when the turn has to run again on fresh state.
   */
  async rebase(): Promise<boolean> {
    for (const [id, loaded] of this.settled) {
      const fresh = await this.read(id);
      if (!unmoved(loaded.document.touched(), loaded.snapshot.data, fresh.data)) return false;
      loaded.snapshot = fresh;
    }
    return true;
  }

  private documentOf(scope: StateScope): StateId | 'user' {
    if (scope === 'conversation') return 'conversation';
    if (this.user === undefined) throw new TurnwiseError('NoUser');
    return scope === 'user' ? 'user' : `private:${this.user}`;
  }

  private async load(id: StateId | 'user'): Promise<Loaded> {
    const snapshot = await this.read(id);
    const document = new JsonStateDocument(snapshot.data);
    return { snapshot, document, guarded: new GuardedDocument(document, this.steps) };
  }

  private async read(id: StateId | 'user'): Promise<StateSnapshot> {
    const stored = await this.readStored(id);
    if (stored.version > 0 || this.runtime.earlier === undefined) return stored;
    return { version: 0, data: await this.readEarlier(this.runtime.earlier, id) };
  }

  private readStored(id: StateId | 'user'): Promise<StateSnapshot> {
    const { clock, store } = this.runtime;
    if (id === 'user') {
      if (this.user === undefined) throw new TurnwiseError('NoUser');
      return readUserState(this.runtime, this.turn, this.user);
    }
    return persist(clock, () => store.turns.readState(this.turn.conversation, id), { limitMs: store.timing.leaseMs });
  }

  /** What the bot's earlier SDK has stored. It is written here when the turn changes it, and read there again until then. */
  private async readEarlier(earlier: EarlierState, id: StateId | 'user'): Promise<StateData> {
    const { clock, store } = this.runtime;
    const { conversation } = this.turn;
    const own = this.user === undefined ? {} : { user: this.user };
    const place = id === 'conversation' ? { conversation } : id === 'user' ? own : { conversation, ...own };
    const read = (): Promise<StateData | undefined> => earlier.read(place as EarlierPlace);
    return (await persist(clock, read, { limitMs: store.timing.leaseMs / 2 })) ?? {};
  }
}

function unmoved(touched: 'everything' | readonly string[], before: StateData, after: StateData): boolean {
  const names = touched === 'everything' ? [...Object.keys(before), ...Object.keys(after)] : touched;
  return names.every((name) => JSON.stringify(own(before, name)) === JSON.stringify(own(after, name)));
}

function own(data: StateData, name: string): unknown {
  return Object.hasOwn(data, name) ? data[name] : undefined;
}
