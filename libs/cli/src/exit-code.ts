import type { StatusName } from '@ramet/rpc';

/** What the exit code of the command says. Scripts depend on it: a meaning never changes. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  conflict: 5,
  unavailable: 6,
  interrupted: 130,
} as const;

/** One of them. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit code for each status that a call can end with. */
export const EXIT_OF_STATUS = {
  INVALID_ARGUMENT: EXIT.usage,
  OUT_OF_RANGE: EXIT.conflict,
  NOT_FOUND: EXIT.notFound,
  UNAUTHENTICATED: EXIT.denied,
  PERMISSION_DENIED: EXIT.denied,
  ALREADY_EXISTS: EXIT.conflict,
  FAILED_PRECONDITION: EXIT.conflict,
  ABORTED: EXIT.conflict,
  RESOURCE_EXHAUSTED: EXIT.conflict,
  UNAVAILABLE: EXIT.unavailable,
  DEADLINE_EXCEEDED: EXIT.unavailable,
  CANCELLED: EXIT.failure,
  UNKNOWN: EXIT.failure,
  UNIMPLEMENTED: EXIT.failure,
  INTERNAL: EXIT.failure,
  DATA_LOSS: EXIT.failure,
} as const satisfies Record<StatusName, ExitCode>;
