import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PublicError } from '@ramet/errors';
import { loadContract } from '@ramet/proto-gen/contract';
import type { SignTransactionRequest } from '@ramet/proto-gen/keys.v1';
import { noFailpoints, Scope, systemClock, systemIds } from '@ramet/service';
import type { RunnerConfig } from './config.js';
import type { Deps } from './deps.js';
import { Reports } from './reports.js';
import { serveWorkload } from './servers.js';
import { PLAIN } from './testing.js';

// Goal: the example bot trades through the runner's socket, and ends with what the candles say.
// Method: the real bot and the real paper exchange, as their users start them; the runner's real
// server, behind which a secret of this test signs as keys would.

const EXAMPLES = new URL('../../../deploy/examples/', import.meta.url);
const BOT = fileURLToPath(new URL('moving-average/', EXAMPLES));
const SECRET = 'a secret that the exchange knows too';
const KEY_ID = 'paper-key';

describe('the example bot', () => {
  it('ends with the balance that was worked out from the candles alone', async () => {
    const { expectedResult } = await import(new URL('moving-average/expected.mjs', EXAMPLES).href);
    const expected = expectedResult({ fast: 5, slow: 20 });
    await using bench = await openBench();

    const code = await bench.run();

    const book = bench.book();
    assert.equal(code, 0);
    assert.ok(expected.trades > 10);
    assert.equal(book.orders.length, expected.trades);
    assert.equal(book.accounts[0]?.quote, expected.quoteBalance);
    assert.equal(book.verified, expected.trades);
    const { completion } = bench.reports;
    assert.equal(completion?.success, true);
    assert.deepEqual(
      completion.metrics.map(({ name, value }) => [name, value]),
      [
        ['quote_balance', Number(expected.quoteBalance)],
        ['base_balance', 0],
        ['trades', expected.trades],
      ],
    );
    assert.equal(bench.reports.unsent?.fraction, 1);
  });

  it('places no order twice when it is run again', async () => {
    await using bench = await openBench();
    await bench.run();
    const { orders } = bench.book();

    assert.equal(await bench.run(), 0);

    assert.deepEqual(bench.book().orders, orders);
  });

  it('says why when it may not sign any more', async () => {
    await using bench = await openBench({ revoked: true });

    assert.equal(await bench.run(), 1);

    assert.equal(bench.reports.completion?.success, false);
    assert.match(bench.reports.completion.message, /^GRANT_REVOKED: /);
    assert.deepEqual(bench.book().orders, []);
  });

  it('is refused by the exchange without a signature of the key', async () => {
    await using bench = await openBench();
    const url = `${bench.exchangeUrl}/api/v3/order?symbol=X&timestamp=${systemClock.now().getTime()}`;
    const headers = { 'x-mbx-apikey': KEY_ID };

    const unsigned = await fetch(url, { method: 'POST', headers });
    const forged = await fetch(`${url}&signature=${'0'.repeat(64)}`, { method: 'POST', headers });

    assert.deepEqual([unsigned.status, forged.status], [401, 401]);
  });
});

interface Book {
  readonly accounts: readonly { readonly quote: string }[];
  readonly orders: readonly unknown[];
  readonly verified: number;
}

interface Bench extends AsyncDisposable {
  readonly exchangeUrl: string;
  readonly reports: Reports;
  book(): Book;
  /** Runs the bot to its end; gives its exit code. */
  run(): Promise<number>;
}

async function openBench({ revoked = false } = {}): Promise<Bench> {
  const scope = new Scope();
  const folder = await mkdtemp(join(tmpdir(), 'ramet-bot-'));
  scope.defer(() => rm(folder, { recursive: true }));
  const { startExchange } = await import(new URL('paper-exchange/exchange.mjs', EXAMPLES).href);
  const accounts = new Map([[KEY_ID, { algorithm: 'hmac-sha256', secret: SECRET }]]);
  const exchange = await startExchange({ accounts });
  scope.defer(() => exchange.close());

  const reports = new Reports();
  const config = configFor(folder, exchange.url);
  const deps: Deps = {
    ...{ config, reports, ids: systemIds, failpoints: noFailpoints },
    mesh: { sign: async (request: SignTransactionRequest) => sign(request, revoked) },
    wakeHeart: () => undefined,
    passOnCompletion: async () => undefined,
    stop: () => undefined,
  };
  const serving = { contract: loadContract(), clock: systemClock, logger: SILENT };
  scope.use(await serveWorkload(config, deps, serving));
  return {
    exchangeUrl: exchange.url,
    reports,
    book: exchange.book,
    async run() {
      const env = { PATH: process.env.PATH, RAMET_SOCKET: join(folder, 'ramet.sock') };
      const stdio = ['ignore', 'ignore', 'ignore'] as const;
      const bot = spawn(process.execPath, ['bot.mjs'], { cwd: BOT, env, stdio: [...stdio] });
      const [code] = await once(bot, 'exit');
      return code;
    },
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

/** Signs as keys does for Binance. */
function sign({ payload }: SignTransactionRequest, revoked: boolean) {
  if (revoked) throw new PublicError('failed_precondition', 'GRANT_REVOKED', 'the grant is over');
  assert.equal(payload?.$case, 'venue');
  const signed = `${payload.value.query}&timestamp=${systemClock.now().getTime()}`;
  const signature = createHmac('sha256', SECRET).update(signed).digest();
  const query = `${signed}&signature=${signature.toString('hex')}`;
  const headers = [{ name: 'X-MBX-APIKEY', value: KEY_ID }];
  const venue = { query, headers, body: Buffer.alloc(0) };
  return { signature, venue, evmTransaction: undefined, acceptTime: undefined };
}

function configFor(runFolder: string, exchangeUrl: string): RunnerConfig {
  const limits = { processes: 64, openFiles: 256, fileBytes: 1 << 20, graceMs: 1_000 };
  return {
    name: 'exe_bot-e1',
    cloneId: 'cln_bot',
    executionId: 'exe_bot',
    epoch: 1,
    command: [],
    runFolder,
    controlSocket: '',
    isolation: { mode: 'shared' },
    limits,
    searchPath: '',
    keyId: 'key_bot',
    parameters: [{ name: 'exchange_url', value: exchangeUrl }],
    ...PLAIN,
    storage: { folder: runFolder, freshEpoch: 0, uidBase: 0, uids: 0 },
  };
}

const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
