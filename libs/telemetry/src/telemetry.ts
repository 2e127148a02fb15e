import { join } from 'node:path';
import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { createLogger, type Logger, type LogLevel } from './logger.js';
import { serveMetrics } from './metrics.js';
import { SpanFile } from './span-file.js';

/** How a process is to be observed. */
export interface TelemetryOptions {
  /** The name of the service: in every span, line and measurement. */
  readonly service: string;
  /** Where spans are written, to `<service>.jsonl`. Without it they are made and not kept. */
  readonly tracesDir?: string;
  /** Where Prometheus may read, on loopback. Any free port if 0; nowhere if absent. */
  readonly metricsPort?: number;
  readonly logLevel: LogLevel;
  /** Standard output if absent. */
  readonly logFile?: string;
}

/** A process that can be observed. Disposing of it writes what is pending. */
export interface Telemetry extends AsyncDisposable {
  readonly logger: Logger;
  readonly metricsPort: number | undefined;
}

/**
 * Sets up spans, measurements and the log of this process.
 *
 * To be called once, before servers and clients are made: they ask for tracer and meter then.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { service, tracesDir, metricsPort, logLevel, logFile } = options;
  const logger = createLogger({ service, level: logLevel, ...(logFile && { file: logFile }) });
  const resource = resourceFromAttributes({
    'service.name': service,
    'service.instance.id': `${service}-${process.pid}`,
    'process.pid': process.pid,
  });
  const served = metricsPort === undefined ? undefined : await serveMetrics(resource, metricsPort);
  if (served) metrics.setGlobalMeterProvider(served.provider);
  const stopTracing = startTracing(resource, service, tracesDir);

  return {
    logger,
    metricsPort: served?.port,
    async [Symbol.asyncDispose]() {
      await stopTracing();
      metrics.disable();
      await served?.[Symbol.asyncDispose]();
    },
  };
}

function startTracing(
  resource: Resource,
  service: string,
  directory: string | undefined,
): () => Promise<void> {
  const file = directory && new SpanFile(join(directory, `${service}.jsonl`), service);
  const provider = new BasicTracerProvider({ resource, spanProcessors: file ? [file] : [] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return async () => {
    await provider.shutdown();
    trace.disable();
    propagation.disable();
    context.disable();
  };
}
