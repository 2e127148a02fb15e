// When to buy and when to sell: a fast moving average that crosses a slow one.

/**
 * What to do after each candle, given the closes up to it: `BUY`, `SELL`, or undefined.
 *
 * Buys when the mean of the last `fast` closes is above that of the last `slow` ones and nothing
 * is held; sells what is held when it is below. The means are compared exactly.
 */
export class Crossover {
  #fast;
  #slow;
  #closes = [];

  constructor(fast, slow) {
    if (!(fast >= 1 && slow > fast)) throw new Error('fast has to be at least 1, slow more');
    this.#fast = fast;
    this.#slow = slow;
  }

  next(close, holding) {
    this.#closes.push(close);
    if (this.#closes.length > this.#slow) this.#closes.shift();
    if (this.#closes.length < this.#slow) return undefined;

    const fast = sum(this.#closes.slice(-this.#fast)) * BigInt(this.#slow);
    const slow = sum(this.#closes) * BigInt(this.#fast);
    if (fast > slow && !holding) return 'BUY';
    if (fast < slow && holding) return 'SELL';
    return undefined;
  }
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0n);
}
