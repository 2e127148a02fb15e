const MOST_ORDERS = 100_000;

/**
 * The book of a paper exchange: who has what, and every order that was filled.
 *
 * Quote is counted in units of 1e-8, base in 1e-6, prices in cents. An order is filled at once,
 * at its own price, or refused.
 */
export class Book {
  #accounts = new Map();
  #orders = new Map();

  constructor(keyIds, capital) {
    for (const id of keyIds)
      this.#accounts.set(id, { quote: BigInt(capital) * 10n ** 8n, base: 0n });
  }

  /**
   * Fills an order, or gives the one that has this id already. Throws a Refusal.
   *
   * `signedQuery` is what it came with: kept as the proof of who wanted it.
   */
  place(keyId, order, signedQuery) {
    const known = this.#orders.get(order.clientId);
    if (known) return same(known, { ...order, keyId });

    const account = this.#accounts.get(keyId);
    const amount = order.price * order.quantity;
    const fee = (amount + 999n) / 1_000n;
    const after =
      order.side === 'BUY'
        ? { quote: account.quote - amount - fee, base: account.base + order.quantity }
        : { quote: account.quote + amount - fee, base: account.base - order.quantity };
    if (after.quote < 0n || after.base < 0n) {
      throw new Refusal(400, -2010, 'Account has insufficient balance for requested action.');
    }
    if (this.#orders.size === MOST_ORDERS) throw new Refusal(429, -1015, 'Too many new orders.');

    this.#accounts.set(keyId, after);
    const filled = { ...order, keyId, id: this.#orders.size + 1, fee, signedQuery };
    this.#orders.set(order.clientId, filled);
    return filled;
  }

  /** All of it, for anybody to look at. */
  toJSON() {
    const accounts = [...this.#accounts].map(([keyId, { quote, base }]) => ({
      keyId,
      quote: decimal(quote, 8),
      base: decimal(base, 6),
    }));
    const orders = [...this.#orders.values()].map((order) => {
      return { ...orderJson(order), signedQuery: order.signedQuery };
    });
    return { accounts, orders };
  }
}

/** A request that is not carried out, with its HTTP status and the code that Binance gives. */
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** An order as it is sent. */
export function orderJson({ id, clientId, keyId, symbol, side, price, quantity, fee }) {
  return {
    orderId: id,
    clientOrderId: clientId,
    ...{ keyId, symbol, side, status: 'FILLED' },
    price: decimal(price, 2),
    executedQty: decimal(quantity, 6),
    fee: decimal(fee, 8),
  };
}

function same(known, order) {
  const fields = ['keyId', 'symbol', 'side', 'price', 'quantity'];
  if (fields.every((field) => known[field] === order[field])) return known;
  throw new Refusal(400, -2010, 'Duplicate order sent.');
}

function decimal(units, places) {
  const digits = units.toString().padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
