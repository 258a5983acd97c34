import type { Activity } from '../schema/activity';
import type { TranscriptLogger } from './transcript';

/** Writes activities to the console. For development: they hold what users say. */
export class ConsoleTranscriptLogger implements TranscriptLogger {
  /** @throws Error without an activity */
  logActivity(activity: Activity): void {
    if (!activity) throw new Error('Activity is required.');
    console.log('Activity Log:', activity);
  }
}
