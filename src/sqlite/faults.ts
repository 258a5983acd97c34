import { StoreFault } from '../turn/fault';

/** How long a caller waits for other processes, in all. Past it the call is a fault that was not applied. */
export const BUSY_LIMIT_MS = 4_000;

/** Between two looks at a file that another process is writing to. Its writes take some ms, most of them waiting for the disk. */
const LONGEST_PAUSE_MS = 5;

/** How long to wait before the next look at a busy file, in ms. @param last the pause before; absent: there was none */
export const pauseAfter = (last?: number): number => (last === undefined ? 1 : Math.min(last * 2, LONGEST_PAUSE_MS));

/** Errors are told by what they carry and not by their class, of which there is one per JavaScript realm. */
const partsOf = (
  error: unknown,
): { readonly message?: unknown; readonly errcode?: unknown; readonly code?: unknown } =>
  typeof error === 'object' && error !== null ? error : {};

export const messageOf = (error: unknown): string => String(partsOf(error).message ?? error);

/** Returns whether an error says that `node:sqlite` is not there: before Node 22.5 it did not exist, before 22.13 it had to be asked for. */
export const isOldNode = (error: unknown): boolean => partsOf(error).code === 'ERR_UNKNOWN_BUILTIN_MODULE';

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

function sqliteCode(error: unknown): number | undefined {
  const { errcode } = partsOf(error);
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

/** Whether another process has the file for the moment. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

export const busyFault = (cause: unknown): StoreFault =>
  new StoreFault('no', 'The database file is busy.', undefined, { cause });

/** Of a transaction that was rolled back. */
export const notApplied = (cause: unknown): StoreFault => new StoreFault('no', messageOf(cause), undefined, { cause });

/** Of a commit that failed, for any reason but a busy file: it may have reached the disk. */
export const perhapsApplied = (cause: unknown): StoreFault =>
  new StoreFault('unknown', messageOf(cause), undefined, { cause });

/** An engine error (disk full, I/O) rolled the transaction back: not applied. Anything else is a defect and stays what it is. */
export const asFault = (error: unknown): unknown => (sqliteCode(error) === undefined ? error : notApplied(error));
