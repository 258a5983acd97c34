import type { Untyped } from '../schema/json';

const SCOPES: unique symbol = Symbol('turnwise.turnStateScopes');

/**
 * Values that live as long as one turn, shared by middleware, handlers and dialogs. Nothing here is stored: what has to
 * outlive the turn belongs into conversation or user state.
 */
export class TurnContextStateCollection extends Map<unknown, unknown> {
  /** The value under `key`, as the type the caller knows it to be. */
  override get<T = Untyped>(key: unknown): T {
    return super.get(key) as T;
  }

  /** Hides the value under `key` behind another one until {@link pop}; without a value the current one stays visible. */
  push(key: unknown, value?: unknown): void {
    const current = this.get(key);
    const scopes = this.scopes();
    const hidden = scopes.get(key) ?? [];
    hidden.push(current);
    scopes.set(key, hidden);
    this.set(key, value ?? current);
  }

  /** Brings back what the last {@link push} hid, and returns the value that was visible until now. */
  pop<T = Untyped>(key: unknown): T {
    const current = this.get<T>(key);
    this.set(key, this.scopes().get(key)?.pop());
    return current;
  }

  private scopes(): Map<unknown, unknown[]> {
    const existing = this.get<Map<unknown, unknown[]>>(SCOPES);
    if (existing !== undefined) return existing;
    const created = new Map<unknown, unknown[]>();
    this.set(SCOPES, created);
    return created;
  }
}
