import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { toText } from './decimal.mjs';
import { UNAVAILABLE } from './ramet-client.mjs';

const PATH = '/api/v3/order';
const RETRY_MS = 500;

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
   * Its id makes that safe to repeat: the exchange answers with the order that it has already.
   */
  async place({ clientId, side, price, quantity }) {
    const { symbol } = this.#settings;
    const query = new URLSearchParams({
      ...{ symbol, side, type: 'LIMIT', timeInForce: 'FOK' },
      quantity: toText(quantity, 6),
      price: toText(price, 2),
      newClientOrderId: clientId,
    }).toString();
    const answer = await again(async () => this.#send(await this.#sign(query)));
    if (answer.status !== 'FILLED') throw new Error(`order ${clientId} is ${answer.status}`);
    return { side: answer.side, price: units(answer.price), quantity: units(answer.executedQty) };
  }

  async #sign(query) {
    const { scheme, apiKey, exchangeUrl } = this.#settings;
    if (scheme === 'raw') {
      const bytes = Buffer.from(`${query}&timestamp=${Date.now()}`);
      const signature = await this.#runner.signRaw({ requestId: '', bytes });
      const headers = { 'X-MBX-APIKEY': apiKey, 'X-PAPER-SIGNATURE': signature.toString('base64') };
      return { query: bytes.toString(), headers };
    }
    const venueRequest = {
      requestId: '',
      method: 'POST',
      host: exchangeUrl.host,
      path: PATH,
      query,
    };
    const signed = await this.#runner.signVenueRequest(venueRequest);
    return { query: signed.query, headers: { 'X-MBX-APIKEY': apiKey, ...signed.headers } };
  }

  #send({ query, headers }) {
    const { promise, resolve, reject } = withResolvers();
    const target = new URL(`${PATH}?${query}`, this.#settings.exchangeUrl);
    const sent = request(target, { method: 'POST', headers }, async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      if (response.statusCode === 200) resolve(JSON.parse(body));
      else reject(new Error(`the exchange answered ${response.statusCode}: ${body}`));
    });
    sent.on('error', reject);
    sent.end();
    return promise;
  }
}

/** Tries again what failed because somebody is away. A signature is not kept: its time passes. */
async function again(attempt) {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const isPassing =
        error.code === UNAVAILABLE || error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET';
      if (!isPassing) throw error;
      await sleep(RETRY_MS);
    }
  }
}

function units(decimal) {
  return BigInt(decimal.replace('.', ''));
}

function withResolvers() {
  const resolvers = {};
  resolvers.promise = new Promise((resolve, reject) =>
    Object.assign(resolvers, { resolve, reject }),
  );
  return resolvers;
}
