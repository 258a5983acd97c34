import type { StatusCodes } from '../schema/constants';
import type { InvokeResponse } from '../schema/invoke';

/** Thrown by an invoke handler to answer with a status, and a body if it likes, instead of failing the turn. */
export class InvokeException<T = unknown> extends Error {
  override readonly name: string = 'InvokeException';

  constructor(
    private readonly status: StatusCodes | number,
    private readonly response?: T,
  ) {
    super();
  }

  /** The answer it stands for. */
  createInvokeResponse(): InvokeResponse<T> {
    return this.response === undefined ? { status: this.status } : { status: this.status, body: this.response };
  }
}
