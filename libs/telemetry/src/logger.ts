import { isSpanContextValid, trace } from '@opentelemetry/api';
import { destination, type Level, type LevelWithSilent, pino, stdTimeFunctions } from 'pino';
import { redact, redactFields } from './redact.js';

type Fields = Readonly<Record<string, unknown>>;

/** Writes log lines: a constant message, and fields that say what it is about. */
export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

/** How much is logged. `silent` is nothing. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** What is logged, and where. */
export interface LoggerOptions {
  readonly service: string;
  readonly level: LogLevel;
  /** Standard output if absent. */
  readonly file?: string;
}

/**
 * Makes the logger of a process: JSON lines with the ids of the active span.
 *
 * Lines are written at once, so that the last ones before a kill are there.
 */
export function createLogger({ service, level, file }: LoggerOptions): Logger {
  const out = destination({ dest: file ?? 1, mkdir: true, sync: true });
  const lines = pino(
    {
      level: level satisfies LevelWithSilent,
      base: { service, pid: process.pid },
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    out,
  );
  const at =
    (name: Exclude<Level, 'trace' | 'fatal'>) =>
    (message: string, fields: Fields = {}): void => {
      if (!lines.isLevelEnabled(name)) return;
      lines[name]({ ...traceIds(), ...redactFields(fields) }, String(redact(message)));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function traceIds(): Fields {
  const span = trace.getActiveSpan()?.spanContext();
  if (!span || !isSpanContextValid(span)) return {};
  return { trace_id: span.traceId, span_id: span.spanId };
}
