/** What a check has found. */
export interface Finding {
  /** What was looked at. */
  readonly check: string;
  /** A `problem` keeps the app from working, or its promise from holding; a `warning` is worth a look. */
  readonly level: 'ok' | 'warning' | 'problem';
  readonly message: string;
  /** What to do. */
  readonly fix?: string;
}

/** The findings of one check. */
export function findings(check: string) {
  return {
    ok: (message: string): Finding => ({ check, level: 'ok', message }),
    warning: (message: string, fix: string): Finding => ({ check, level: 'warning', message, fix }),
    problem: (message: string, fix: string): Finding => ({ check, level: 'problem', message, fix }),
  };
}
