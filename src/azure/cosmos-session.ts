interface Progress {
  readonly token: string;
  /** Rises when the partition's regions change. */
  readonly version: number;
  /** Rises with every write. */
  readonly lsn: number;
}

/** So many answers that nobody is as far as that, with no progress between them: what was seen then is not there any more. */
const MOST_REFUSALS = 100;

/**
 * How far this process has seen each physical partition of a container: what makes a replica that is further behind not answer its reads.
 * In the service's words, `<partition>:<version>#<lsn>[#<region>=<lsn>…]`, several separated by commas.
 */
export class SessionTokens {
  private readonly partitions = new Map<string, Progress>();
  private text = '';
  private refusals = 0;

  /** For the header `x-ms-session-token`; empty while nothing is known. */
  get header(): string {
    return this.text;
  }

  /** Takes note of that header of an answer. */
  observe(header: unknown): void {
    if (typeof header !== 'string') return;
    let changed = false;
    for (const part of header.split(',')) {
      const colon = part.indexOf(':');
      const token = part.slice(colon + 1);
      const [version, lsn] = token.split('#', 2).map(Number);
      if (colon < 1 || version === undefined || lsn === undefined || Number.isNaN(version + lsn)) continue;
      const partition = part.slice(0, colon);
      const known = this.partitions.get(partition);
      if (known !== undefined && (known.version > version || (known.version === version && known.lsn >= lsn))) continue;
      this.partitions.set(partition, { token, version, lsn });
      changed = true;
    }
    if (!changed) return;
    this.refusals = 0;
    this.text = [...this.partitions].map(([partition, { token }]) => `${partition}:${token}`).join(',');
  }

  /**
   * Takes note of an answer that no replica is as far as that. It passes when they are only behind. When the container was made anew, or
   * its region failed over with a loss, it would not for long: then everything is forgotten, as what is decided on reads is checked by writes.
   */
  refused(): void {
    this.refusals += 1;
    if (this.refusals < MOST_REFUSALS) return;
    this.refusals = 0;
    this.partitions.clear();
    this.text = '';
  }
}
