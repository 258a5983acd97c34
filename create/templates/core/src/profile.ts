/** What the bot remembers of a user, in every conversation with them. */
export interface Profile {
  readonly name?: string;
}
