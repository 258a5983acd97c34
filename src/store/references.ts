import type { NewReference, References, StoredReference, UserName } from '../ports/references';
import { defined } from '../schema/defined';
import type { RecipientQuery } from '../schema/recipients';
import { referenceFields } from '../schema/reference-fields';
import { isVouchingChannel } from '../schema/vouching';
import { type ConversationKey, userKey } from '../turn/keys';
import type { Collections } from './collections';
import { spread } from './spread';

/** A reference as it is stored. */
interface ReferenceRecord extends StoredReference {
  readonly v: 1;
  readonly expiresAt: number;
}

/** Leads from a user or a team to a reference. */
interface Pointer {
  readonly v: 1;
  readonly to: ConversationKey;
  readonly expiresAt: number;
}

/** Over how many collections references, and pointers to them, are spread: each is a partition. */
const SPREAD = 16;

type Kind = 'references' | 'recipients';

const collectionOf = (kind: Kind, name: string): string => `${kind}:${spread(name, SPREAD)}`;

/** The registry on a storage engine. */
export function references(collections: Collections): References {
  const read = async (id: ConversationKey): Promise<ReferenceRecord | undefined> => {
    return (await collections.readItem(collectionOf('references', id), id)) as ReferenceRecord | undefined;
  };
  const follow = async (name: string): Promise<StoredReference | undefined> => {
    const pointer = (await collections.readItem(collectionOf('recipients', name), name)) as Pointer | undefined;
    const found = pointer === undefined ? undefined : await read(pointer.to);
    // A pointer counts as long as its reference still says so: what it leads to may have been replaced since.
    return found !== undefined && namesOf(found).includes(name) ? referenceOf(found) : undefined;
  };
  const point = (name: string, to: ConversationKey, ttlMs: number): Promise<void> => {
    return collections.transactItem<void>(collectionOf('recipients', name), name, (value, now) => {
      const current = value as Pointer | undefined;
      // Written anew when it leads elsewhere, or has used up a quarter of its time.
      if (current?.to === to && current.expiresAt > now + 0.75 * ttlMs) return { result: undefined };
      const pointer: Pointer = { v: 1, to, expiresAt: now + ttlMs };
      return { result: undefined, value: pointer, expiresAt: pointer.expiresAt };
    });
  };
  const unpoint = (name: string, from: ConversationKey): Promise<void> => {
    return collections.transactItem<void>(collectionOf('recipients', name), name, (value) =>
      (value as Pointer | undefined)?.to === from ? { result: undefined, remove: true } : { result: undefined },
    );
  };
  return {
    get: async (id) => {
      const found = await read(id);
      return found === undefined ? undefined : referenceOf(found);
    },
    ofUser: (user) => follow(nameOfUser(user)),
    ofTeam: (teamId) => follow(`team ${teamId}`),
    async keep(reference, ttlMs) {
      for (const name of namesOf(reference)) await point(name, reference.id, ttlMs);
      await collections.transactItem<void>(collectionOf('references', reference.id), reference.id, (value, now) => {
        const current = value as ReferenceRecord | undefined;
        if (current !== undefined && isVouched(current) && !isVouched(reference)) return { result: undefined };
        const record: ReferenceRecord = { ...reference, v: 1, lastSeen: now, expiresAt: now + ttlMs };
        return { result: undefined, value: record, expiresAt: record.expiresAt };
      });
    },
    mark(id, state) {
      return collections.transactItem<boolean>(collectionOf('references', id), id, (value) => {
        const current = value as ReferenceRecord | undefined;
        if (current === undefined) return { result: false };
        if (current.state === state) return { result: true };
        return { result: true, value: { ...current, state }, expiresAt: current.expiresAt };
      });
    },
    async forget(id) {
      const found = await read(id);
      if (found === undefined) return false;
      for (const name of namesOf(found)) await unpoint(name, id);
      return collections.transactItem<boolean>(collectionOf('references', id), id, (value) =>
        value === undefined ? { result: false } : { result: true, remove: true },
      );
    },
    async page(query, cursor, limit) {
      const { index, from } = readCursor(cursor);
      const { values, next } = await collections.pageItems(`references:${index}`, from, limit);
      const found = values.map((value) => referenceOf(value as ReferenceRecord)).filter(matches(query));
      if (next !== undefined) return { references: found, next: `${index}:${next}` };
      return index + 1 < SPREAD ? { references: found, next: `${index + 1}:` } : { references: found };
    },
  };
}

/** Returns a stored reference with the fields that are kept today: records of older code may hold more, and less that is vouched for. */
function referenceOf(record: ReferenceRecord): StoredReference {
  const { id, lastSeen, reference, scope, state } = record;
  const vouched = isVouched(record);
  const identity = vouched ? { tenantId: record.tenantId, teamId: record.teamId } : {};
  return {
    id,
    reference: referenceFields(reference, vouched),
    scope,
    ...defined({ ...identity, vouched: vouched || record.vouched }),
    state,
    lastSeen,
  };
}

function nameOfUser(user: UserName): string {
  return 'entraId' in user ? `entra ${user.entraId.toLowerCase()}` : `user ${userKey(user.channelId, user.userId)}`;
}

/**
 * Returns whether the channel's service answers for a reference. It does not for records from before there was a mark: a parent bot or
 * another channel may have written them. Their conversation's next activity makes up for it.
 */
const isVouched = ({ vouched }: NewReference): boolean => vouched === true;

/** Returns the names that a reference is found by, beside its id. */
function namesOf(stored: NewReference): string[] {
  const { reference, scope, teamId } = stored;
  const { channelId, user } = reference;
  const vouched = isVouched(stored);
  // On a channel that vouches, only what is vouched for may say where a user is.
  const mayNameUser = vouched || (stored.vouched === undefined && !isVouchingChannel(channelId));
  const personal = scope === 'personal' ? user : undefined;
  return [
    ...(personal !== undefined && mayNameUser ? [nameOfUser({ channelId, userId: personal.id })] : []),
    ...(personal?.aadObjectId && vouched ? [nameOfUser({ entraId: personal.aadObjectId })] : []),
    ...(teamId !== undefined && vouched ? [`team ${teamId}`] : []),
  ];
}

/** A cursor is the number of a collection, and where to go on in it. */
function readCursor(cursor = '0:'): { readonly index: number; readonly from: string | undefined } {
  const end = cursor.indexOf(':');
  return { index: Number(cursor.slice(0, end)), from: cursor.slice(end + 1) || undefined };
}

function matches(query: RecipientQuery): (stored: StoredReference) => boolean {
  const { channelId, tenantId, teamId, scope, locale, seenSince } = query;
  return (stored) =>
    stored.state === 'active' &&
    (channelId === undefined || stored.reference.channelId === channelId) &&
    (tenantId === undefined || stored.tenantId === tenantId) &&
    (teamId === undefined || stored.teamId === teamId) &&
    (scope === undefined || stored.scope === scope) &&
    (locale === undefined || isOfLocale(stored.reference.locale, locale)) &&
    (seenSince === undefined || stored.lastSeen >= seenSince);
}

function isOfLocale(locale: string | undefined, wanted: string): boolean {
  const [has, want] = [locale?.toLowerCase() ?? '', wanted.toLowerCase()];
  return has === want || has.startsWith(`${want}-`);
}
