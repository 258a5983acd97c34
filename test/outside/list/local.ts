import dns from 'node:dns';
import { constants as system } from 'node:os';
import { documented, either, runtime, word } from '../copies';
import { type OutsideValue, outside, outsideEach } from '../outside-value';
import { codeBelow, declared, keysIn, stringsAcross, stringsIn } from '../production';

/* What runs beside the bot on the developer's machine, and Node.js itself. */

const PLAYGROUND = '@microsoft/m365agentsplayground/dist/index.js';

/** Error codes of the system. */
const errno = runtime('os.constants.errno', (value) => value in system.errno);
/** Error codes of name resolution, which Node.js has as constants of `dns`. */
const resolution = runtime('dns', (value) => Object.values<unknown>(dns).includes(value));

export const local: readonly OutsideValue[] = [
  ...outsideEach('error of the system', stringsAcross(codeBelow('src'), /^E[A-Z]{4,}$/, 8), either(errno, resolution)),
  outside('busy file of SQLite', declared('src/sqlite/faults.ts', 'SQLITE_BUSY'), documented('sqlite', 'SQLITE_BUSY')),
  outside(
    'locked table of SQLite',
    declared('src/sqlite/faults.ts', 'SQLITE_LOCKED'),
    documented('sqlite', 'SQLITE_LOCKED'),
  ),
  ...outsideEach(
    'option of the playground',
    stringsIn('src/local/playground.ts', /^--[\w-]+$/, 2).map((option) => option.slice(2)),
    word(PLAYGROUND),
  ),
  ...outsideEach(
    'setting of the playground',
    keysIn('src/local/playground.ts', /^[A-Z][A-Z\d]*_[A-Z_]+$/),
    word(PLAYGROUND),
  ),
  ...outsideEach('channel of the playground', stringsIn('src/local/playground.ts', /^msteams$/, 1), word(PLAYGROUND)),
];
