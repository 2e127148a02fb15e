import { context, propagation, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';

/** Runs work as a part of the trace that has caused it, in a span of its own. */
export type Traced = <Result>(
  cause: string,
  attributes: Readonly<Record<string, string>>,
  work: () => Promise<Result>,
) => Promise<Result>;

/**
 * Makes the function that puts the work of reconcilers into the traces of the calls that caused it.
 *
 * `cause` is a `traceparent`; without one a trace begins.
 */
export function createTraced(name: string): Traced {
  const tracer = trace.getTracer('lifecycle');
  return (cause, attributes, work) => {
    const parent = cause ? propagation.extract(ROOT_CONTEXT, { traceparent: cause }) : ROOT_CONTEXT;
    const span = tracer.startSpan(name, { attributes }, parent);
    return context.with(trace.setSpan(parent, span), async () => {
      try {
        return await work();
      } catch (thrown) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: String(thrown) });
        throw thrown;
      } finally {
        span.end();
      }
    });
  };
}
