/** How far a user has read. */
export class ReadReceiptInfo {
  /** @param lastReadMessageId the id of the last message that the user read */
  constructor(readonly lastReadMessageId: string) {}

  /** Whether the message with the first id was read, when that with the second is the last that was. Ids of Teams are times. */
  static isMessageRead(compareMessageId: string | undefined, lastReadMessageId: string | undefined): boolean {
    const compared = Number(compareMessageId?.trim() || Number.NaN);
    const lastRead = Number(lastReadMessageId?.trim() || Number.NaN);
    return Boolean(compared && lastRead) && compared <= lastRead;
  }

  /** Whether the message with this id was read. */
  isMessageRead(compareMessageId: string): boolean {
    return ReadReceiptInfo.isMessageRead(compareMessageId, this.lastReadMessageId);
  }
}
