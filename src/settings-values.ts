import { z } from 'zod';

/* What settings may be, each as a schema of the text that the environment has. */

const GUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const PORT = /^\d{1,5}$/;
export const AAD = /^(?:ClientId=[\da-f-]{8,36};)?Authorization=AAD(?:;ClientId=[\da-f-]{8,36})?;?$/i;

export const text = z.string().max(32_768);
export const guid = text.regex(GUID);
export const days = text.regex(/^[1-9]\d{0,3}$/);
export const port = text.regex(PORT).refine((value) => Number(value) <= 65_535);

/** An absolute address of one of these schemes, without user information, query or fragment. */
export const address = (...protocols: string[]) =>
  text.refine((value) => {
    if (!URL.canParse(value)) return false;
    const { protocol, username, password, search, hash } = new URL(value);
    return protocols.includes(protocol) && [username, password, search, hash].every((part) => part === '');
  });

/** The parts of `TURNWISE_PARENT_BOTS`: app id, tenant id and address of each bot. */
export function parentBotsIn(value: string): readonly (readonly string[])[] {
  return value.split(';').map((bot) => bot.trim().split(/\s+/));
}

/** The addresses are looked at where they are used: on a development machine they may be loopback addresses. */
export function isParentList(value: string): boolean {
  return parentBotsIn(value).every(([appId = '', tenantId = '', address = '', ...more]) => {
    return GUID.test(appId) && GUID.test(tenantId) && URL.canParse(address) && more.length === 0;
  });
}

export const httpsUrl = address('https:');
export const url = address('https:', 'http:');

/** One of a few words in any spelling of their letters' case, as the Bot Framework takes them. */
export const word = (...words: string[]) =>
  text.transform((value, context) => {
    const known = words.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
    if (known === undefined) context.addIssue('unknown word');
    return known ?? value;
  });
