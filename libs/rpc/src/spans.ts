import type { Metadata } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import {
  type Context,
  type Counter,
  context,
  type Histogram,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type TextMapSetter,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Caller } from './call.js';

/** A span, and the context that makes it the parent of what happens meanwhile. */
export interface OpenSpan {
  readonly span: Span;
  readonly context: Context;
}

const GETTER: TextMapGetter<Metadata> = {
  keys: (metadata) => Object.keys(metadata.getMap()),
  get: (metadata, key) => metadata.get(key).map(String),
};
const SETTER: TextMapSetter<Metadata> = {
  set: (metadata, key, value) => metadata.set(key, value),
};

/** What spans and measurements say of a method. */
export interface MethodLabels {
  readonly 'rpc.system': 'grpc';
  readonly 'rpc.service': string;
  readonly 'rpc.method': string;
}

/** The labels of a method, from its path. */
export function labelsOf(path: string): MethodLabels {
  const [, service = '', method = ''] = path.split('/');
  return { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method };
}

/** The maker of spans. Asked for when a server or client is made: telemetry comes before. */
export function createTracer(): Tracer {
  return trace.getTracer('@ramet/rpc');
}

/** Opens the span of a call that has come in, as a child of the caller's. */
export function openServerSpan(
  tracer: Tracer,
  { path, labels }: { readonly path: string; readonly labels: MethodLabels },
  metadata: Metadata,
): OpenSpan {
  const parent = propagation.extract(ROOT_CONTEXT, metadata, GETTER);
  const options = { kind: SpanKind.SERVER, attributes: { ...labels } };
  const span = tracer.startSpan(path.slice(1), options, parent);
  return { span, context: trace.setSpan(parent, span) };
}

/** Opens the span of a call that goes out, and puts it into the metadata. */
export function openClientSpan(
  tracer: Tracer,
  { path, labels }: { readonly path: string; readonly labels: MethodLabels },
  metadata: Metadata,
): OpenSpan {
  const parent = context.active();
  const options = { kind: SpanKind.CLIENT, attributes: { ...labels } };
  const span = tracer.startSpan(path.slice(1), options, parent);
  const inner = trace.setSpan(parent, span);
  propagation.inject(inner, metadata, SETTER);
  return { span, context: inner };
}

/** Says on the span of a served call who has called. */
export function describeCaller({ span }: OpenSpan, { kind, id }: Caller): void {
  span.setAttribute('ramet.caller', `${kind}:${id}`);
  if (kind === 'service') span.setAttribute('ramet.caller_service', id);
  if (kind === 'workload') span.setAttribute('ramet.caller_service', 'runner');
}

/** Ends a span with the status of its call. */
export function endSpan({ span }: OpenSpan, code: status): void {
  span.setAttribute('rpc.grpc.status_code', code);
  if (code !== status.OK) span.setStatus({ code: SpanStatusCode.ERROR, message: status[code] });
  span.end();
}

const BUCKETS_MS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000];

/** Makes the measurement of calls served. Counts for nothing unless telemetry was started first. */
export function createDurations(): Histogram {
  return metrics.getMeter('@ramet/rpc').createHistogram('rpc_server_duration', {
    description: 'How long calls took to serve.',
    unit: 'ms',
    advice: { explicitBucketBoundaries: BUCKETS_MS },
  });
}

/** Makes the count of calls that were refused for their caller's rate. */
export function createRefusals(): Counter {
  return metrics.getMeter('@ramet/rpc').createCounter('rpc_server_throttled', {
    description: 'Calls that were refused for the rate of their caller.',
  });
}
