interface Progress {
  readonly token: string;
  /** Number that rises when the partition's regions change. */
  readonly version: number;
  /** Number that rises with every write. */
  readonly lsn: number;
}

/** Answers that nobody is as far as that, with no progress between them, after which what was seen then is taken for lost. */
const MAX_REFUSALS = 100;

/** Partitions whose refusals are counted at the same time. */
const MAX_COUNTED = 1_000;

/**
 * Longest header that is sent, in characters: half of what a server of Windows takes for one header unless it is told otherwise (16,384 bytes,
 * `MaxFieldLength` of `http.sys`). That is more than 150 partitions. Those that were not heard of for longest are left out then: what is
 * decided on their reads is checked by writes.
 */
const MAX_HEADER = 8_192;

/** Headers of an answer. */
type Headers = Readonly<Record<string, unknown>>;

/**
 * How far this process has seen each physical partition of a container: what makes a replica that is further behind not answer its reads.
 * In the service's words, `<partition>:<version>#<lsn>[#<region>=<lsn>…]`, several separated by commas.
 */
export class SessionTokens {
  readonly #partitions = new Map<string, Progress>();
  /** Refusals without progress: by physical partition, and by logical one where the answer names no other. */
  readonly #refusals = new Map<string, number>();
  readonly #onRefusal: (partition: string) => void;
  #text = '';

  /** @param onRefusal told of each answer 404/1002, with the physical partition that it names, or `unknown` */
  constructor(onRefusal: (partition: string) => void = () => undefined) {
    this.#onRefusal = onRefusal;
  }

  /** For the header `x-ms-session-token`; empty while nothing is known. */
  get header(): string {
    return this.#text;
  }

  /** Takes note of that header of an answer. */
  observe(header: unknown): void {
    if (typeof header !== 'string') return;
    let changed = false;
    for (const [partition, progress] of tokensIn(header)) {
      const { version, lsn } = progress;
      const known = this.#partitions.get(partition);
      if (known !== undefined && (known.version > version || (known.version === version && known.lsn >= lsn))) continue;
      this.#partitions.delete(partition);
      this.#partitions.set(partition, progress);
      this.#refusals.delete(physical(partition));
      changed = true;
    }
    if (changed) this.#write();
  }

  /** Takes note of an answer about a logical partition that is not a refusal. */
  accepted(partition: string | undefined): void {
    if (this.#refusals.size > 0 && partition !== undefined) this.#refusals.delete(logical(partition));
  }

  /**
   * Takes note of an answer that no replica is as far as that. It passes when they are only behind. When the container was made anew, or
   * its region failed over with a loss, it would not for long: then what is known of the partition is forgotten, as what is decided on reads
   * is checked by writes.
   */
  refused(headers: Headers, partition: string | undefined): void {
    const named = partitionIn(headers);
    this.#onRefusal(named ?? 'unknown');
    const counted = named === undefined ? logical(partition ?? '') : physical(named);
    const refusals = (this.#refusals.get(counted) ?? 0) + 1;
    this.#refusals.delete(counted);
    this.#refusals.set(counted, refusals);
    const [oldest] = this.#refusals.keys();
    if (this.#refusals.size > MAX_COUNTED && oldest !== undefined) this.#refusals.delete(oldest);
    if (refusals < MAX_REFUSALS) return;
    this.#refusals.delete(counted);
    if (named === undefined || !this.#partitions.delete(named)) this.#partitions.clear();
    this.#write();
  }

  #write(): void {
    let text = this.#joined();
    for (const [oldest] of this.#partitions) {
      if (text.length <= MAX_HEADER) break;
      this.#partitions.delete(oldest);
      text = this.#joined();
    }
    this.#text = text;
  }

  #joined(): string {
    return [...this.#partitions].map(([partition, { token }]) => `${partition}:${token}`).join(',');
  }
}

const physical = (partition: string): string => `p ${partition}`;

const logical = (partition: string): string => `l ${partition}`;

/** Returns the physical partition that an answer says it came from. */
function partitionIn(headers: Headers): string | undefined {
  const range = headers['x-ms-documentdb-partitionkeyrangeid'];
  if (typeof range === 'string' && range !== '') return range;
  const [first] = tokensIn(String(headers['x-ms-session-token'] ?? ''));
  return first?.[0];
}

function tokensIn(header: string): [partition: string, Progress][] {
  return header.split(',').flatMap((part): [string, Progress][] => {
    const colon = part.indexOf(':');
    const token = part.slice(colon + 1);
    const { version, lsn } = numbersIn(token);
    return colon < 1 || Number.isNaN(version + lsn) ? [] : [[part.slice(0, colon), { token, version, lsn }]];
  });
}

/** Returns version and LSN. A token of a single region may start with its version as `-1`. */
function numbersIn(token: string): { readonly version: number; readonly lsn: number } {
  const [version, lsn] = token.split('#', 2).map(Number);
  return { version: version ?? Number.NaN, lsn: lsn ?? Number.NaN };
}

/** Distance by which an impossible token is ahead. */
const FAR_AHEAD = 1_000_000_000;

/** Returns tokens that no replica can have reached; `undefined` where an answer's header has none. */
export function impossibleSession(header: unknown): string | undefined {
  const tokens = tokensIn(typeof header === 'string' ? header : '');
  if (tokens.length === 0) return undefined;
  return tokens
    .map(([partition, { token, lsn }]) => {
      const [version, _global, ...regions] = token.split('#');
      const ahead = regions.map((region) => region.replace(/=(\d+)$/, (_, local) => `=${Number(local) + FAR_AHEAD}`));
      return `${partition}:${[version, lsn + FAR_AHEAD, ...ahead].join('#')}`;
    })
    .join(',');
}
