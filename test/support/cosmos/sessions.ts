import type { IncomingHttpHeaders } from 'node:http';
import type { Container } from './container';
import { keyOfHeader } from './item-rules';
import { badRequest, CosmosRefusal } from './refusal';

/* Sessions. https://learn.microsoft.com/azure/cosmos-db/consistency-levels ("Session consistency") and, for the refusal,
 * https://learn.microsoft.com/azure/cosmos-db/nosql/troubleshoot-not-found ("The read session is not available for the input session token") */

const READ_SESSION_NOT_AVAILABLE = 1002;

/** Levels at which a read may be behind its session, and that of the account, which no request can go beyond. */
const WEAKER = new Set(['eventual', 'consistentprefix']);
const LEVELS = new Set([...WEAKER, 'session']);

const TOKEN = /^\s*(\w+):(?:-?\d+#)?(-?\d+)(?:#\d+=-?\d+)*\s*$/;

/** Makes sure that the physical partitions are as far as a reader has seen them. @throws CosmosRefusal 404/1002 when they are not; 400 */
export function checkSession(headers: IncomingHttpHeaders, container: Container, ranges: readonly number[]): void {
  const level = String(headers['x-ms-consistency-level'] ?? 'Session').toLowerCase();
  if (!LEVELS.has(level)) throw badRequest(`The consistency level '${level}' is none, or stronger than the account's.`);
  const header = headers['x-ms-session-token'];
  if (typeof header !== 'string' || header === '') return;
  if (WEAKER.has(level)) return;
  for (const part of header.split(',')) {
    const [, id, progress] = TOKEN.exec(part) ?? [];
    if (id === undefined) throw badRequest(`The session token provided '${part}' is invalid.`);
    const range = ranges.find((each) => String(each) === id);
    if (range !== undefined && Number(progress) > container.progressOf(range)) {
      const message = 'The read session is not available for the input session token.';
      throw new CosmosRefusal(404, message, READ_SESSION_NOT_AVAILABLE);
    }
  }
}

/** Returns how far the physical partition is that a request was about, or each of them. */
export function sessionOf(container: Container, headers: IncomingHttpHeaders): string {
  return rangesOf(container, headers)
    .map((range) => `${range}:-1#${container.progressOf(range)}`)
    .join(',');
}

function rangesOf(container: Container, headers: IncomingHttpHeaders): readonly number[] {
  const [key, id] = [headers['x-ms-documentdb-partitionkey'], headers['x-ms-documentdb-partitionkeyrangeid']];
  if (typeof id === 'string') return [Number(id)];
  try {
    if (typeof key === 'string') return [container.rangeOf(keyOfHeader(key))];
  } catch {
    // A key that is none is of no partition.
  }
  return Array.from({ length: container.ranges }, (_, range) => range);
}
