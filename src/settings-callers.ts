import { hostNames, parentBots, type Setting, tidied, vouchingChannels, word } from './settings-values';

/** Settings of the bot that say who may call it, and what is believed of them. */
export const callers = [
  {
    name: 'TURNWISE_PARENT_BOTS',
    group: 'bot',
    meaning:
      'Bots that may call this one as their skill, each with the one address at which it takes replies. They speak for every channel that they forward, so list only bots that you trust as much.',
    allowed: 'app id, tenant id and https address of each, with blanks between them, and `;` between bots',
    default: 'none',
    read: tidied((value) => value.replace(/\s+/g, ' '), parentBots),
  },
  {
    name: 'TURNWISE_EMULATOR',
    group: 'bot',
    meaning:
      "Takes the tokens that the Bot Framework Emulator gets with the bot's own id and secret. On a development machine only.",
    allowed: '`on`',
    read: word('on'),
  },
  {
    name: 'TURNWISE_VOUCHING_CHANNELS',
    group: 'bot',
    meaning:
      'Further channels whose activities are believed about Entra ids, tenants and teams: proactive messages then go where they say. Name one only if no client of it can write these fields (`docs/security.md`).',
    allowed: 'ids of channels such as `directline`, with blanks or commas between them, and not `emulator`',
    default: 'none; `msteams` vouches by itself',
    read: vouchingChannels,
  },
] as const satisfies readonly Setting[];

export const serviceHosts = {
  name: 'TURNWISE_SERVICE_HOSTS',
  group: 'cloud',
  meaning:
    "Further hosts to which the bot's token may be sent, over https: those of a channel that is not on the list of known services. A refusal logs the host that was named.",
  allowed: 'exact host names, with blanks or commas between them',
  default: 'none',
  read: hostNames,
} as const satisfies Setting;
