import type { DeadLetter } from '../ports/store';
import { TurnwiseError } from '../schema/errors';
import type { PartitionDecision, Partitions, PartitionView } from '../store/partition';
import { withoutErased } from '../store/purge';
import { searchFor } from '../store/records';
import { withoutOldKeys } from '../turn/accept';
import { isOfGeneration } from '../turn/erase';
import { StoreFault } from '../turn/fault';
import { type ConversationKey, partsOfKey, type UserKey } from '../turn/keys';
import type { Head } from '../turn/record';
import type { Timing } from '../turn/timing';
import { isNewer } from '../turn/upgrade';
import type { AwakeConversations } from './cosmos-awake';
import {
  conversationOf,
  generationOf,
  headId,
  headIdIn,
  headItem,
  type Item,
  partitionKey,
  readHead,
} from './cosmos-documents';
import { type Floor, isBehind, type KnownHeads } from './cosmos-known';
import { isHead, itemOf, type Plan, planOf } from './cosmos-plan';
import { CosmosPurge } from './cosmos-purge';
import type { Answer, CosmosRequests, WrittenItem } from './cosmos-requests';
import { type LoadedHead, Missing, type Need, Snapshot } from './cosmos-snapshot';

/** How often a decision is taken anew because something moved under it. Each try that loses means that another one won. */
const MOST_TRIES = 25;

/** How often a read that is behind what is known already is repeated. */
const MOST_REREADS = 6;

/** Most items in one page, so that its time is enough: each may be large. */
const MAX_PAGE = 100;

type ConversationPartitions = Pick<
  Partitions,
  'transact' | 'read' | 'overdue' | 'busy' | 'dead' | 'deadFor' | 'idleFor' | 'conversationsOf' | 'finishErasing'
>;

/**
 * Conversations as partitions of a container: read what a decision needs, decide, write everything in one transactional batch that is
 * conditional on all that was read; when something moved meanwhile (412), do it again. Correct with stale reads: see `cosmos-plan.ts`.
 */
export class CosmosConversations implements ConversationPartitions {
  readonly #purge: CosmosPurge;

  constructor(
    private readonly requests: CosmosRequests,
    private readonly known: KnownHeads,
    private readonly awake: AwakeConversations,
    private readonly timing: Timing,
  ) {
    this.#purge = new CosmosPurge(requests);
  }

