// What the example bot must end with, worked out from the candles alone: no code of the bot's is
// used, and averages come from running totals, quantities from a search, money as text at the end.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CANDLES = new URL('./candles.csv', import.meta.url);

/** The number of trades and the final balance, for the parameters that a clone was created with. */
export function expectedResult({ candles = CANDLES, capital = 10_000, fast = 5, slow = 20 } = {}) {
  const totals = [0];
  const prices = [];
  for (const line of readFileSync(candles, 'utf8').split('\n').slice(1)) {
    const match = /^[\d-]+,[\d.]+,[\d.]+,[\d.]+,(\d+)\.(\d\d),/.exec(line);
    if (!match) continue;
    prices.push(Number(match[1]) * 100 + Number(match[2]));
    totals.push(totals.at(-1) + prices.at(-1));
  }
  const above = (day) => {
    const mean = (days) =>
      (totals[day + 1] - totals[day + 1 - days]) * (days === fast ? slow : fast);
    return Math.sign(mean(fast) - mean(slow));
  };

  let money = BigInt(capital) * 10n ** 8n;
  let coins = 0n;
  let trades = 0;
  prices.forEach((cents, day) => {
    const price = BigInt(cents);
    const isLast = day === prices.length - 1;
    const rises = !isLast && day >= slow && above(day - 1) <= 0 && above(day) > 0;
    const falls = day >= slow && above(day - 1) >= 0 && above(day) < 0;
    if (coins === 0n && rises) {
      coins = mostFor(money, price);
      money -= paid(coins, price);
      trades += coins > 0n ? 1 : 0;
    } else if (coins > 0n && (falls || isLast)) {
      money += coins * price - thousandth(coins * price);
      coins = 0n;
      trades += 1;
    }
  });
  return {
    trades,
    quoteBalance: `${money / 10n ** 8n}.${String(money % 10n ** 8n).padStart(8, '0')}`,
  };
}

/** The largest quantity that money buys, found by halving. */
function mostFor(money, price) {
  let [low, high] = [0n, money / price + 1n];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (paid(middle, price) <= money) low = middle;
    else high = middle;
  }
  return low;
}

function paid(quantity, price) {
  return quantity * price + thousandth(quantity * price);
}

function thousandth(amount) {
  return amount / 1_000n + (amount % 1_000n === 0n ? 0n : 1n);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(JSON.stringify(expectedResult()));
