/*
 * What settings may be. A setting is one short text, read before anything else at every cold start: a schema library would take longer to
 * load than everything that it checks here takes to do.
 */

/** Reads a setting's text. @returns what is meant, or `undefined` for what it may not be */
export type Reading = (text: string) => string | undefined;

const LONGEST = 32_768;

export const matching =
  (pattern: RegExp): Reading =>
  (text) =>
    text.length <= LONGEST && pattern.test(text) ? text : undefined;

/** As another reading has it, once the text has been tidied up. */
export const tidied =
  (tidy: (text: string) => string, reading: Reading): Reading =>
  (text) =>
    text.length <= LONGEST ? reading(tidy(text)) : undefined;

const GUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const AAD = /^(?:ClientId=[\da-f-]{8,36};)?Authorization=AAD(?:;ClientId=[\da-f-]{8,36})?;?$/i;

export const text = matching(/^/);
export const guid = matching(GUID);
export const days = matching(/^[1-9]\d{0,3}$/);
export const entraIngestion = matching(AAD);
export const port: Reading = (text) => (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? text : undefined);

/** An absolute address of one of these schemes, without user information, query or fragment. */
const address =
  (...protocols: string[]): Reading =>
  (text) => {
    if (text.length > LONGEST || !URL.canParse(text)) return undefined;
    const { protocol, username, password, search, hash } = new URL(text);
    const bare = [username, password, search, hash].every((part) => part === '');
    return protocols.includes(protocol) && bare ? text : undefined;
  };

export const httpsUrl = address('https:');
export const url = address('https:', 'http:');

/** One of a few words in any spelling of their letters' case, as the Bot Framework takes them. */
export const word =
  (...words: string[]): Reading =>
  (text) =>
    words.find((candidate) => candidate.toLowerCase() === text.toLowerCase());

const HOST_NAME = /^(?=.{1,253}$)(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z](?:[a-z\d-]{0,61}[a-z\d])?$/;

/** Returns the parts of a list of names, such as `TURNWISE_SERVICE_HOSTS`. */
export function namesIn(value: string): readonly string[] {
  return value.split(/[\s,]+/).filter((name) => name !== '');
}

/** Reads exact host names. An address, a port, a wildcard or an IP address is refused: it would allow more than one known service. */
export const hostNames: Reading = (text) => {
  const lower = text.toLowerCase();
  return namesIn(lower).every((name) => HOST_NAME.test(name)) ? lower : undefined;
};

const CHANNEL = /^[a-z\d][a-z\d-]{0,63}$/;

/** The Emulator writes what its user types, and the runtime's own channel has no clients. */
const NEVER_VOUCHING: readonly string[] = ['emulator', 'turnwise'];

/** Reads ids of channels that vouch for their activities. */
export const vouchingChannels: Reading = (text) => {
  const lower = text.toLowerCase();
  return namesIn(lower).every((name) => CHANNEL.test(name) && !NEVER_VOUCHING.includes(name)) ? lower : undefined;
};

/** The parts of `TURNWISE_PARENT_BOTS`: app id, tenant id and address of each bot. */
export function parentBotsIn(value: string): readonly (readonly string[])[] {
  return value.split(';').map((bot) => bot.trim().split(/\s+/));
}

/** The addresses are looked at where they are used: on a development machine they may be loopback addresses. */
export const parentBots: Reading = (text) => {
  const valid = parentBotsIn(text).every(([appId = '', tenantId = '', address = '', ...more]) => {
    return GUID.test(appId) && GUID.test(tenantId) && URL.canParse(address) && more.length === 0;
  });
  return valid ? text : undefined;
};

/** One setting: a name in the environment, what it means, and what it may be. `docs/configuration.md` is made of these. */
export interface Setting {
  readonly name: string;
  readonly group: 'bot' | 'cloud' | 'store' | 'earlier' | 'lifetimes' | 'queue' | 'notify' | 'telemetry' | 'runner';
  readonly meaning: string;
  /** Completes "… has to be", in the documentation and in the error. */
  readonly allowed: string;
  /** Default, in words or as a value. */
  readonly default?: string;
  /** Never shown, and wrapped as soon as it is read. */
  readonly secret?: true;
  readonly read: Reading;
}
