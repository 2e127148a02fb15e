import { toText } from './decimal.mjs';

/** The exchange's fee: a thousandth of what is paid or got, rounded up. */
const FEE_SHARE = 1_000n;

/**
 * What the bot owns: quote in units of 1e-8, base in units of 1e-6, prices in cents. A price times
 * a quantity is then an amount of quote, and nothing is ever rounded but the fee.
 */
export class Account {
  #quote;
  #base = 0n;
  #trades = 0;

  constructor(capital) {
    this.#quote = BigInt(capital) * 100_000_000n;
  }

  get holdsBase() {
    return this.#base > 0n;
  }

  /** As much as can be sold, or paid for with the fee. */
  quantityFor(side, price) {
    if (side === 'SELL') return this.#base;
    let quantity = (this.#quote * FEE_SHARE) / (price * (FEE_SHARE + 1n));
    while (cost(price, quantity) > this.#quote) quantity -= 1n;
    return quantity;
  }

  /** Books an order that was filled. */
  fill({ side, price, quantity }) {
    this.#trades += 1;
    if (side === 'BUY') {
      this.#quote -= cost(price, quantity);
      this.#base += quantity;
    } else {
      this.#quote += price * quantity - fee(price * quantity);
      this.#base -= quantity;
    }
  }

  describe() {
    return `${toText(this.#quote, 8)} USDT, ${toText(this.#base, 6)} ACME`;
  }

  metrics() {
    return [
      { name: 'quote_balance', value: Number(toText(this.#quote, 8)), unit: 'USDT' },
      { name: 'base_balance', value: Number(toText(this.#base, 6)), unit: 'ACME' },
      { name: 'trades', value: this.#trades },
    ];
  }

  /** What all of it is worth at a price. */
  metricsAt(price) {
    const equity = this.#quote + this.#base * price;
    return [
      { name: 'equity', value: Number(toText(equity, 8)), unit: 'USDT' },
      { name: 'price', value: Number(toText(price, 2)), unit: 'USDT' },
    ];
  }
}

function cost(price, quantity) {
  return price * quantity + fee(price * quantity);
}

function fee(amount) {
  return (amount + FEE_SHARE - 1n) / FEE_SHARE;
}
