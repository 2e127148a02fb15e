import type { Handlers, InvalidHandlers } from './method.js';

/** A service with its handlers, ready to be served. */
export interface Implemented {
  readonly definition: object;
  readonly handlers: object;
  /** Who is told of requests that break a bound of the contract, by method. */
  readonly invalid?: object;
}

/**
 * Joins a generated definition with its handlers. The compiler asks for one per method; those that are
 * told of requests that break a bound of the contract are for who has to keep account of refusals.
 */
export function implement<Service extends object>(
  definition: Service,
  handlers: Handlers<Service>,
  invalid: InvalidHandlers<Service> = {},
): Implemented {
  return { definition, handlers, invalid };
}
