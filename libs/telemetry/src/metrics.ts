import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import type { Resource } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

/** The measurements of a process, and where they can be read. */
export interface ServedMetrics extends AsyncDisposable {
  readonly provider: MeterProvider;
  readonly port: number;
}

/** Serves measurements for Prometheus on loopback, under `/metrics`. Port 0 is any free one. */
export async function serveMetrics(resource: Resource, port: number): Promise<ServedMetrics> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ resource, readers: [exporter] });
  const server = createServer((request, response) => {
    if (request.url === '/metrics') exporter.getMetricsRequestHandler(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  server.unref();
  const stopObserving = observeProcess(provider.getMeter('@ramet/telemetry'));
  return {
    provider,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      stopObserving();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await provider.shutdown();
    },
  };
}

/** Measures the process itself: memory, processor time, and how late its event loop is. */
function observeProcess(meter: Meter): () => void {
  const delay = monitorEventLoopDelay({ resolution: 100 });
  delay.enable();
  meter
    .createObservableGauge('process_resident_memory_bytes', { description: 'Resident memory.' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  meter
    .createObservableCounter('process_cpu_seconds', { description: 'Processor time used.' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe((user + system) / 1e6);
    });
  meter
    .createObservableGauge('nodejs_eventloop_delay_p99_seconds', {
      description: 'The 99th percentile of the delay of the event loop since the last reading.',
    })
    .addCallback((result) => {
      const nanos = delay.percentile(99);
      result.observe(Number.isFinite(nanos) ? nanos / 1e9 : 0);
      delay.reset();
    });
  return () => delay.disable();
}
