/** What a message asks of the bot, in words that are its text. */
export interface Orders {
  /** Names the message: its reply repeats it. */
  readonly id: string;
  /** How long the handler works, in ms. */
  readonly workMs?: number;
  /** How large the conversation's state is to be, in KB. */
  readonly stateKb?: number;
}

/** A message as Teams sends it, of about a kilobyte. */
export function message(serviceUrl: string, conversation: string, user: string, orders: Orders): unknown {
  return {
    type: 'message',
    id: orders.id,
    timestamp: new Date().toISOString(),
    localTimestamp: new Date().toISOString(),
    localTimezone: 'Europe/Berlin',
    serviceUrl,
    channelId: 'msteams',
    from: { id: user, name: 'A person with a name', aadObjectId: '6f1a2b3c-0000-4000-8000-000000000001', role: 'user' },
    conversation: { id: conversation, conversationType: 'personal', tenantId: '9d0c1b2a-0000-4000-8000-000000000002' },
    recipient: { id: '28:11111111-2222-4333-8444-555555555555', name: 'Bench' },
    textFormat: 'plain',
    text: JSON.stringify(orders),
    locale: 'en-US',
    attachments: [
      { contentType: 'text/html', content: `<p>${'A paragraph that says the same again. '.repeat(8)}</p>` },
    ],
    entities: [{ type: 'clientInfo', locale: 'en-US', country: 'US', platform: 'Web', timezone: 'Europe/Berlin' }],
    channelData: { tenant: { id: '9d0c1b2a-0000-4000-8000-000000000002' }, source: { name: 'text' } },
  };
}
