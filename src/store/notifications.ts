import type { Notifications, StoredNotification } from '../ports/notifications';
import type { Collections } from './collections';

interface NotificationRecord extends StoredNotification {
  readonly v: 1;
}

const KEPT_MS = 7 * 24 * 3_600_000;

/** Ids are evenly distributed hex digits: the first spreads them over 16 partitions. */
const collectionOf = (id: string): string => `notifications:${id.slice(0, 1)}`;

/** Notifications on a storage engine. */
export function notifications(collections: Collections): Notifications {
  return {
    begin: (notification) =>
      collections.transactItem<StoredNotification>(collectionOf(notification.id), notification.id, (value, now) => {
        if (value !== undefined) return { result: notificationOf(value) };
        const record: NotificationRecord = { v: 1, ...notification, accepted: false, at: now };
        return { result: notificationOf(record), value: record, expiresAt: now + KEPT_MS };
      }),
    accepted: (id) =>
      collections.transactItem<void>(collectionOf(id), id, (value) => {
        const record = value as NotificationRecord | undefined;
        if (record === undefined || record.accepted) return { result: undefined };
        return { result: undefined, value: { ...record, accepted: true }, expiresAt: record.at + KEPT_MS };
      }),
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
