import type { Activity } from '../schema/activity';
import type { PagedResult } from './transcript';

/** How much of a transcript is read at once, as in the Bot Framework SDK. */
const PAGE_SIZE = 20;

/**
 * The page that a token stands for. A token is a position and not an id, because an activity and its updates share one. A full page has
 * a token, even if nothing follows; without it, it is the last.
 */
export function page<T>(items: readonly T[], continuationToken: string | undefined): PagedResult<T> {
  const start = Number(continuationToken || 0);
  const found = start >= 0 ? items.slice(start, start + PAGE_SIZE) : [];
  return { items: found, continuationToken: found.length === PAGE_SIZE ? String(start + PAGE_SIZE) : undefined };
}

/** @throws Error when a part of a transcript's name is missing */
export function requireIds(ids: { readonly channelId: string; readonly conversationId?: string }): void {
  for (const [name, id] of Object.entries(ids)) if (!id) throw new Error(`Missing ${name}`);
}

/** Returns the time of an activity in ms since the epoch. The timestamp is a channel's text: one that is no time counts as the epoch. */
export function timeOf({ timestamp }: Partial<Activity>): number {
  const time = new Date(timestamp ?? 0).getTime();
  return Number.isNaN(time) ? 0 : time;
}
