import type { ChannelAccount } from './accounts';
import type { Extensible, Untyped } from './json';

/** Metadata about an activity. Kinds that are not named here pass through like the others. */
export interface Entity {
  [property: string]: Untyped;
  type: string;
}

/** Somebody is mentioned; `text` is the part of the message that says so. */
export interface Mention extends Entity {
  type: 'mention' | (string & Record<never, never>);
  mentioned: ChannelAccount;
  text?: string;
}

/** A place that is spoken of. */
export interface Place extends Entity {
  address?: Untyped;
  geo?: Untyped;
  hasMap?: Untyped;
  name?: string;
}

/** A point on the earth. */
export interface GeoCoordinates extends Entity {
  elevation?: number;
  latitude?: number;
  longitude?: number;
  name?: string;
}

/** A thing that is spoken of. */
export interface Thing extends Entity {
  name?: string;
}

/** Marks one piece of a streamed message; `type` is `streaminfo`. */
export interface StreamInfo extends Entity {
  streamId?: string;
  streamType?: 'informative' | 'streaming' | 'final' | (string & Record<never, never>);
  streamSequence?: number;
  streamResult?: string;
}

/** A source that a generated message cites, marked `[position]` in its text. */
export interface Citation extends Extensible {
  '@type'?: 'Claim' | (string & Record<never, never>);
  position: number;
  appearance: {
    '@type'?: string;
    name: string;
    abstract: string;
    url?: string;
    text?: string;
    encodingFormat?: string;
    keywords?: string[];
    image?: { '@type'?: string; name: string };
    usageInfo?: SensitivityUsageInfo;
    [property: string]: unknown;
  };
}

/** How sensitive a message or a source is. */
export interface SensitivityUsageInfo extends Extensible {
  type?: string;
  '@type'?: string;
  name: string;
  description?: string;
  position?: number;
}

/** Labels a message as generated (`https://schema.org/Message`), with its citations. */
export interface MessageEntity extends Entity {
  '@type'?: string;
  '@context'?: string;
  '@id'?: string;
  additionalType?: string[];
  citation?: Citation[];
  usageInfo?: SensitivityUsageInfo;
}
