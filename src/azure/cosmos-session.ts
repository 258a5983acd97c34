interface Progress {
  readonly token: string;
  /** Rises when the partition's regions change. */
  readonly version: number;
  /** Rises with every write. */
  readonly lsn: number;
}

/**
 * How far this process has seen each physical partition of a container: what makes a replica that is further behind not answer its reads.
 * In the service's words, `<partition>:<version>#<lsn>[#<region>=<lsn>…]`, several separated by commas.
 */
export class SessionTokens {
  private readonly partitions = new Map<string, Progress>();
  private text = '';

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
    if (changed) this.text = [...this.partitions].map(([partition, { token }]) => `${partition}:${token}`).join(',');
  }
}
