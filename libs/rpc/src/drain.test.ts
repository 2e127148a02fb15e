import assert from 'node:assert/strict';
import { connect } from './connect.js';
import { echoService } from './test-contract.js';
import { startTestServer } from './test-server.js';

const AS_USER = { metadata: { caller: 'user:usr_1' } };

/** A promise, and what settles it. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('a server that stops', () => {
  it('lets running calls finish', async () => {
    const [started, release] = [gate(), gate()];
    const server = await startTestServer({
      async echo() {
        started.open();
        await release.opened;
        return { text: 'finished' };
      },
    });
    await using client = connect(echoService(), server.address);
    const call = client.echo({}, AS_USER);
    await started.opened;

    const stopped = server[Symbol.asyncDispose]();
    release.open();

    assert.equal((await call).text, 'finished');
    await stopped;
  });

  it('takes no more calls', async () => {
    const [started, release] = [gate(), gate()];
    const server = await startTestServer({
      async echo() {
        started.open();
        await release.opened;
        return { text: 'finished' };
      },
    });
    await using client = connect(echoService(), server.address);
    const running = client.echo({}, AS_USER);
    await started.opened;

    const stopped = server[Symbol.asyncDispose]();
    await assert.rejects(client.echo({}, AS_USER), { code: 'UNAVAILABLE' });

    release.open();
    await running;
    await stopped;
    await assert.rejects(client.echo({}, AS_USER), { code: 'UNAVAILABLE' });
  });

  it('ends streams at once, by their signal, and tells their readers why', async () => {
    let reason: unknown;
    const server = await startTestServer({
      async *count(_, { signal }) {
        yield { text: '1' };
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        reason = signal.reason;
      },
    });
    await using client = connect(echoService(), server.address);
    const seen: string[] = [];
    let stopped: PromiseLike<void> | undefined;
    const read = async () => {
      for await (const { text } of client.count({})) {
        seen.push(text);
        stopped = server[Symbol.asyncDispose]();
      }
    };

    await assert.rejects(read, { code: 'UNAVAILABLE', reason: 'SERVER_DRAINING' });

    await stopped;
    assert.deepEqual(seen, ['1']);
    assert.match(String(reason), /about to stop/);
  });

  it('ends streams whose handlers pay no heed', async () => {
    const server = await startTestServer({
      async *count() {
        yield { text: '1' };
        await new Promise(() => undefined);
      },
    });
    await using client = connect(echoService(), server.address);
    let stopped: PromiseLike<void> | undefined;
    const read = async () => {
      for await (const _ of client.count({})) stopped = server[Symbol.asyncDispose]();
    };
    await assert.rejects(read, { code: 'UNAVAILABLE' });
    await stopped;
  });

  it('cuts calls that do not finish in time', async () => {
    const started = gate();
    const server = await startTestServer(
      {
        async echo(_, { signal }) {
          started.open();
          await new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          });
          return { text: 'never' };
        },
      },
      { limits: { drainMs: 50 } },
    );
    await using client = connect(echoService(), server.address);
    const call = client.echo({}, AS_USER);
    await started.opened;

    const stopped = server[Symbol.asyncDispose]();

    await assert.rejects(call, { code: 'UNAVAILABLE' });
    await stopped;
  });

  it('can be told to stop twice', async () => {
    const server = await startTestServer();
    await Promise.all([server[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
  });
});
