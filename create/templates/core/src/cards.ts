import { type Attachment, CardFactory } from 'turnwise';

/** What people see first. Its button says "help". */
export function welcomeCard(name: string | undefined): Attachment {
  return CardFactory.adaptiveCard({
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      {
        type: 'TextBlock',
        size: 'large',
        weight: 'bolder',
        text: name === undefined ? 'Welcome!' : `Welcome, ${name}!`,
      },
      { type: 'TextBlock', wrap: true, text: 'I can book a flight, remind you of something, and remember your name.' },
    ],
    actions: [
      { type: 'Action.Submit', title: 'Book a flight', data: { says: 'book a flight' } },
      { type: 'Action.Submit', title: 'Remind me', data: { says: 'remind me' } },
      { type: 'Action.Submit', title: 'Introduce yourself', data: { says: 'introduce' } },
    ],
  });
}

/** What somebody said with the button of a card, if this is what the message is. */
export function saidByCard(value: unknown): string | undefined {
  const says = typeof value === 'object' && value !== null && 'says' in value ? value.says : undefined;
  return typeof says === 'string' ? says : undefined;
}

/** What was booked. */
export function bookingCard({
  destination,
  date,
}: {
  readonly destination: string;
  readonly date: string;
}): Attachment {
  return CardFactory.adaptiveCard({
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      { type: 'TextBlock', weight: 'bolder', text: 'Booked' },
      {
        type: 'FactSet',
        facts: [
          { title: 'To', value: destination },
          { title: 'On', value: date },
        ],
      },
    ],
  });
}
