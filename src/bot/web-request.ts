/** A request as web servers for Node give it to a handler: what is needed of it. */
export interface WebRequest {
  readonly method?: string;
  /** The body, parsed. */
  readonly body?: unknown;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A response as web servers for Node give it to a handler. */
export interface WebResponse {
  status(code: number): unknown;
  send(body: unknown): unknown;
  end(): unknown;
  setHeader?(name: string, value: string): unknown;
}

/** The headers with their names in lower case, and what describes the body as it is passed on. */
export function webHeaders({ headers }: WebRequest): Record<string, string | undefined> {
  const lower = Object.entries(headers).map(([name, value]): [string, string | undefined] => [
    name.toLowerCase(),
    typeof value === 'string' ? value : value?.[0],
  ]);
  const { 'content-length': _length, 'content-encoding': _encoding, ...others } = Object.fromEntries(lower);
  return { ...others, 'content-type': 'application/json' };
}
