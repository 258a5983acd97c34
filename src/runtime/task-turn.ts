import type { Turn } from '../bot/turn';
import type { PostSink } from './post';

/** A turn of the runtime's own, with the means to post. */
export interface TaskTurn extends Turn {
  readonly posts: Pick<PostSink, 'post'>;
}
