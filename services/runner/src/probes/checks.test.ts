import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { systemClock } from '@ramet/service';
import { checkCommand, checkHttp, checkTcp } from './checks.js';
import type { Finding, Verdict } from './health.js';
import { probe } from './prober.js';

// Goal: a probe finds what there is, within its time, and follows nothing.
// Method: real servers and commands.

describe('a probe', () => {
  let server: Server;
  let port = 0;
  let asked: string[] = [];
  before(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const status = Number(request.url?.slice(1));
      if (status === 200) return void response.end('x'.repeat(200_000));
      response.writeHead(status, { location: '/500' }).end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    port = address && typeof address === 'object' ? address.port : 0;
  });
  beforeEach(() => {
    asked = [];
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  for (const [status, isWell] of [
    [200, true],
    [204, true],
    [302, true],
    [404, false],
    [500, false],
  ] as const) {
    it(`by http finds ${status} ${isWell ? 'good' : 'bad'}, and asks nothing else`, async () => {
      const finding = await checkHttp({ scheme: 'http', port, path: `/${status}` }, forever());
      assert.equal(finding.isWell, isWell);
      assert.deepEqual(asked, [`/${status}`]);
    });
  }

  it('by tcp finds whether anybody listens', async () => {
    assert.equal((await checkTcp(port, forever())).isWell, true);
    assert.equal((await checkTcp(1, forever())).isWell, false);
  });

  it('by command finds how it exits, and what it said', async () => {
    assert.deepEqual(await command('exit 0'), { isWell: true });
    assert.deepEqual(await command('echo no; exit 3'), { isWell: false, message: 'exit 3 no' });
  });

  it('that has no answer in time is bad, and nothing of it is left', async () => {
    const stop = new AbortController();
    const verdicts: Verdict[] = [];
    const children: ReturnType<typeof shell>[] = [];
    const spec = {
      check: { kind: 'command', command: ['x'] },
      periodMs: 10,
      timeoutMs: 50,
      failures: 2,
    } as const;
    const onVerdict = (verdict: Verdict) => {
      verdicts.push(verdict);
      stop.abort();
    };
    const start = () => {
      const child = shell('sleep 60 & sleep 61');
      children.push(child);
      return child;
    };

    await probe(spec, { ports: [], clock: systemClock, spawn: start, onVerdict }, stop.signal);

    assert.deepEqual(verdicts, [{ ready: false, message: 'no answer within 50 ms' }]);
    assert.deepEqual(
      children.map(({ signalCode }) => signalCode),
      ['SIGKILL', 'SIGKILL'],
    );
  });
});

function command(script: string): Promise<Finding> {
  return checkCommand(shell(script), forever());
}

function shell(script: string) {
  return spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
}

function forever(): AbortSignal {
  return new AbortController().signal;
}
