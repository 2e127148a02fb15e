import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemIds } from '@ramet/service';
import type { Layout } from '../layout.js';
import { dieWithParent, type Running, startProcess } from '../process.js';
import { writePrivate } from '../secrets.js';
import { baseEnv } from '../service-env.js';
import { EXCHANGE } from './examples.js';

/** An order as the paper exchange filled it. */
export interface FilledOrder {
  readonly clientOrderId: string;
  /** The whole query that was signed, the signature at its end. */
  readonly signedQuery: string;
}

/** The book of the paper exchange. */
export interface ExchangeBook {
  readonly accounts: readonly { readonly quote: string; readonly base: string }[];
  readonly orders: readonly FilledOrder[];
}

/** A paper exchange that runs, and the one account on it. */
export interface PaperExchange extends AsyncDisposable {
  readonly url: string;
  readonly apiKey: string;
  readonly secret: string;
  /** Resolves when the exchange ends, which it does not do by itself. */
  readonly ended: Promise<unknown>;
  book(): Promise<ExchangeBook>;
}

interface Surroundings {
  readonly layout: Layout;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const ANY_PORT = '0';
const SECRET_BYTES = 32;
const READY_MS = 10_000;
const POLL_MS = 10;

/** Starts a paper exchange that ends with this process, whatever ends that. */
export async function startExchange({ layout, clock, env }: Surroundings): Promise<PaperExchange> {
  const account = { apiKey: random(), secret: random() };
  const accountsFile = join(layout.secrets, 'exchange-accounts');
  const urlFile = join(layout.state, 'exchange-url');
  const logFile = join(layout.logs, 'exchange.log');
  const { apiKey, secret } = account;
  writePrivate(accountsFile, JSON.stringify({ [apiKey]: { algorithm: 'hmac-sha256', secret } }));
  rmSync(urlFile, { force: true });
  const program = [process.execPath, EXCHANGE, accountsFile, ANY_PORT, urlFile];
  const running = await startProcess({
    argv: [...dieWithParent('KILL'), ...program],
    env: baseEnv(layout, env),
    logFile,
  });
  const end = () => endExchange(running, [accountsFile, urlFile]);
  try {
    const url = await urlIn(urlFile, running, clock);
    return {
      ...{ ...account, url, ended: running.exited },
      book: async () => (await fetch(`${url}/book`)).json() as Promise<ExchangeBook>,
      [Symbol.asyncDispose]: end,
    };
  } catch (thrown) {
    await end();
    throw new Error(`the paper exchange did not start: see ${logFile}`, { cause: thrown });
  }
}

function random(): string {
  return systemIds.bytes(SECRET_BYTES).toString('hex');
}

async function urlIn(file: string, running: Running, clock: Clock): Promise<string> {
  let ended = false;
  void running.exited.then(() => {
    ended = true;
  });
  const until = clock.elapsed() + READY_MS;
  for (;;) {
    try {
      return readFileSync(file, 'utf8');
    } catch (thrown) {
      if (ended || clock.elapsed() > until) throw thrown;
      await clock.sleep(POLL_MS);
    }
  }
}

async function endExchange(running: Running, files: readonly string[]): Promise<void> {
  running.kill('SIGTERM');
  await running.exited;
  for (const file of files) rmSync(file, { force: true });
}
