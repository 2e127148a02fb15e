import {
  type Attributes,
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  type SpanStatus,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import { keepContexts } from './context.js';

/** A span as a test sees it. */
export interface TestSpan {
  readonly name: string;
  readonly kind: number | undefined;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly attributes: Attributes;
  readonly status: SpanStatus | undefined;
}

/** Keeps all spans that end until it is disposed of. Stands in for @ramet/telemetry. */
export function startTestTracing(): Disposable & { readonly spans: TestSpan[] } {
  const spans: TestSpan[] = [];
  let made = 0;
  const startSpan = (name: string, options: SpanOptions = {}, parent: Context = ROOT_CONTEXT) => {
    const outer = trace.getSpanContext(parent);
    made += 1;
    const ids = {
      traceId: outer?.traceId ?? String(made).padStart(32, 'a'),
      spanId: String(made).padStart(16, '0'),
      traceFlags: 1,
    };
    return spanOf(name, options, ids, outer?.spanId, spans);
  };
  const tracer = { startSpan, startActiveSpan: () => assertUnused() };
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
  keepContexts();
  propagation.setGlobalPropagator(TRACEPARENT);
  return {
    spans,
    [Symbol.dispose]() {
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

function spanOf(
  name: string,
  { kind, attributes = {} }: SpanOptions,
  ids: ReturnType<Span['spanContext']>,
  parentId: string | undefined,
  ended: TestSpan[],
): Span {
  const kept: Attributes = { ...attributes };
  let status: SpanStatus | undefined;
  const span: Span = {
    spanContext: () => ids,
    setAttribute(key, value) {
      kept[key] = value;
      return span;
    },
    setStatus(given) {
      status = given;
      return span;
    },
    end() {
      const { traceId, spanId } = ids;
      ended.push({ name, kind, traceId, spanId, parentId, attributes: kept, status });
    },
    setAttributes: () => span,
    addEvent: () => span,
    addLink: () => span,
    addLinks: () => span,
    updateName: () => span,
    isRecording: () => true,
    recordException: () => undefined,
  };
  return span;
}

const TRACEPARENT: TextMapPropagator = {
  fields: () => ['traceparent'],
  inject(inner, carrier, setter) {
    const { traceId, spanId } = trace.getSpanContext(inner) ?? INVALID_SPAN_CONTEXT;
    setter.set(carrier, 'traceparent', `00-${traceId}-${spanId}-01`);
  },
  extract(outer, carrier, getter) {
    const [, traceId, spanId] = String(getter.get(carrier, 'traceparent') ?? '').split('-');
    if (!traceId || !spanId) return outer;
    return trace.setSpanContext(outer, { traceId, spanId, traceFlags: 1, isRemote: true });
  },
};

function assertUnused(): never {
  throw new Error('spans are started and ended by hand');
}
