import { setTimeout as sleep } from 'node:timers/promises';
import { toText } from './decimal.mjs';
import { UNAVAILABLE } from './ramet-client.mjs';

const PATH = '/api/v3/order';
const ANSWER_WITHIN_MS = 5_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const PATIENCE_MS = 60_000;
/** What the exchange says of a request that was signed too long ago. */
const TOO_OLD = -1021;
const MOST_SIGNATURES = 3;

/** What the exchange says no to. Asking again would not help. */
export class Refused extends Error {
  constructor(code, message) {
    super(`the exchange refused: ${code} ${message}`);
    this.code = code;
  }
}

/** The exchange, as the bot trades on it: each order is signed by the runner, then sent by HTTP. */
export class Exchange {
  #runner;
  #settings;

  constructor(runner, settings) {
    this.#runner = runner;
    this.#settings = settings;
  }

  /**
   * Places an order, and gives it back once it is filled.
   *
   * Its id makes that safe to repeat: the same request is signed under the same id, and the
   * exchange answers with the order that it has already. Throws what the runner refuses to sign.
   */
  async place({ clientId, side, price, quantity }) {
    const { symbol } = this.#settings;
    const query = new URLSearchParams({
      ...{ symbol, side, type: 'LIMIT', timeInForce: 'FOK' },
      quantity: toText(quantity, 6),
      price: toText(price, 2),
      newClientOrderId: clientId,
    }).toString();
    const answer = await this.#signAndSend(clientId, query);
    if (answer.status !== 'FILLED') throw new Error(`order ${clientId} is ${answer.status}`);
    return { side: answer.side, price: units(answer.price), quantity: units(answer.executedQty) };
  }

  /** A request that took too long on its way is signed once more, under an id of its own. */
  async #signAndSend(clientId, query) {
    for (let count = 1; ; count += 1) {
      const requestId = count === 1 ? clientId : `${clientId}.${count}`;
      const signed = await this.#sign(requestId, query);
      try {
        return await patiently(
          () => this.#send(signed),
          (error) => !(error instanceof Refused),
        );
      } catch (error) {
        if (error.code !== TOO_OLD || count === MOST_SIGNATURES) throw error;
      }
    }
  }

  async #sign(requestId, query) {
    const { scheme, apiKey, exchangeUrl } = this.#settings;
    const isPassing = ({ code }) => code === UNAVAILABLE;
    if (scheme === 'raw') {
      const bytes = Buffer.from(`${query}&timestamp=${Date.now()}`);
      const signature = await patiently(
        () => this.#runner.signRaw({ requestId, bytes }),
        isPassing,
      );
      const headers = { 'X-MBX-APIKEY': apiKey, 'X-PAPER-SIGNATURE': signature.toString('base64') };
      return { query: bytes.toString(), headers };
    }
    const request = { requestId, method: 'POST', host: exchangeUrl.host, path: PATH, query };
    const signed = await patiently(() => this.#runner.signVenueRequest(request), isPassing);
    return { query: signed.query, headers: { 'X-MBX-APIKEY': apiKey, ...signed.headers } };
  }

  async #send({ query, headers }) {
    const response = await fetch(new URL(`${PATH}?${query}`, this.#settings.exchangeUrl), {
      method: 'POST',
      headers,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    if (response.status >= 500) throw new Error(`the exchange answered ${response.status}`);
    const answer = await response.json();
    if (!response.ok) throw new Refused(answer.code, answer.msg);
    return answer;
  }
}

/** Tries again what failed because somebody is away, for a while and ever more slowly. */
async function patiently(attempt, isPassing) {
  const until = Date.now() + PATIENCE_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error) || Date.now() > until) throw error;
      await sleep(pause);
    }
  }
}

function units(decimal) {
  return BigInt(decimal.replace('.', ''));
}
