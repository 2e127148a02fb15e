// Goal: the process starts from its environment alone, and ends when it is asked to.
// Method: the compiled main.js as a child, on a real database; its peers are away.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { freePort } from '@ramet/local/engines';
import { createDatabase, testStack } from '@ramet/test/support';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

const METRICS = [
  'lifecycle_clones{phase="RUNNING"',
  'lifecycle_work_due',
  'lifecycle_work_late',
  'lifecycle_outbox_lag',
  'lifecycle_consumer_position{producer="executor"',
];

describe('the lifecycle process', () => {
  it('serves while its peers are away, tells how it is, and drains on SIGTERM', async () => {
    await using database = await createDatabase();
    const folder = await mkdtemp(join(tmpdir(), 'ramet-lifecycle-'));
    const [keyFile, tokenFile] = [join(folder, 'key'), join(folder, 'token')];
    const secretsKeyFile = join(folder, 'secrets-key');
    await writeFile(keyFile, 'a key of a service');
    await writeFile(tokenFile, testStack().natsToken);
    await writeFile(secretsKeyFile, Buffer.alloc(32, 7).toString('base64'), { mode: 0o600 });

    const metricsPort = await freePort();
    const child = spawn(process.execPath, [MAIN], {
      env: {
        DATABASE_URL: database.url,
        NATS_URL: testStack().natsUrl,
        NATS_TOKEN_FILE: tokenFile,
        TEAMS_ADDRESS: '127.0.0.1:9',
        KEYS_ADDRESS: '127.0.0.1:9',
        EXECUTOR_ADDRESS: '127.0.0.1:9',
        SERVICE_KEY_FILE: keyFile,
        SECRETS_KEY_FILE: secretsKeyFile,
        BLOBS_URL: pathToFileURL(join(folder, 'blobs')).href,
        TRACES_DIR: join(folder, 'traces'),
        METRICS_PORT: String(metricsPort),
      },
    });
    const exited = once(child, 'exit');
    let metrics = '';
    try {
      await serving(child.stdout);
      metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    } finally {
      child.kill('SIGTERM');
    }
    const [code] = await exited;
    await rm(folder, { recursive: true });

    assert.equal(code, 0);
    for (const name of METRICS)
      assert.ok(metrics.includes(`\n${name}`), `${name} is not in ${metrics}`);
  });
});

async function serving(output: NodeJS.ReadableStream): Promise<void> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: output })) {
    lines.push(line);
    if (line.includes('lifecycle is serving')) return;
  }
  assert.fail(`it never served: ${lines.join('\n')}`);
}
