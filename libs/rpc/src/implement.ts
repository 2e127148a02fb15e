import type { Handlers } from './method.js';

/** A service with its handlers, ready to be served. */
export interface Implemented {
  readonly definition: object;
  readonly handlers: object;
}

/** Joins a generated definition with its handlers. The compiler asks for one per method. */
export function implement<Service extends object>(
  definition: Service,
  handlers: Handlers<Service>,
): Implemented {
  return { definition, handlers };
}
