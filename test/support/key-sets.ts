import { randomBytes } from 'node:crypto';

/** Channels that a key of Bot Service endorses, about as many as the live ones do. */
const ENDORSED = [
  ...['msteams', 'skype', 'slack', 'telegram', 'kik', 'email', 'groupme', 'sms', 'cortana', 'facebook', 'line'],
  ...[
    'directlinespeech',
    'telephony',
    'outlook',
    'm365extensions',
    'agents',
    'test',
    'omnichannel',
    'alexa',
    'kaizala',
  ],
];

/**
 * Keys of the size and shape of those that Bot Service publishes: 2048 bits, a certificate of 2.4 KB in base64, some 3.5 KB in all. Every
 * third one lists no endorsements, as the keys for Web Chat and Direct Line. They belong to nobody: making 300 real ones takes half a minute.
 */
export function realSizedKeys(count: number): Readonly<Record<string, unknown>>[] {
  return Array.from({ length: count }, (_, index) => {
    const modulus = randomBytes(256);
    modulus[0] = 0x80 | (modulus[0] ?? 0);
    modulus[255] = 1 | (modulus[255] ?? 0);
    const kid = randomBytes(20).toString('base64url');
    return {
      kty: 'RSA',
      use: 'sig',
      kid,
      x5t: kid,
      n: modulus.toString('base64url'),
      e: 'AQAB',
      x5c: [randomBytes(1_800).toString('base64')],
      ...(index % 3 === 0 ? {} : { endorsements: ENDORSED }),
    };
  });
}
