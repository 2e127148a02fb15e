import assert from 'node:assert/strict';
import { connect, type Remote } from './connect.js';
import { Health } from './health.js';
import type { Method } from './method.js';
import { startTestServer } from './test-server.js';

interface Status {
  readonly status: number;
}

interface HealthService {
  readonly check: Method<{ readonly service: string }, Status> & { readonly responseStream: false };
  readonly watch: Method<{ readonly service: string }, Status> & { readonly responseStream: true };
  readonly list: Method<object, { readonly statuses: Readonly<Record<string, Status>> }> & {
    readonly responseStream: false;
  };
}

const definition = new Health([]).implemented.definition as HealthService;
const SERVICE = 'test.v1.EchoService';

describe('the health of a server', () => {
  it('is told for the whole and for each service, to anybody', async () => {
    await using server = await startTestServer();
    await using health = connect(definition, server.address);
    assert.equal((await health.check({ service: '' })).status, 1);
    assert.equal((await health.check({ service: SERVICE })).status, 1);
    await assert.rejects(health.check({ service: 'other.v1.Other' }), { code: 'NOT_FOUND' });
    const { statuses } = await health.list({});
    assert.deepEqual(Object.keys(statuses).sort(), ['', SERVICE]);
  });

  it('is what the service says it is', async () => {
    await using server = await startTestServer();
    await using health = connect(definition, server.address);
    server.setServing(false);
    assert.equal((await health.check({ service: '' })).status, 2);
    server.setServing(true);
    assert.equal((await health.check({ service: '' })).status, 1);
  });

  it('is told to watchers whenever it changes', async () => {
    await using server = await startTestServer();
    await using health = connect(definition, server.address);
    const seen: number[] = [];
    for await (const { status } of health.watch({ service: SERVICE })) {
      seen.push(status);
      if (seen.length === 3) break;
      server.setServing(status !== 1);
    }
    assert.deepEqual(seen, [1, 2, 1]);
  });

  it('is not known of a service that is not here', async () => {
    await using server = await startTestServer();
    await using health = connect(definition, server.address);
    for await (const { status } of health.watch({ service: 'other.v1.Other' })) {
      assert.equal(status, 3);
      break;
    }
  });

  it('is NOT_SERVING for watchers of a server that stops, and they do not hold it up', async () => {
    const server = await startTestServer({}, { limits: { drainMs: 60_000 } });
    await using health: Remote<HealthService> = connect(definition, server.address);
    const seen: number[] = [];
    let stopped: Promise<void> | undefined;
    const watch = async () => {
      for await (const { status } of health.watch({ service: '' })) {
        seen.push(status);
        stopped ??= server[Symbol.asyncDispose]() as Promise<void>;
      }
    };

    await assert.rejects(watch, { code: 'UNAVAILABLE', reason: 'SERVER_DRAINING' });

    await stopped;
    assert.deepEqual(seen, [1, 2]);
  });
});
