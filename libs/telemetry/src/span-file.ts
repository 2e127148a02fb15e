import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type HrTime, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';

/** How long a span may lie in memory: what a kill can lose at most. */
const FLUSH_MS = 50;
const FLUSH_BYTES = 64 * 1024;
/** A file that has grown over this is put aside as `<file>.1`, in place of the one before. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

const KINDS: Readonly<Record<SpanKind, string>> = {
  [SpanKind.INTERNAL]: 'internal',
  [SpanKind.SERVER]: 'server',
  [SpanKind.CLIENT]: 'client',
  [SpanKind.PRODUCER]: 'producer',
  [SpanKind.CONSUMER]: 'consumer',
};

/** Appends each span that has ended to a file, as a line of JSON. */
export class SpanFile implements SpanProcessor {
  readonly #file: string;
  readonly #service: string;
  #fd: number;
  #bytes: number;
  #pending = '';
  #timer: NodeJS.Timeout | undefined;
  readonly #onExit = (): void => this.#flush();

  constructor(file: string, service: string) {
    this.#file = file;
    this.#service = service;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.#fd = openSync(file, 'a', 0o600);
    this.#bytes = statSync(file).size;
    process.on('exit', this.#onExit);
  }

  onStart(): void {
    // A span is written once, when all of it is known.
  }

  onEnd(span: ReadableSpan): void {
    this.#pending += lineOf(span, this.#service);
    if (this.#pending.length >= FLUSH_BYTES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  async forceFlush(): Promise<void> {
    this.#flush();
  }

  async shutdown(): Promise<void> {
    this.#flush();
    process.off('exit', this.#onExit);
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  /** Writes what is pending. A disk that is full loses spans, and nothing else. */
  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#pending;
    this.#pending = '';
    if (text === '' || this.#fd < 0) return;
    try {
      if (this.#bytes > MAX_FILE_BYTES) this.#rotate();
      this.#bytes += writeSync(this.#fd, text);
    } catch {
      // There is nobody to tell that would not be told by the log and the disk itself.
    }
  }

  #rotate(): void {
    renameSync(this.#file, `${this.#file}.1`);
    closeSync(this.#fd);
    this.#fd = openSync(this.#file, 'a', 0o600);
    this.#bytes = 0;
  }
}

/** Written by hand: of these texts only the name and what others made can need escaping. */
function lineOf(span: ReadableSpan, service: string): string {
  const { traceId, spanId } = span.spanContext();
  const ms = Math.round(span.duration[0] * 1e6 + span.duration[1] / 1e3) / 1e3;
  const { code, message = 'ERROR' } = span.status;
  const status = code === SpanStatusCode.ERROR ? message : 'OK';
  return (
    `{"trace_id":"${traceId}","span_id":"${spanId}",` +
    `"parent_span_id":"${span.parentSpanContext?.spanId ?? ''}","service":"${service}",` +
    `"name":${JSON.stringify(span.name)},"kind":"${KINDS[span.kind]}",` +
    `"start":"${timeOf(span.startTime)}","ms":${ms},` +
    `"attributes":${JSON.stringify(span.attributes)},"status":${JSON.stringify(status)}}\n`
  );
}

/** RFC 3339 with microseconds. */
function timeOf([seconds, nanos]: HrTime): string {
  const micros = String(Math.floor(nanos / 1e3)).padStart(6, '0');
  return `${new Date(seconds * 1e3).toISOString().slice(0, 19)}.${micros}Z`;
}
