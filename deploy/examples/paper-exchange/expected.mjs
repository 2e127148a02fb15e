// What the moving-average bot has to come to, worked out from the candles alone. Another way than
// the bot's on purpose: plain fractions of cents, means made anew for every candle.

/**
 * The trades and the end of the bot for a text of candles:
 * {trades: [{candle, side, price}], cash, position, equity}, amounts as exact decimals.
 */
export function expected(candles, { fast, slow, quantity, cash }) {
  const closes = closesOf(candles);
  const [coins, parts] = fraction(quantity);
  const trades = [];
  for (let candle = slow - 1; candle < closes.length; candle += 1) {
    const above = mean(closes, candle, fast, slow) - mean(closes, candle, slow, fast);
    const side = trades.length % 2 === 0 ? 'BUY' : 'SELL';
    if (side === 'BUY' ? above > 0n : above < 0n) trades.push({ candle, side });
  }

  // In cents, times the denominator of the quantity.
  const spent = trades.map(({ candle, side }) => (side === 'BUY' ? 1n : -1n) * closes[candle]);
  const left = cents(cash) * parts - coins * spent.reduce((sum, price) => sum + price, 0n);
  const held = trades.length % 2 === 0 ? 0n : coins;
  return {
    trades: trades.map((trade) => ({ ...trade, price: decimal(closes[trade.candle], 100n) })),
    cash: decimal(left, 100n * parts),
    position: decimal(held, parts),
    equity: decimal(left + held * closes.at(-1), 100n * parts),
  };
}

/** The mean of the last `count` closes, times both counts, so that it stays whole. */
function mean(closes, candle, count, other) {
  let sum = 0n;
  for (let at = candle - count + 1; at <= candle; at += 1) sum += closes[at];
  return sum * BigInt(other);
}

/** The closing prices of a text of candles, in cents. */
function closesOf(candles) {
  const rows = candles
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(','));
  const column = rows[0].indexOf('close');
  return rows.slice(1).map((row) => cents(row[column]));
}

function cents(text) {
  const [numerator, denominator] = fraction(text);
  if ((numerator * 100n) % denominator !== 0n) throw new Error(`finer than a cent: ${text}`);
  return (numerator * 100n) / denominator;
}

/** A decimal as a numerator and a denominator. */
function fraction(text) {
  const point = text.indexOf('.');
  if (point < 0) return [BigInt(text), 1n];
  return [BigInt(text.replace('.', '')), 10n ** BigInt(text.length - point - 1)];
}

/** A fraction whose denominator is a power of ten as a decimal without zeros at the end. */
function decimal(numerator, denominator) {
  const digits = String(denominator).length - 1;
  const sign = numerator < 0n ? '-' : '';
  const text = String(numerator < 0n ? -numerator : numerator).padStart(digits + 1, '0');
  const cut = text.length - digits;
  return `${sign}${text.slice(0, cut)}.${text.slice(cut)}`.replace(/\.?0*$/, '');
}
