import type { Activity } from './activity';

const TIMESTAMPS = ['timestamp', 'localTimestamp', 'expiration'] as const;
const RAW = { timestamp: 'rawTimestamp', localTimestamp: 'rawLocalTimestamp', expiration: 'rawExpiration' } as const;

/** A `Date` that goes back into JSON as the text it was read from: channels send more digits, and offsets, than a `Date` keeps. */
class OriginalDate extends Date {
  private readonly read: number;

  constructor(private readonly text: string) {
    super(text);
    this.read = this.getTime();
  }

  override toJSON(): string {
    return this.getTime() === this.read ? this.text : this.toISOString();
  }
}

/**
 * A deep copy of `activity` whose timestamps are `Date`s, as bots know them from the Bot Framework SDK (with the texts in
 * `rawTimestamp` and the like). It serializes exactly as `activity` does.
 */
export function withDates(activity: Activity): Activity {
  const copy = structuredClone(activity);
  for (const name of TIMESTAMPS) {
    const text = copy[name];
    if (typeof text !== 'string' || Number.isNaN(Date.parse(text))) continue;
    copy[name] = new OriginalDate(text);
    // Not enumerable, because it did not come in and must not go out.
    if (!Object.hasOwn(copy, RAW[name])) Object.defineProperty(copy, RAW[name], { value: text, configurable: true });
  }
  return copy;
}
