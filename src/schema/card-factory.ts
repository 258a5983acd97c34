import type { Attachment, CardAction } from './attachments';
import type {
  AnimationCard,
  AudioCard,
  BasicCard,
  CardImage,
  HeroCard,
  MediaCard,
  MediaUrl,
  O365ConnectorCard,
  OAuthCard,
  ReceiptCard,
  SigninCard,
  ThumbnailCard,
  VideoCard,
} from './cards';
import { ActionTypes } from './constants';
import type { TokenExchangeResource, TokenPostResource } from './tokens';

const contentTypes = {
  adaptiveCard: 'application/vnd.microsoft.card.adaptive',
  animationCard: 'application/vnd.microsoft.card.animation',
  audioCard: 'application/vnd.microsoft.card.audio',
  heroCard: 'application/vnd.microsoft.card.hero',
  receiptCard: 'application/vnd.microsoft.card.receipt',
  oauthCard: 'application/vnd.microsoft.card.oauth',
  o365ConnectorCard: 'application/vnd.microsoft.teams.card.o365connector',
  signinCard: 'application/vnd.microsoft.card.signin',
  thumbnailCard: 'application/vnd.microsoft.card.thumbnail',
  videoCard: 'application/vnd.microsoft.card.video',
} as const;

/** Buttons; a string becomes one that says that string (`imBack`). */
function actions(list: (CardAction | string)[] | undefined): CardAction[] {
  return (list ?? []).map((action) =>
    typeof action === 'object' ? action : { type: ActionTypes.ImBack, value: `${action}`, title: `${action}` },
  );
}

/** Images; a string is the address of one. */
function images(list: (CardImage | string)[] | undefined): CardImage[] {
  return (list ?? []).map((image) => (typeof image === 'object' ? image : { url: image }));
}

/** Media; a string is the address of one. */
function media(list: (MediaUrl | string)[] | undefined): MediaUrl[] {
  return (list ?? []).map((link) => (typeof link === 'object' ? link : { url: link }));
}

function mediaCard(
  contentType: string,
  title: string,
  links: (MediaUrl | string)[],
  buttons: (CardAction | string)[] | undefined,
  other: MediaCard | undefined,
): Attachment {
  const card: MediaCard = { ...other };
  if (title) card.title = title;
  card.media = media(links);
  if (buttons) card.buttons = actions(buttons);
  return { contentType, content: card };
}

type Images = (CardImage | string)[];
type Buttons = (CardAction | string)[];

/** What follows the title: with a text, `text, images, buttons, other`; without one, `images, buttons, other`. */
type BasicCardRest<Card> =
  | [images?: Images, buttons?: Buttons, other?: Partial<Card>]
  | [text: string, images?: Images, buttons?: Buttons, other?: Partial<Card>];

function withText<Card>(rest: BasicCardRest<Card>): [string | undefined, Images?, Buttons?, Partial<Card>?] {
  // As in the Bot Framework SDK: what is not a string in the text's place is the images, and the rest moves up.
  return typeof rest[0] === 'string' ? (rest as [string]) : ([undefined, ...rest] as [undefined]);
}

function basicCard<Card extends BasicCard>(contentType: string, title: string, rest: BasicCardRest<Card>): Attachment {
  const [text, pictures, buttons, other] = withText(rest);
  const card: BasicCard = { ...(other as BasicCard | undefined) };
  if (title) card.title = title;
  if (text) card.text = text;
  if (pictures) card.images = images(pictures);
  if (buttons) card.buttons = actions(buttons);
  return { contentType, content: card };
}

function signinButton(title: string, link: string | undefined): CardAction {
  const button: CardAction = { type: ActionTypes.Signin, title };
  if (link !== undefined) button.value = link;
  return button;
}

/** Makes attachments that are cards. `other` holds further properties of the card; what is given by position wins. */
export const CardFactory = {
  /** Content type of each card. */
  contentTypes,
  actions,
  images,
  media,

  /** An Adaptive Card, from its JSON as the designer gives it. */
  adaptiveCard(card: unknown): Attachment {
    return { contentType: contentTypes.adaptiveCard, content: card };
  },

  animationCard(
    title: string,
    links: (MediaUrl | string)[],
    buttons?: (CardAction | string)[],
    other?: Partial<AnimationCard>,
  ): Attachment {
    return mediaCard(contentTypes.animationCard, title, links, buttons, other);
  },

  audioCard(
    title: string,
    links: (MediaUrl | string)[],
    buttons?: (CardAction | string)[],
    other?: Partial<AudioCard>,
  ): Attachment {
    return mediaCard(contentTypes.audioCard, title, links, buttons, other);
  },

  videoCard(
    title: string,
    links: (MediaUrl | string)[],
    buttons?: (CardAction | string)[],
    other?: Partial<VideoCard>,
  ): Attachment {
    return mediaCard(contentTypes.videoCard, title, links, buttons, other);
  },

  /** `heroCard(title, images?, buttons?, other?)` or `heroCard(title, text, images?, buttons?, other?)`. */
  heroCard(title: string, ...rest: BasicCardRest<HeroCard>): Attachment {
    return basicCard(contentTypes.heroCard, title, rest);
  },

  /** `thumbnailCard(title, images?, buttons?, other?)` or `thumbnailCard(title, text, images?, buttons?, other?)`. */
  thumbnailCard(title: string, ...rest: BasicCardRest<ThumbnailCard>): Attachment {
    return basicCard(contentTypes.thumbnailCard, title, rest);
  },

  receiptCard(card: ReceiptCard): Attachment {
    return { contentType: contentTypes.receiptCard, content: card };
  },

  /** A connector card of Microsoft 365, from its JSON. */
  o365ConnectorCard(card: O365ConnectorCard): Attachment {
    return { contentType: contentTypes.o365ConnectorCard, content: card };
  },

  /** A button that opens a sign-in page of your own. */
  signinCard(title: string, url: string, text?: string): Attachment {
    const card: SigninCard = { buttons: [signinButton(title, url)] };
    if (text) card.text = text;
    return { contentType: contentTypes.signinCard, content: card };
  },

  /** A button that signs in with an OAuth connection of the bot. */
  oauthCard(
    connectionName: string,
    title: string,
    text?: string,
    link?: string,
    tokenExchangeResource?: TokenExchangeResource,
    tokenPostResource?: TokenPostResource,
  ): Attachment {
    const card: OAuthCard = { buttons: [signinButton(title, link)], connectionName };
    if (text) card.text = text;
    if (tokenExchangeResource) card.tokenExchangeResource = tokenExchangeResource;
    if (tokenPostResource) card.tokenPostResource = tokenPostResource;
    return { contentType: contentTypes.oauthCard, content: card };
  },
} as const;
