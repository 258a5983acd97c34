import { createHash } from 'node:crypto';
import { createUnits, patchUnits, readUnits, replaceUnits } from '../request-units';
import { type IndexedPaths, indexedPaths, termsOf } from './indexing';
import { checkId, checkItem, type KeyValue, keyMismatch, keyOfItem, sizeOf } from './item-rules';
import { isObject, type Json, type JsonObject, own } from './json';
import { parsePatch, patched } from './patch';
import { CosmosRefusal } from './refusal';
import { holds } from './sql-evaluate';

/** An item as it is stored. */
export interface Stored {
  readonly item: JsonObject;
  readonly text: string;
  readonly bytes: number;
  readonly etag: string;
  /** Place in the order of creation. */
  readonly serial: number;
}

/** One operation on one item. */
export interface Operation {
  readonly kind: 'read' | 'create' | 'upsert' | 'replace' | 'delete' | 'patch';
  /** Not needed where the body has it. */
  readonly id?: string | undefined;
  readonly body?: Json | undefined;
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

export interface Done {
  readonly status: number;
  /** The item as it is then; absent after a deletion. */
  readonly stored?: Stored;
  readonly charge: number;
}

/** Changes of one partition that come to pass together. */
interface Transaction {
  readonly key: KeyValue;
  readonly items: Map<string, Stored>;
  /** What each changed item was before. */
  readonly before: Map<string, Stored | undefined>;
}

/** Earlier forms of an item that are kept for answers of replicas that are behind, and items of which they are kept: long runs write many. */
const MAX_VERSIONS = 20;
const MAX_REMEMBERED = 500;

const nameOfKey = (key: KeyValue): string => JSON.stringify(key) ?? 'none';

/** A container: items by partition key and id, with a number of physical partitions that each count their writes. */
export class Container {
  readonly indexed: IndexedPaths;
  readonly keyPath: string;
  readonly #partitions = new Map<string, Map<string, Stored>>();
  readonly #versions = new Map<string, (Stored | undefined)[]>();
  readonly #progress: number[];
  #created = 0;

  constructor(
    readonly definition: JsonObject,
    /** Its name by resource ids. */
    readonly rid: string,
    readonly ranges: number,
    private readonly now: () => number,
  ) {
    this.indexed = indexedPaths(definition.indexingPolicy);
    const key = definition.partitionKey;
    const paths = isObject(key) && Array.isArray(key.paths) ? key.paths : [];
    this.keyPath = String(paths[0] ?? '/_partitionKey');
    this.#progress = Array.from({ length: ranges }, () => 1);
  }

  /** Returns the physical partition of a key. */
  rangeOf(key: KeyValue): number {
    const [first = 0] = createHash('sha256').update(nameOfKey(key)).digest();
    return Math.floor((first * this.ranges) / 256);
  }

  /** Returns how many writes a physical partition has seen. */
  progressOf(range: number): number {
    return this.#progress[range] ?? 0;
  }

