/** A request to the messaging endpoint, free of any HTTP library. */
export interface EndpointRequest {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** W3C `traceparent` of whatever brought the request. Not trusted: it decides nothing but which trace this is shown in. */
  readonly traceparent?: string | undefined;
  /** Reads the body. `tooLarge` as soon as it exceeds `limit` bytes. Rejects when it cannot be read to its end. */
  body(limit: number): Promise<Uint8Array | 'tooLarge'>;
}

/** The answer to it. A body is JSON. */
export interface EndpointResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
