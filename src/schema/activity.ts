/** A JSON object with any properties: what the schema does not name passes through untouched. */
export interface Extensible {
  [property: string]: unknown;
}

export interface ChannelAccount extends Extensible {
  id: string;
  name?: string;
  aadObjectId?: string;
  role?: string;
}

export interface ConversationAccount extends Extensible {
  id: string;
  isGroup?: boolean;
  conversationType?: string;
  tenantId?: string;
  name?: string;
}

/** The Bot Framework Activity schema's central object. */
export interface Activity extends Extensible {
  type: string;
  id?: string;
  timestamp?: string;
  channelId: string;
  serviceUrl: string;
  from: ChannelAccount;
  recipient: ChannelAccount;
  conversation: ConversationAccount;
  replyToId?: string;
  text?: string;
  value?: unknown;
  name?: string;
  deliveryMode?: string;
}
