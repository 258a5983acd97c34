import { TurnLines } from './turn-lines';

/** What a process knows of the conversations that it is at work on. It saves work and time; nothing is decided by it. */
export class InProcess {
  /** Inline runs that would get in each other's way. */
  readonly runs = new TurnLines();
  /** Commits of inline runs, which all write the conversation's record. */
  readonly commits = new TurnLines();
}
