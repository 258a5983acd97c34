import type { PartitionRecord, PartitionView, RecordKind } from '../store/partition';
import { isOfGeneration } from '../turn/erase';
import type { ConversationKey } from '../turn/keys';
import type { Head } from '../turn/record';
import { generationOf, type HeadMarks, type Item, recordId, recordOf, type StepsItem } from './cosmos-documents';

/** A part of a partition that a decision needs to see before it can be taken. */
export type Need =
  | { readonly what: 'head' }
  | { readonly what: 'item'; readonly id: string }
  | { readonly what: 'kind'; readonly kind: RecordKind };

/** Thrown out of a decision that looks at something not loaded yet: load it, and decide again. No error, and so without a stack. */
export class Missing {
  constructor(readonly need: Need) {}
}

/** The head as loaded: its item's ETag and marks go with it. */
export interface LoadedHead {
  readonly head: Head;
  readonly marks: HeadMarks;
  readonly etag: string;
  readonly at: number;
}

/** What is known of one partition while a decision on it is being taken: loaded piece by piece, as the decision asks for it. */
export class Snapshot {
  head: LoadedHead | 'absent' | undefined;
  /** The head is what its holder's last write left, and not what was read just now. */
  remembered = false;
  readonly items = new Map<string, Item | 'absent'>();
  readonly kinds = new Map<RecordKind, readonly Item[]>();
  /** What the decision last taken looked at, by item id; `head` is told apart. */
  readonly consulted = new Map<string, { readonly kind: RecordKind; readonly name: string }>();
  headConsulted = false;

  /**
   * @param writes whether what is read here is to be decided on
   * @param recent the head as it was not long ago, if that is known: good for what is only read, and checked when it is committed
   */
  constructor(
    readonly key: ConversationKey,
    private readonly writes: boolean,
    private readonly recent: () => LoadedHead | undefined = () => undefined,
  ) {}

  /** A view for one decision. It throws {@link Missing} where the snapshot has a hole. */
  view(now: number): PartitionView {
    this.consulted.clear();
    this.headConsulted = false;
    const snapshot = this;
    return {
      now,
      get head() {
        return snapshot.readHead();
      },
      get headAt() {
        return snapshot.readHead() === undefined || snapshot.head === 'absent' ? undefined : snapshot.head?.at;
      },
      get: (kind, id) => (kind === 'step' ? this.step(id) : this.record(kind, id)),
      scan: (kind, prefix) => (kind === 'step' ? this.steps(prefix) : this.scan(kind, prefix)),
    };
  }

  /** Forgets everything that may have changed. */
  forget(): void {
    this.head = undefined;
    this.remembered = false;
    this.items.clear();
    this.kinds.clear();
  }

  /** The conversation's generation, as far as the head is loaded. */
  get generation(): number | undefined {
    if (this.head === undefined) return undefined;
    return this.head === 'absent' ? 0 : this.head.head.gen;
  }

  /** Whether an item is of the conversation's generation: what was there before it was erased is not seen, even while it is there. */
  private isCurrent(item: Item): boolean {
    if (!this.writes) this.head ??= this.recent();
    const { generation } = this;
    // Not noted as consulted: it is the item that is decided on, and an item is never of a generation that is yet to come.
    if (generation === undefined) throw new Missing({ what: 'head' });
    return isOfGeneration(generationOf(item), generation);
  }

  private readHead(): Head | undefined {
    this.headConsulted = true;
    if (this.head === undefined) throw new Missing({ what: 'head' });
    return this.head === 'absent' ? undefined : this.head.head;
  }

  private item(id: string): Item | undefined {
    const item = this.items.get(id);
    if (item === undefined) throw new Missing({ what: 'item', id });
    return item === 'absent' ? undefined : item;
  }

  private record(kind: RecordKind, name: string): unknown {
    if (kind === 'state' && name === OWN_STATE && !this.stateIsApart()) return this.stateInHead();
    const id = recordId(kind, name);
    this.consulted.set(id, { kind, name });
    const item = this.item(id);
    return item !== undefined && this.isCurrent(item) ? recordOf(item) : undefined;
  }

  private stateIsApart(): boolean {
    if (!this.writes) this.head ??= this.recent();
    this.readHead();
    return this.head !== 'absent' && this.head?.marks.stateApart === true;
  }

  private stateInHead(): unknown {
    return this.head === 'absent' ? undefined : this.head?.marks.state;
  }

  private step(id: string): unknown {
    return this.steps(`${turnOf(id)}/`).find((each) => each.id === id)?.value;
  }

  private steps(prefix: string): readonly PartitionRecord[] {
    const turn = turnOf(prefix);
    return this.stepChunks(turn).flatMap(({ steps }) =>
      steps.map(({ name, record }) => ({ kind: 'step' as const, id: `${turn}/${name}`, value: record })),
    );
  }

  /**
   * The items with the steps of a turn. Every write of steps goes with one of the head, which so knows whether there are any: usually there
   * are none, and nothing is read.
   */
  stepChunks(turn: string): readonly StepChunk[] {
    if (this.writes) {
      this.readHead();
      return this.chunksNamed(this.chunkNames(turn));
    }
    // Without a head at hand the first item is looked for: usually there is none.
    const [first] = this.chunksNamed([chunkName(turn, 0)]);
    return first === undefined ? [] : [first, ...this.chunksNamed(this.chunkNames(turn).slice(1))];
  }

  private chunkNames(turn: string): readonly string[] {
    const names = this.head === 'absent' ? undefined : this.head?.marks.steps;
    return (names ?? []).filter((name) => name === turn || name.startsWith(`${turn}:`));
  }

  private chunksNamed(names: readonly string[]): readonly StepChunk[] {
    return names.flatMap((name) => {
      const item = this.item(recordId('steps', name)) as StepsItem | undefined;
      return item !== undefined && this.isCurrent(item) ? [{ name, steps: item.steps }] : [];
    });
  }

  private scan(kind: RecordKind, prefix: string): readonly PartitionRecord[] {
    // Looked through only for what has had its time, which these items end by themselves.
    if (kind === 'inline') return [];
    const items = this.kinds.get(kind);
    if (items === undefined) throw new Missing({ what: 'kind', kind });
    const current = items.filter((item) => this.isCurrent(item));
    const records = current.map(({ name, record }) => ({ kind, id: String(name), value: record }));
    if (kind === 'state' && !this.stateIsApart()) {
      const value = this.stateInHead();
      if (value !== undefined) records.push({ kind, id: OWN_STATE, value });
    }
    return records.filter(({ id }) => id.startsWith(prefix));
  }
}

/** The state document that a conversation has for itself. */
export const OWN_STATE = 'conversation';

/** One item with steps of a turn. */
export interface StepChunk {
  readonly name: string;
  readonly steps: StepsItem['steps'];
}

/** Returns the name of a turn's item of steps; `index` counts from 0. */
export const chunkName = (turn: string, index: number): string => (index === 0 ? turn : `${turn}:${index}`);

/** The turn of a step's id, `<turn>/<name>`; turns have no slash. */
export const turnOf = (id: string): string => id.slice(0, id.indexOf('/'));
