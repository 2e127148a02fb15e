// A moving-average trader: buys when the fast average of the closes crosses above the slow one,
// sells when it crosses below. It signs its orders through the runner and never sees the key.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Account } from './account.mjs';
import { readCloses } from './candles.mjs';
import { Exchange } from './exchange.mjs';
import { connectRunner } from './ramet-client.mjs';

const REPORT_EVERY = 10;

const runner = connectRunner(process.env.RAMET_SOCKET);
try {
  const { cloneId, parameters } = await runner.getParameters();
  const settings = settingsFrom(parameters);
  const exchange = new Exchange(runner, settings);
  const result = await trade({ runner, exchange, settings, cloneId });
  await runner.complete({ success: true, ...result });
} catch (error) {
  console.error(error);
  const message = `${error.reason || 'FAILED'}: ${error.message}`;
  await runner.complete({ success: false, message }).catch(console.error);
  process.exitCode = 1;
} finally {
  runner.close();
}

/** Trades over all candles. Run again, it finds the orders of the first run and places none twice. */
async function trade({ runner, exchange, settings, cloneId }) {
  const closes = readCloses(readFileSync(settings.candles, 'utf8'));
  const account = new Account(settings.capital);
  for (let day = 0; day < closes.length; day += 1) {
    const price = closes[day];
    const side = sideAt(day, closes, settings, account);
    const quantity = side ? account.quantityFor(side, price) : 0n;
    if (quantity > 0n) {
      const order = { clientId: `${cloneId}-${day}`, side, price, quantity };
      account.fill(await exchange.place(order));
      console.log(`day ${day}: ${side} ${account.describe()}`);
    }
    if (day % REPORT_EVERY === 0 || quantity > 0n) {
      await report(runner, progressAt(day, closes, account));
    }
    if (settings.delayMs > 0) await sleep(settings.delayMs);
  }
  await report(runner, progressAt(closes.length, closes, account));
  return { message: `all candles traded: ${account.describe()}`, metrics: account.metrics() };
}

/** Says how far the bot is. It trades no worse for a report that is lost. */
async function report(runner, progress) {
  await runner.reportProgress(progress).catch(console.error);
}

/** What to do on a day, or undefined. On the last day what is held is sold. */
function sideAt(day, closes, settings, account) {
  if (day === closes.length - 1) return account.holdsBase ? 'SELL' : undefined;
  if (day < settings.slow) return undefined;
  const [before, now] = [lead(closes, day - 1, settings), lead(closes, day, settings)];
  if (before <= 0n && now > 0n && !account.holdsBase) return 'BUY';
  if (before >= 0n && now < 0n && account.holdsBase) return 'SELL';
  return undefined;
}

/** How far the fast average stands above the slow one: whole numbers, so that it is exact. */
function lead(closes, day, { fast, slow }) {
  return sum(closes, day, fast) * BigInt(slow) - sum(closes, day, slow) * BigInt(fast);
}

function sum(closes, day, length) {
  return closes.slice(day - length + 1, day + 1).reduce((total, close) => total + close, 0n);
}

function progressAt(day, closes, account) {
  const message = `day ${day} of ${closes.length}`;
  const price = closes[Math.min(day, closes.length - 1)];
  const metrics = [...account.metrics(), ...account.metricsAt(price)];
  return { fraction: day / closes.length, message, metrics };
}

function settingsFrom(parameters) {
  const number = (name, fallback) => Number(parameters[name] ?? fallback);
  const url = parameters.exchange_url;
  if (!url) throw new Error('the parameter exchange_url is missing');
  return {
    exchangeUrl: new URL(url),
    apiKey: parameters.api_key ?? '',
    symbol: parameters.symbol ?? 'ACMEUSDT',
    scheme: parameters.scheme ?? 'venue',
    candles: parameters.candles ?? 'candles.csv',
    capital: parameters.capital ?? '10000',
    fast: number('fast', 5),
    slow: number('slow', 20),
    delayMs: number('delay_ms', 0),
  };
}
