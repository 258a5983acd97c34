import { type FakeKey, FakeLogin, fakeKey, signed } from '../support/fake-login';

export const APP_ID = '11111111-2222-3333-4444-555555555555';
export const TENANT = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';

/** Makes right and wrong tokens of one login service. */
export class TokenBench {
  readonly login: FakeLogin;
  readonly strangersKey: FakeKey = fakeKey();
  readonly shortKey: FakeKey;
  /** Published, and lists no endorsements, as the keys of Web Chat and Direct Line. */
  readonly silentKey: FakeKey = fakeKey(2048, null);
  /** Published with endorsements that name no channel. */
  readonly muddledKey: FakeKey = fakeKey(2048, ['']);
  readonly goodKey: FakeKey;

  constructor(
    /** Wall time in ms. */
    private readonly clock: () => number,
    endorsements: readonly string[] = ['msteams', 'webchat'],
    /** Seconds by which a token is beyond a limit that the clock moves towards, where the clock is the system's. */
    readonly slack = 0,
  ) {
    this.login = new FakeLogin({ appId: APP_ID, now: clock, endorsements });
    this.shortKey = this.login.rotate({ bits: 1024 });
    this.login.keys.push(this.silentKey, this.muddledKey);
    this.goodKey = this.login.rotate();
  }

  /** In seconds, as tokens count. */
  get now(): number {
    return Math.floor(this.clock() / 1000);
  }

  /** An Authorization header that is right but for these claims. */
  claims(changes: Record<string, unknown>): string {
    return this.login.authorization(changes);
  }

  /** One that is right but for these fields of the token's header. */
  header(changes: Record<string, unknown>): string {
    return this.login.authorization({}, changes);
  }

  rightClaims(changes: Record<string, unknown> = {}): Record<string, unknown> {
    return { ...this.login.parts().claims, ...changes };
  }

  /** One whose token has the given texts for header or claims, well signed. */
  raw(parts: { readonly header?: unknown; readonly claims?: unknown }): string {
    const right = this.login.parts();
    return `Bearer ${signed(parts.header ?? right.header, parts.claims ?? right.claims, this.goodKey)}`;
  }

  /** One whose claims are right, with their JSON text changed. */
  rawClaims(change: (json: string) => string, changes: Record<string, unknown> = {}): string {
    return this.raw({ claims: change(JSON.stringify(this.rightClaims(changes))) });
  }
}
