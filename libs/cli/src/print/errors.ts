import { RemoteError } from '@ramet/rpc';
import { CommanderError } from 'commander';
import { EXIT, EXIT_OF_STATUS, type ExitCode } from '../exit-code.js';
import { FailedError, NotFoundError, UsageError } from '../usage-error.js';
import { milliseconds } from './values.js';
import { visible } from './width.js';

/** A failure in the words of the command, for people and for programs. */
export interface Failure {
  readonly exitCode: ExitCode;
  readonly message: string;
  /** The gRPC status, where a service answered. */
  readonly code?: string;
  readonly reason?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly violations?: readonly { readonly field: string; readonly description: string }[];
  readonly retryAfterMs?: number;
  readonly traceId?: string;
  readonly correlationId?: string;
}

/** What a thrown value means for whoever ran the command. */
export function toFailure(thrown: unknown, interrupted: boolean): Failure {
  if (interrupted) return { exitCode: EXIT.interrupted, message: 'interrupted' };
  if (thrown instanceof RemoteError) return ofRemote(thrown);
  if (thrown instanceof CommanderError) {
    return { exitCode: EXIT.usage, message: thrown.message.replace(/^error: /, '') };
  }
  if (thrown instanceof UsageError) return { exitCode: EXIT.usage, message: thrown.message };
  if (thrown instanceof NotFoundError) return { exitCode: EXIT.notFound, message: thrown.message };
  if (thrown instanceof FailedError) return { exitCode: EXIT.failure, message: thrown.message };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { exitCode: EXIT.failure, message };
}

/** Lays a failure out for people: what, why, which fields, when to try again, what to quote. */
export function layFailure(failure: Failure): string {
  const { code, reason, metadata = {}, violations = [], retryAfterMs, traceId } = failure;
  const why = [...new Set([code, reason])].filter(Boolean).join(', ');
  // The message of a bad request repeats its fields, which stand in lines of their own.
  const message = violations.length > 0 ? 'the request has bad fields' : visible(failure.message);
  const details = violations.map(({ field, description }) => `${field}: ${description}`);
  return [
    `error: ${message}${why && ` (${why})`}`,
    ...details.map((detail) => `  ${visible(detail)}`),
    ...Object.entries(metadata).map(([name, value]) => `  ${visible(`${name}: ${value}`)}`),
    ...(retryAfterMs === undefined ? [] : [`  try again in ${wait(retryAfterMs)}`]),
    ...(traceId ? [`  trace: ${traceId}`] : []),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** Lays a failure out for programs: one JSON object on one line. */
export function failureJson(failure: Failure): string {
  return `${JSON.stringify({ error: failure })}\n`;
}

/** How long to wait. Rounded up: who comes too soon is refused again. */
function wait(ms: number): string {
  return milliseconds(ms < 1_000 ? Math.ceil(ms) : Math.ceil(ms / 1_000) * 1_000);
}

/** Says in plain words what the transport says of a server that is not there. */
function plainly(message: string): string {
  const [, why, address] = /connect (E[A-Z]+) (\S+?)\.?(?:\s|$)/.exec(message) ?? [];
  return why && address ? `nobody answers at ${address} (${why})` : message;
}

function ofRemote(error: RemoteError): Failure {
  const { code, reason, message, metadata, violations, retryAfterMs } = error;
  const { traceId, correlationId } = error;
  return {
    exitCode: EXIT_OF_STATUS[code] ?? EXIT.failure,
    code,
    reason,
    message: reason === '' ? plainly(message) : message,
    metadata,
    violations,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    traceId,
    correlationId,
  };
}
