import { once } from 'node:events';
import { createServer } from 'node:http';
import { Book, orderJson, Refusal } from './book.mjs';
import { authenticate } from './signatures.mjs';

const ORDER_PATH = '/api/v3/order';
const DECIMAL = { price: /^(\d{1,12})\.(\d{2})$/, quantity: /^(\d{1,12})\.(\d{6})$/ };

/**
 * Starts a paper exchange on loopback: `POST /api/v3/order` signed, `GET /book` for anybody.
 *
 * `accounts` maps key ids to `{ algorithm: 'hmac-sha256', secret }` or
 * `{ algorithm: 'ed25519', publicKey }` (PEM, or what createPublicKey takes).
 */
export async function startExchange({ accounts, capital = 10_000, port = 0, now = Date.now }) {
  const book = new Book(accounts.keys(), capital);
  const counts = { verified: 0, refused: 0 };
  const server = createServer((request, response) => {
    const { status, body } = answer({ request, accounts, book, counts, now: now() });
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Who has what, every order, and how many signatures were verified or refused. */
    book: () => JSON.parse(JSON.stringify({ ...book.toJSON(), ...counts })),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer({ request, accounts, book, counts, now }) {
  try {
    const [path, query = ''] = (request.url ?? '').split('?', 2);
    if (request.method === 'GET' && path === '/book') {
      return { status: 200, body: { ...book.toJSON(), ...counts } };
    }
    if (request.method !== 'POST' || path !== ORDER_PATH)
      throw new Refusal(404, -1002, 'There is nothing here.');
    const keyId = authenticate({ query, headers: request.headers, accounts, now });
    counts.verified += 1;
    return { status: 200, body: orderJson(book.place(keyId, orderIn(query), query)) };
  } catch (error) {
    if (!(error instanceof Refusal)) return { status: 500, body: unknown(error) };
    if (error.status === 401) counts.refused += 1;
    return { status: error.status, body: { code: error.code, msg: error.message } };
  }
}

function unknown(error) {
  console.error(error);
  return { code: -1000, msg: 'An unknown error occurred while processing the request.' };
}

function orderIn(query) {
  const fields = new URLSearchParams(query);
  const [side, symbol, clientId] = ['side', 'symbol', 'newClientOrderId'].map(
    (name) => fields.get(name) ?? '',
  );
  if (side !== 'BUY' && side !== 'SELL') throw new Refusal(400, -1117, 'Invalid side.');
  if (!/^[\w.:-]{1,64}$/.test(clientId)) throw illegal('newClientOrderId');
  return {
    side,
    symbol,
    clientId,
    price: unitsIn(fields, 'price'),
    quantity: unitsIn(fields, 'quantity'),
  };
}

function unitsIn(fields, name) {
  const [, whole, part] = DECIMAL[name].exec(fields.get(name) ?? '') ?? [];
  if (whole === undefined) throw illegal(name);
  return BigInt(whole + part);
}

function illegal(parameter) {
  return new Refusal(400, -1100, `Illegal characters found in parameter '${parameter}'.`);
}
