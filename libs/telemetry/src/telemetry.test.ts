import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { startTelemetry } from './telemetry.js';

type Line = Record<string, unknown> & { readonly attributes: Record<string, unknown> };

describe('telemetry', () => {
  let directory = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'telemetry-'));
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  it('writes each span that has ended as a line', async () => {
    {
      await using _ = await start();
      const tracer = trace.getTracer('test');
      tracer.startActiveSpan('outer', { kind: SpanKind.SERVER }, (outer) => {
        const inner = tracer.startSpan('inner', { attributes: { 'rpc.method': 'Stop' } });
        inner.setStatus({ code: SpanStatusCode.ERROR, message: 'NOT_FOUND' });
        inner.end();
        outer.end();
      });
    }

    const [inner, outer] = linesOf<Line>('keys.jsonl');
    assert.ok(inner && outer);
    assert.equal(inner.parent_span_id, outer.span_id);
    assert.equal(inner.trace_id, outer.trace_id);
    assert.equal(inner.status, 'NOT_FOUND');
    assert.equal(inner.attributes['rpc.method'], 'Stop');
    assert.equal(outer.service, 'keys');
    assert.equal(outer.kind, 'server');
    assert.equal(outer.status, 'OK');
    assert.match(String(outer.start), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.equal(typeof outer.ms, 'number');
  });

  it('logs lines that carry the ids of the span and no secrets', async () => {
    let traceId = '';
    {
      await using telemetry = await start();
      trace.getTracer('test').startActiveSpan('call', (span) => {
        traceId = span.spanContext().traceId;
        telemetry.logger.warn('call failed', { cloneId: 'cln_1', token: 'hunter2' });
        telemetry.logger.debug('not at this level');
        span.end();
      });
    }

    const [line, ...others] = linesOf<Line>('log');
    assert.ok(line);
    assert.deepEqual(others, []);
    assert.equal(line.trace_id, traceId);
    assert.equal(line.level, 'warn');
    assert.equal(line.message, 'call failed');
    assert.equal(line.cloneId, 'cln_1');
    assert.equal(line.token, '[redacted]');
  });

  it('serves measurements on loopback', async () => {
    await using telemetry = await start({ metricsPort: 0 });
    metrics.getMeter('test').createHistogram('rpc_server_duration').record(3);

    const response = await fetch(`http://127.0.0.1:${telemetry.metricsPort}/metrics`);
    const text = await response.text();

    assert.match(text, /rpc_server_duration_count/);
    assert.match(text, /process_resident_memory_bytes/);
    assert.match(text, /service_name="keys"/);
  });

  it('has written its spans when the process exits without a goodbye', () => {
    const script = `
      import { startTelemetry } from ${JSON.stringify(new URL('./telemetry.js', import.meta.url))};
      import { trace } from ${JSON.stringify(import.meta.resolve('@opentelemetry/api'))};
      await startTelemetry({ service: 'keys', tracesDir: process.argv[1], logLevel: 'silent' });
      trace.getTracer('test').startSpan('last').end();
      process.exit(3);`;
    const args = ['--input-type=module', '--eval', script, directory];

    assert.equal(spawnSync(process.execPath, args, { stdio: 'inherit' }).status, 3);
    assert.deepEqual(
      linesOf<Line>('keys.jsonl').map((line) => line.name),
      ['last'],
    );
  });

  function start(more: { metricsPort?: number } = {}) {
    const logFile = join(directory, 'log');
    return startTelemetry({
      service: 'keys',
      tracesDir: directory,
      logLevel: 'info',
      logFile,
      ...more,
    });
  }

  function linesOf<Parsed>(file: string): readonly Parsed[] {
    const text = readFileSync(join(directory, file), 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Parsed);
  }
});
