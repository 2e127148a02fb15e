import { PublicError } from '@ramet/errors';

/** Conditions in which a statement is worth another try once the server is well again. */
const OUTAGE_STATES = new Set([
  '25006', // read-only transaction: this server has become a standby
  '25P03', // idle in a transaction for too long
  '25P04', // transaction timeout
  '57014', // statement timeout
  '57P01', // shut down by an administrator
  '57P02', // shut down after a crash
  '57P03', // starting up
  '57P05', // idle session timeout
]);

/** Connection exceptions, insufficient resources, system errors. */
const OUTAGE_CLASSES = new Set(['08', '53', '58']);

const SOCKET_ERRORS = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** The driver's own words: these errors have no code. */
const DRIVER_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client (was closed|has encountered)|Cannot use a pool after calling end|Driver not Connected)/;

/** Of these, what says that the connection itself is gone: shut down, or ended without an answer. */
const LOSS_STATES = new Set(['57P01', '57P02']);
const LOSS_MESSAGES = /^(Connection terminated|Query read timeout|Client has encountered)/;

/** Two transactions that stood in each other's way: one of them may simply be run again. */
const COLLISIONS = new Set(['40001', '40P01']);

/** Tells whether a failure says that the server is away or unwell, not that the statement is wrong. */
export function isOutage(thrown: unknown): boolean {
  const error = driverError(thrown);
  const code = codeOf(error);
  if (code === undefined) return error instanceof Error && DRIVER_MESSAGES.test(error.message);
  if (SOCKET_ERRORS.has(code) || OUTAGE_STATES.has(code)) return true;
  return code.length === 5 && OUTAGE_CLASSES.has(code.slice(0, 2));
}

/** Tells whether a failure says that its connection is gone, and so perhaps others that were idle. */
export function isLoss(thrown: unknown): boolean {
  const error = driverError(thrown);
  const code = codeOf(error);
  if (code === undefined) return error instanceof Error && LOSS_MESSAGES.test(error.message);
  return SOCKET_ERRORS.has(code) || LOSS_STATES.has(code) || /^08...$/.test(code);
}

/** Tells whether a failed transaction may succeed when it is run again at once. */
export function isCollision(thrown: unknown): boolean {
  return COLLISIONS.has(codeOf(driverError(thrown)) ?? '');
}

/** Tells whether a statement failed on the constraint of this name. */
export function violates(thrown: unknown, constraint: string): boolean {
  const error = driverError(thrown);
  return isObject(error) && error.constraint === constraint;
}

/** What to throw for a failed statement: outages and collisions are meant for the caller. */
export function publicFailure(thrown: unknown): unknown {
  if (thrown instanceof PublicError || !(isOutage(thrown) || isCollision(thrown))) return thrown;
  return new PublicError('unavailable', 'DATABASE_UNAVAILABLE', 'the database is not available', {
    cause: thrown,
    retryAfterMs: 1_000,
  });
}

/** The driver's error under those of the mapper and of `publicFailure`. */
function driverError(thrown: unknown): unknown {
  if (thrown instanceof PublicError) return thrown.cause;
  return isObject(thrown) && 'driverError' in thrown ? thrown.driverError : thrown;
}

function codeOf(error: unknown): string | undefined {
  const code = isObject(error) ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