  /** Carries operations out in their order, each on what those before it left: all of them, or none. @throws CosmosRefusal */
  transact<T>(key: KeyValue, run: (operate: (operation: Operation) => Done) => T): T {
    const name = nameOfKey(key);
    const items = this.#partitions.get(name) ?? new Map<string, Stored>();
    const transaction: Transaction = { key, items, before: new Map() };
    try {
      const result = run((operation) => this.#operate(transaction, operation));
      this.#commit(name, transaction);
      return result;
    } catch (error) {
      for (const [id, stored] of transaction.before) {
        if (stored === undefined) items.delete(id);
        else items.set(id, stored);
      }
      throw error;
    }
  }

  /** Returns the items of a partition, of a physical partition, or all, in the order of their creation. */
  items(where: { readonly key: KeyValue } | { readonly range: number } | undefined): readonly Stored[] {
    const partitions = [...this.#partitions.entries()].filter(([name]) => {
      if (where === undefined) return true;
      return 'key' in where ? name === nameOfKey(where.key) : this.rangeOf(keyNamed(name)) === where.range;
    });
    const found = partitions.flatMap(([, items]) => [...items.values()]).filter((each) => !this.#isOver(each));
    return found.sort((a, b) => a.serial - b.serial);
  }

  /** Returns the item as it was so many writes ago; undefined when it is not known, and `absent` when there was none. */
  earlier(key: KeyValue, id: string, back: number): Stored | 'absent' | undefined {
    const versions = this.#versions.get(`${nameOfKey(key)} ${id}`) ?? [];
    if (versions.length < back) return undefined;
    return versions.at(-back) ?? 'absent';
  }

  #commit(name: string, { key, items, before }: Transaction): void {
    if (before.size === 0) return;
    if (items.size === 0) this.#partitions.delete(name);
    else this.#partitions.set(name, items);
    const range = this.rangeOf(key);
    this.#progress[range] = this.progressOf(range) + 1;
    for (const [id, stored] of before) {
      const known = this.#versions.get(`${name} ${id}`) ?? [];
      this.#versions.delete(`${name} ${id}`);
      this.#versions.set(`${name} ${id}`, [...known, stored].slice(-MAX_VERSIONS));
    }
    // Those that were written last come last.
    for (const each of this.#versions.keys()) {
      if (this.#versions.size <= MAX_REMEMBERED) break;
      this.#versions.delete(each);
    }
  }

  #operate(transaction: Transaction, operation: Operation): Done {
    const { kind, body } = operation;
    switch (kind) {
      case 'read':
        return this.#read(transaction, operation);
      case 'create':
      case 'upsert':
        return this.#insert(transaction, operation);
      case 'replace': {
        checkItem(body);
        if (body.id !== operation.id) throw new CosmosRefusal(400, 'The id in the body is not that of the request.');
        const before = this.#conditional(transaction, operation);
        const stored = this.#write(transaction, body, before);
        return { status: 200, stored, charge: replaceUnits(before.bytes, stored.bytes, this.#terms(before, stored)) };
      }
      case 'delete': {
        const before = this.#conditional(transaction, operation);
        this.#change(transaction, String(before.item.id), undefined);
        return { status: 204, charge: createUnits(before.bytes, termsOf(before.item, this.indexed)) };
      }
      case 'patch':
        return this.#patch(transaction, operation);
    }
  }

  #read(transaction: Transaction, { id, ifNoneMatch }: Operation): Done {
    const stored = this.#there(transaction, id);
    if (ifNoneMatch !== undefined && matches(ifNoneMatch, stored))
      return { status: 304, charge: readUnits(stored.bytes), stored };
    return { status: 200, stored, charge: readUnits(stored.bytes) };
  }

  #insert(transaction: Transaction, { kind, body, ifMatch }: Operation): Done {
    checkItem(body);
    const before = this.#find(transaction, body.id);
    if (before !== undefined && kind === 'create') {
      throw new CosmosRefusal(409, 'Entity with the specified id already exists in the system.');
    }
    if (before !== undefined) checkMatch(ifMatch, before);
    const stored = this.#write(transaction, body, before);
    if (before === undefined)
      return { status: 201, stored, charge: createUnits(stored.bytes, termsOf(stored.item, this.indexed)) };
    return { status: 200, stored, charge: replaceUnits(before.bytes, stored.bytes, this.#terms(before, stored)) };
  }

  #patch(transaction: Transaction, operation: Operation): Done {
    const { condition, operations } = parsePatch(operation.body, this.keyPath);
    const before = this.#conditional(transaction, operation);
    if (condition !== undefined && !holds(condition, before.item)) throw preconditionFailed();
    const after = patched(before.item, operations);
    checkItem(after);
    const stored = this.#write(transaction, after, before);
    const charge = patchUnits(before.bytes, stored.bytes, this.#terms(before, stored), operations.length);
    return { status: 200, stored, charge };
  }

  /** Indexed values that a write takes out or puts in. */
  #terms(before: Stored, after: Stored): number {
    return Math.max(termsOf(before.item, this.indexed), termsOf(after.item, this.indexed));
  }

  #write(transaction: Transaction, body: JsonObject & { id: string }, before: Stored | undefined): Stored {
    const { key } = transaction;
    if (keyOfItem(body, this.keyPath) !== key) throw keyMismatch();
    const seconds = Math.floor(this.now() / 1_000);
    this.#created += 1;
    const serial = before?.serial ?? this.#created;
    const etag = `"${hex(this.#created)}-0000-0700-0000-${hex(seconds)}0000"`;
    const rid = `${this.rid}${Buffer.from(hex(serial)).toString('base64')}`;
    const own = {
      ...body,
      _rid: rid,
      _self: `dbs/${this.rid}/docs/${rid}/`,
      _etag: etag,
      _attachments: 'attachments/',
      _ts: seconds,
    };
    const text = JSON.stringify(own);
    const stored: Stored = { item: own, text, bytes: sizeOf(text), etag, serial };
    this.#change(transaction, body.id, stored);
    return stored;
  }

  #change({ items, before }: Transaction, id: string, stored: Stored | undefined): void {
    if (!before.has(id)) before.set(id, items.get(id));
    if (stored === undefined) items.delete(id);
    else items.set(id, stored);
  }

  /** Finds the item that a conditional write is about, as its condition on the ETag allows. @throws CosmosRefusal */
  #conditional(transaction: Transaction, { id, ifMatch }: Operation): Stored {
    const stored = this.#there(transaction, id);
    checkMatch(ifMatch, stored);
    return stored;
  }

  #there(transaction: Transaction, id: string | undefined): Stored {
    const stored = this.#find(transaction, id ?? '');
    if (stored === undefined)
      throw new CosmosRefusal(404, 'Entity with the specified id does not exist in the system.');
    return stored;
  }

  #find({ items }: Transaction, id: string): Stored | undefined {
    checkId(id);
    const stored = items.get(id);
    return stored === undefined || this.#isOver(stored) ? undefined : stored;
  }

  /** Whether an item has had its time: then it is not there for anybody, whenever it may be removed. */
  #isOver({ item }: Stored): boolean {
    const standard = own(this.definition, 'defaultTtl');
    if (typeof standard !== 'number') return false;
    const ttl = Number(own(item, 'ttl') ?? standard);
    return ttl > 0 && (Number(item._ts) + ttl) * 1_000 <= this.now();
  }
}

const keyNamed = (name: string): KeyValue => (name === 'none' ? undefined : (JSON.parse(name) as KeyValue));

const hex = (number: number): string => (number >>> 0).toString(16).padStart(8, '0');

/** `*` is any version of the item; an ETag has its quotes. */
const matches = (condition: string, { etag }: Stored): boolean => condition === '*' || condition === etag;

function checkMatch(condition: string | undefined, stored: Stored): void {
  if (condition !== undefined && !matches(condition, stored)) throw preconditionFailed();
}

function preconditionFailed(): CosmosRefusal {
  return new CosmosRefusal(412, 'Operation cannot be performed because one of the specified precondition is not met.');
}