  async transact<T>(
    key: ConversationKey,
    decide: (view: PartitionView) => PartitionDecision<T>,
    known?: Head,
  ): Promise<T> {
    await this.requests.ready();
    const snapshot = new Snapshot(key, true);
    snapshot.head = this.known.recall(known);
    snapshot.remembered = snapshot.head !== undefined;
    const floor = this.known.floorOf(known);
    const gone = new Set<string>();
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      if (tries > 0) await this.requests.pause(tries);
      const decision = await this.settle(snapshot, decide, floor);
      const before = snapshot.generation ?? 0;
      if (!(await this.apply(snapshot, decision, gone, known))) continue;
      const after = decision.writes?.head?.gen ?? before;
      if (after !== before) await this.#purge.finish(partitionKey(key));
      return decision.result;
    }
    throw new StoreFault('no', 'The record kept moving.');
  }

  async read<T>(key: ConversationKey, look: (view: PartitionView) => T): Promise<T> {
    await this.requests.ready();
    const snapshot = new Snapshot(key, false, () => this.known.held(key, this.requests.clock.now()));
    return this.settle(snapshot, look, undefined);
  }

  async overdue(limit: number): Promise<readonly ConversationKey[]> {
    await this.requests.ready();
    const text = `SELECT TOP ${limit} c.conversation, c.key FROM c WHERE c.wake > 0 AND c.wake <= @now ORDER BY c.wake`;
    return (await this.requests.query(text, { '@now': this.requests.clock.now() })).map(conversationOf);
  }

  async busy(limit: number): Promise<readonly { readonly key: ConversationKey; readonly head: Head }[]> {
    // Items of a self-check have no key.
    const text = `SELECT TOP ${limit} * FROM c WHERE c.wake > 0 AND is_defined(c.key) ORDER BY c.wake`;
    const items = await this.requests.query(text, {});
    return items.map((item) => ({ key: conversationOf(item), head: readHead(item).head }));
  }

  async dead(limit: number): Promise<readonly unknown[]> {
    const order = 'WHERE c.dead > 0 ORDER BY c.dead DESC';
    return (await this.#letters(order, {}, limit)).map(({ record }) => record);
  }

  async deadFor(
    ms: number,
    limit: number,
  ): Promise<readonly { readonly conversation: ConversationKey; readonly id: string }[]> {
    await this.requests.ready();
    const order = 'WHERE c.dead > 0 AND c.dead <= @before ORDER BY c.dead';
    const found = await this.#letters(order, { '@before': this.requests.clock.now() - ms }, limit);
    return found.map(({ record }) => record as DeadLetter);
  }

  async conversationsOf(user: UserKey): Promise<readonly ConversationKey[]> {
    const { channel, stateId } = searchFor(user);
    const { id } = partsOfKey(user);
    const text = `SELECT c.conversation, c.gen FROM c WHERE (c.kind = 'state' AND c.name = @state) OR ${WHO.join(' OR ')}`;
    // Of each conversation only this, as there may be many, and their records be large.
    const seen = new Map<string, { readonly key: ConversationKey; readonly gen: number } | undefined>();
    const keys = new Set<ConversationKey>();
    // Nothing of this is indexed, so everything is looked through.
    const options = { patient: true, pageSize: MAX_PAGE };
    for await (const page of this.requests.pages(text, { '@state': stateId, '@id': id }, options)) {
      for (const item of page) {
        const partition = String(item.conversation);
        if (!seen.has(partition)) {
          const head = await this.#headIn(partition);
          const isMeant = String(head?.key).startsWith(channel);
          seen.set(
            partition,
            head !== undefined && isMeant ? { key: conversationOf(head), gen: generationOf(head) } : undefined,
          );
        }
        const found = seen.get(partition);
        if (found !== undefined && isOfGeneration(generationOf(item), found.gen)) keys.add(found.key);
      }
    }
    return [...keys];
  }

  async idleFor(ms: number, limit: number): Promise<readonly ConversationKey[]> {
    await this.requests.ready();
    // `_ts` is indexed by the service, whatever the container's policy says.
    const text = `SELECT TOP ${limit} c.key FROM c WHERE c._ts <= @before AND c.wake = null AND is_defined(c.key)`;
    const before = Math.floor((this.requests.clock.now() - ms) / 1_000);
    return (await this.requests.query(text, { '@before': before })).map(conversationOf);
  }

  finishErasing(limit: number): Promise<number> {
    return this.#purge.finishAll(limit);
  }

  /** Finds the first dead letters in an order, without those of erased generations. */
  async #letters(order: string, parameters: Readonly<Record<string, number>>, limit: number): Promise<readonly Item[]> {
    const generations = new Map<string, number>();
    const letters: Item[] = [];
    const text = `SELECT c.conversation, c.gen, c.record FROM c ${order}`;
    for await (const page of this.requests.pages(text, parameters, { pageSize: Math.min(limit, MAX_PAGE) })) {
      const found = page.map((item) => ({ item, partition: String(item.conversation), gen: generationOf(item) }));
      const current = await withoutErased(found, (partition) => this.#generationIn(partition), generations);
      letters.push(...current.map(({ item }) => item));
      if (letters.length >= limit) break;
    }
    return letters.slice(0, limit);
  }

  async #generationIn(partition: string): Promise<number> {
    const head = await this.#headIn(partition);
    return head === undefined ? 0 : generationOf(head);
  }

  async #headIn(partition: string): Promise<Item | undefined> {
    const answer = await this.requests.read({ id: headIdIn(partition), partition });
    return answer.ok ? answer.value : undefined;
  }

  /** Takes a decision, loading what it asks for. */
  private async settle<T>(
    snapshot: Snapshot,
    decide: (view: PartitionView) => T,
    floor: Floor | undefined,
  ): Promise<T> {
    for (;;) {
      try {
        return decide(snapshot.view(this.requests.clock.now()));
      } catch (error) {
        if (!(error instanceof Missing)) throw error;
        await this.load(snapshot, error.need, floor);
      }
    }
  }

  private async load(snapshot: Snapshot, need: Need, floor: Floor | undefined): Promise<void> {
    const { key } = snapshot;
    const partition = partitionKey(key);
    switch (need.what) {
      case 'head':
        snapshot.head = (await this.loadHead(key, floor)) ?? 'absent';
        return;
      case 'item': {
        const answer = await this.requests.read({ id: need.id, partition });
        snapshot.items.set(need.id, answer.ok ? answer.value : 'absent');
        return;
      }
      case 'kind': {
        const named = { '@conversation': partition, '@kind': need.kind };
        snapshot.kinds.set(need.kind, await this.requests.query(KIND_QUERY, named, partition));
      }
    }
  }

  /** Reads the head, again while what comes is older than what is known. */
  private async loadHead(key: ConversationKey, floor: Floor | undefined): Promise<LoadedHead | undefined> {
    for (let tries = 0; ; tries += 1) {
      const answer = await this.requests.read({ id: headId(key), partition: partitionKey(key) });
      const loaded = answer.ok ? readHead(answer.value) : undefined;
      if (floor === undefined || (loaded !== undefined && !isBehind(loaded, floor))) return loaded;
      if (tries === MOST_REREADS) {
        if (loaded === undefined) return undefined;
        throw new StoreFault('no', 'The replica that answers is behind.');
      }
      await this.requests.pause(tries + 2);
    }
  }

  /** @returns whether the decision stands */
  private async apply<T>(
    snapshot: Snapshot,
    decision: PartitionDecision<T>,
    gone: Set<string>,
    known: Head | undefined,
  ): Promise<boolean> {
    const { writes, confirm } = decision;
    if (writes === undefined && snapshot.remembered) {
      // Nothing would be written that could find out that it is out of date.
      snapshot.forget();
      return false;
    }
    if (writes === undefined && confirm === undefined) {
      this.rememberUnchanged(snapshot, known);
      return true;
    }
    const plan = planOf(snapshot, this.pruned(decision), gone);
    const answer = await this.write(snapshot.key, plan);
    if (answer.ok) {
      const left = writes?.head ?? known;
      if (left?.wake === null) this.awake.rests(snapshot.key);
      if (left !== undefined && plan.head !== undefined && answer.value !== undefined) {
        const rev = Number(plan.head.rev);
        if (known === undefined) this.known.remember(left, answer.value, rev);
        else this.known.rememberHold(snapshot.key, left, answer.value, rev);
      }
      if (known === undefined) this.known.forgetHold(snapshot.key);
      return confirm === undefined || this.confirmAbsences(snapshot);
    }
    if (answer.refusal === 'tooLarge') throw new TurnwiseError('RecordTooLarge');
    const id = itemOf(plan, answer.index ?? 0);
    if (answer.refusal === 'absent' && !isHead(snapshot.key, id)) gone.add(id);
    snapshot.forget();
    return false;
  }

  /** Appending by a patch cannot leave old keys out; whoever writes the whole head does. */
  private pruned<T>(decision: PartitionDecision<T>): PartitionDecision<T> {
    const head = decision.writes?.head;
    if (head === undefined || isNewer(head)) return decision;
    const now = this.requests.clock.now();
    return { ...decision, writes: { ...decision.writes, head: withoutOldKeys(head, now, this.timing) } };
  }

  /** @returns the head as it is then, if it was written and that is known */
  private async write(key: ConversationKey, { operations, head }: Plan): Promise<Answer<WrittenItem | undefined>> {
    const partition = partitionKey(key);
    const [first] = operations;
    if (first === undefined) return { ok: true, value: undefined };
    if (operations.length === 1 && head !== undefined) {
      return first.operationType === 'Replace' && first.ifMatch !== undefined
        ? this.requests.replace(head, partition, first.ifMatch)
        : this.requests.create(head, partition);
    }
    const answer = await this.requests.batch(operations, partition);
    if (!answer.ok) return answer;
    const [etag] = answer.value;
    return { ok: true, value: head === undefined || !etag ? undefined : { text: JSON.stringify(head), etag } };
  }

  private rememberUnchanged({ key, head }: Snapshot, known: Head | undefined): void {
    if (head === undefined || head === 'absent') return;
    const item = { text: JSON.stringify(headItem(key, head.head, head.marks)), etag: head.etag };
    if (known === undefined) this.known.remember(head.head, item, head.marks.rev);
    else this.known.rememberHold(key, head.head, item, head.marks.rev);
  }

  /** Writes are decided where the newest version is: a patch that can never hold tells whether there is an item at all. */
  private async confirmAbsences(snapshot: Snapshot): Promise<boolean> {
    const { head, headConsulted, items, consulted, key } = snapshot;
    const absent = [...consulted.keys()].filter((id) => items.get(id) === 'absent');
    if (headConsulted && head === 'absent') absent.push(headId(key));
    for (const id of absent) {
      const answer = await this.requests.patch({ id, partition: partitionKey(key) }, NEVER);
      if (answer.ok || answer.refusal !== 'absent') {
        snapshot.forget();
        return false;
      }
    }
    return true;
  }
}

/** Where a user's id may stand: the sender of an activity, the recipient of a reply; waiting, in a body of its own, or dead. */
const WHO = [
  'EXISTS(SELECT VALUE p FROM p IN c.pend WHERE p.body.inline["from"].id = @id)',
  'EXISTS(SELECT VALUE o FROM o IN c.out WHERE o.activity.inline.recipient.id = @id)',
  'c.record["from"].id = @id',
  'c.record.recipient.id = @id',
  'EXISTS(SELECT VALUE a FROM a IN c.pack WHERE a.recipient.id = @id)',
  'c.record.dead.activity.body.inline["from"].id = @id',
  'c.record.dead.effect.activity.inline.recipient.id = @id',
];

/** Finds the items of a kind. The partition is said twice, as a server may take that of a request for advice. */
export const KIND_QUERY = 'SELECT * FROM c WHERE c.conversation = @conversation AND c.kind = @kind';

export const NEVER = {
  condition: 'from c where c.rev < 0',
  operations: [{ op: 'set' as const, path: '/rev', value: 0 }],
};
