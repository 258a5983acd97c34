/** How long an app keeps what it would otherwise keep for good, in ms. What is absent is kept until somebody removes it. */
export interface Lifetimes {
  /** Dead letters, from their death. */
  readonly deadLettersMs?: number;
  /** Conversations in which nothing has happened for so long, with their state. */
  readonly conversationsMs?: number;
  /** State of users that no turn has changed for so long. */
  readonly usersMs?: number;
}
