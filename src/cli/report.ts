/** What a command found or did: for a program, and for a person. */
export interface Report {
  /** Printed as JSON with `--json`. */
  readonly data: unknown;
  readonly text: string;
}
