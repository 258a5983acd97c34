import type { CardAction } from './attachments';
import type { Extensible, Untyped } from './json';
import type { TokenExchangeResource, TokenPostResource } from './tokens';

/** An image of a card. */
export interface CardImage extends Extensible {
  url: string;
  alt?: string;
  tap?: CardAction;
}

/** A still image of something that plays. */
export interface ThumbnailUrl extends Extensible {
  url: string;
  alt?: string;
}

/** Where a card finds what it plays. */
export interface MediaUrl extends Extensible {
  url: string;
  profile?: string;
}

/** Title, text, images and buttons: the shape that hero and thumbnail cards share. */
export interface BasicCard extends Extensible {
  title?: string;
  subtitle?: string;
  text?: string;
  images?: CardImage[];
  buttons?: CardAction[];
  tap?: CardAction;
}

/** A card with a large image. */
export interface HeroCard extends BasicCard {}

/** A card with a small image. */
export interface ThumbnailCard extends BasicCard {}

/** The shape that audio, video and animation cards share. */
export interface MediaCard extends Extensible {
  title?: string;
  subtitle?: string;
  text?: string;
  image?: ThumbnailUrl;
  media?: MediaUrl[];
  buttons?: CardAction[];
  shareable?: boolean;
  autoloop?: boolean;
  autostart?: boolean;
  aspect?: string;
  /** ISO 8601 duration. */
  duration?: string;
  value?: Untyped;
}

/** A card that plays a short loop. */
export interface AnimationCard extends MediaCard {}

/** A card that plays sound. */
export interface AudioCard extends MediaCard {}

/** A card that plays a film. */
export interface VideoCard extends MediaCard {}

/** The value of an event that a media card raises. */
export interface MediaEventValue extends Extensible {
  cardValue?: Untyped;
}

/** A line of a receipt: a name and a value. */
export interface Fact extends Extensible {
  key: string;
  value: string;
}

/** One thing that was bought. */
export interface ReceiptItem extends Extensible {
  title?: string;
  subtitle?: string;
  text?: string;
  image?: CardImage;
  price?: string;
  quantity?: string;
  tap?: CardAction;
}

/** A card with what was bought. */
export interface ReceiptCard extends Extensible {
  title?: string;
  facts?: Fact[];
  items?: ReceiptItem[];
  tap?: CardAction;
  total?: string;
  tax?: string;
  vat?: string;
  buttons?: CardAction[];
}

/** A card with a button to sign in. */
export interface SigninCard extends Extensible {
  text?: string;
  buttons: CardAction[];
}

/** A card that signs a user in to a connection. */
export interface OAuthCard extends Extensible {
  text?: string;
  connectionName: string;
  tokenExchangeResource?: TokenExchangeResource;
  tokenPostResource?: TokenPostResource;
  buttons: CardAction[];
}

/** An action of a connector card; which other properties it has depends on `@type`. */
export interface O365ConnectorCardActionBase extends Extensible {
  '@type'?: string;
  name?: string;
  '@id'?: string;
}

/** A name and its value. */
export interface O365ConnectorCardFact extends Extensible {
  name?: string;
  value?: string;
}

/** One picture of a section. */
export interface O365ConnectorCardImage extends Extensible {
  image?: string;
  title?: string;
}

/** A part of the card, with facts, pictures and actions of its own. */
export interface O365ConnectorCardSection extends Extensible {
  title?: string;
  text?: string;
  activityTitle?: string;
  activitySubtitle?: string;
  activityText?: string;
  activityImage?: string;
  activityImageType?: string;
  markdown?: boolean;
  facts?: O365ConnectorCardFact[];
  images?: O365ConnectorCardImage[];
  potentialAction?: O365ConnectorCardActionBase[];
}

/** The connector card of Microsoft 365. */
export interface O365ConnectorCard extends Extensible {
  title?: string;
  text?: string;
  summary?: string;
  themeColor?: string;
  sections?: O365ConnectorCardSection[];
  potentialAction?: O365ConnectorCardActionBase[];
}
