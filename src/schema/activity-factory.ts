import type { Activity } from './activity';
import type { Attachment, CardAction } from './attachments';
import { CardFactory } from './card-factory';
import { ActionTypes, ActivityTypes } from './constants';
import type { Untyped } from './json';
import { MessageFactory } from './message-factory';

/** An object of Language Generation: its kind stands in `lgType`, and its properties are written in any case. */
type Structure = Record<string, Untyped>;

const { contentTypes } = CardFactory;

const CARDS: ReadonlyMap<string, string> = new Map([
  ['herocard', contentTypes.heroCard],
  ['thumbnailcard', contentTypes.thumbnailCard],
  ['audiocard', contentTypes.audioCard],
  ['videocard', contentTypes.videoCard],
  ['animationcard', contentTypes.animationCard],
  ['signincard', contentTypes.signinCard],
  ['oauthcard', contentTypes.oauthCard],
  ['receiptcard', contentTypes.receiptCard],
]);

/** How the schema spells what may come in any case. */
const ACTIVITY = spellings(
  'type id timestamp localTimestamp localTimezone callerId serviceUrl channelId from conversation recipient textFormat attachmentLayout membersAdded membersRemoved reactionsAdded reactionsRemoved topicName historyDisclosed locale text speak inputHint summary suggestedActions attachments entities channelData action replyToId label valueType value name relatesTo code expiration importance deliveryMode listenFor textHighlights semanticAction',
);
const ACTION = spellings('type title image text displayText value channelData');
const ATTACHMENT = spellings('contentType contentUrl content name thumbnailUrl');
const CARD = spellings(
  'title subtitle text images image buttons tap media shareable autoloop autostart aspect duration value connectionName tokenExchangeResource facts items total tax vat',
);

/** Makes activities of what Language Generation puts out. */
export const ActivityFactory = {
  /** @param lgResult a text, or an object that says in `lgType` what it is: `Activity`, `Attachment`, `HeroCard` and the like */
  fromObject(lgResult: Untyped): Partial<Activity> {
    if (lgResult === undefined || lgResult === null) return { type: ActivityTypes.Message };
    if (typeof lgResult === 'string') return spoken(lgResult);
    if (typeof lgResult !== 'object') return spoken(JSON.stringify(lgResult));
    const kind = kindOf(lgResult);
    if (CARDS.has(kind) || kind === 'attachment') return MessageFactory.attachment(attachmentOf(lgResult));
    return kind === 'activity' ? activityOf(lgResult) : spoken(JSON.stringify(lgResult));
  },
} as const;

function spoken(given: string): Partial<Activity> {
  const text = given.trim();
  return { type: ActivityTypes.Message, ...(text === '' ? {} : { text, speak: text }) };
}

function activityOf(structure: Structure): Partial<Activity> {
  const activity: Structure = { type: ActivityTypes.Message };
  for (const [name, value] of propertiesOf(structure, ACTIVITY)) {
    switch (name) {
      case 'text':
      case 'speak':
        activity[name] = typeof value === 'string' ? value : JSON.stringify(value);
        break;
      case 'attachments':
        activity[name] = listOf(value)
          .filter((each) => typeof each === 'object')
          .map(attachmentOf);
        break;
      case 'suggestedActions':
        activity[name] = { actions: listOf(value).map(actionOf), to: [] };
        break;
      default:
        activity[name] = value;
    }
  }
  return activity as Partial<Activity>;
}

function attachmentOf(structure: Structure): Attachment {
  const kind = kindOf(structure);
  const card = CARDS.get(kind);
  if (card !== undefined) return { contentType: card, content: cardOf(structure, card) };
  if (kind === 'adaptivecard') return CardFactory.adaptiveCard(structure);
  if (kind !== 'attachment') return { contentType: kind, content: structure };
  const attachment: Structure = { contentType: '' };
  for (const [name, value] of propertiesOf(structure, ATTACHMENT, '')) {
    attachment[name] = name === 'contentType' ? contentTypeOf(String(value).toLowerCase()) : value;
  }
  return attachment as unknown as Attachment;
}

function contentTypeOf(name: string): string {
  return CARDS.get(name) ?? (name === 'adaptivecard' ? contentTypes.adaptiveCard : name);
}

function cardOf(structure: Structure, contentType: string): Structure {
  const hasImages = contentType === contentTypes.heroCard || contentType === contentTypes.thumbnailCard;
  const card: Structure = {};
  for (const [name, value] of propertiesOf(structure, CARD, '')) {
    switch (name) {
      case 'tap':
        card.tap = actionOf(value);
        break;
      case 'image':
      case 'images':
        if (hasImages) card.images = [...(card.images ?? []), ...listOf(value).map(urlOf)];
        else card.image = urlOf(value);
        break;
      case 'media':
        card.media = [...(card.media ?? []), ...listOf(value).map(urlOf)];
        break;
      case 'buttons':
        card.buttons = [...(card.buttons ?? []), ...listOf(value).map(actionOf)];
        break;
      case 'autostart':
      case 'shareable':
      case 'autoloop':
        card[name] = truthOf(value);
        break;
      default:
        card[name] = value;
    }
  }
  return card;
}

function actionOf(given: Untyped): CardAction {
  if (typeof given === 'string') return { type: ActionTypes.ImBack, value: given, title: given };
  const action: Structure = { type: ActionTypes.ImBack, title: '', value: '' };
  if (kindOf(given) === 'cardaction') Object.assign(action, Object.fromEntries(propertiesOf(given, ACTION)));
  return action as unknown as CardAction;
}

function urlOf(given: Untyped): Structure {
  if (!given) return {};
  return typeof given === 'string' ? { url: given } : given;
}

function truthOf(value: Untyped): Untyped {
  const text = String(value).toLowerCase();
  return text === 'true' || text === 'false' ? text === 'true' : value;
}

function listOf(value: Untyped): Untyped[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** In lower case; that of an Adaptive Card stands in `type`. */
function kindOf(structure: Untyped): string {
  if (typeof structure !== 'object' || structure === null) return '';
  return String(structure.lgType ?? structure.type ?? '')
    .trim()
    .toLowerCase();
}

/** The properties as the schema spells them. @param kind the property that says what the structure is, and is left out */
function propertiesOf(structure: Structure, known: ReadonlyMap<string, string>, kind = 'lgType'): [string, Untyped][] {
  return Object.entries(structure)
    .map(([name, value]): [string, Untyped] => [name.trim(), value])
    .filter(([name]) => name !== kind)
    .map(([name, value]) => [known.get(name.toLowerCase()) ?? name, value]);
}

function spellings(names: string): ReadonlyMap<string, string> {
  return new Map(names.split(' ').map((name) => [name.toLowerCase(), name]));
}
