import type { Notifications, StoredNotification } from '../ports/notifications';
import type { ActivityKey } from '../turn/keys';
import type { Collections } from './collections';

interface NotificationRecord extends StoredNotification {
  readonly v: 1;
}

const KEPT_MS = 7 * 24 * 3_600_000;

/** Returns when a notification ends: what waits for its time has to be known until then, to be cancelled. */
const endOf = ({ at, due = at }: NotificationRecord): number => Math.max(at, due) + KEPT_MS;

/** Ids are evenly distributed hex digits: the first spreads them over 16 partitions. */
const collectionOf = (id: string): string => `notifications:${id.slice(0, 1)}`;

/** Notifications on a storage engine. */
export function notifications(collections: Collections): Notifications {
  const note = (id: ActivityKey, what: { readonly accepted: true } | { readonly cancelled: true }): Promise<void> =>
    collections.transactItem<void>(collectionOf(id), id, (value) => {
      const record = value as NotificationRecord | undefined;
      const [name] = Object.keys(what) as ('accepted' | 'cancelled')[];
      if (record === undefined || name === undefined || record[name]) return { result: undefined };
      return { result: undefined, value: { ...record, ...what }, expiresAt: endOf(record) };
    });
  return {
    begin: (notification) =>
      collections.transactItem<StoredNotification>(collectionOf(notification.id), notification.id, (value, now) => {
        if (value !== undefined) return { result: notificationOf(value) };
        const record: NotificationRecord = { v: 1, ...notification, accepted: false, at: now };
        return { result: notificationOf(record), value: record, expiresAt: endOf(record) };
      }),
    accepted: (id) => note(id, { accepted: true }),
    cancelled: (id) => note(id, { cancelled: true }),
    get: async (id) => {
      const value = await collections.readItem(collectionOf(id), id);
      return value === undefined ? undefined : notificationOf(value);
    },
  };
}

function notificationOf(value: unknown): StoredNotification {
  const { v, ...notification } = value as NotificationRecord;
  return notification;
}
