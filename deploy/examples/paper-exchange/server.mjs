// A paper exchange for one account: takes orders that are signed as Binance wants it, fills them
// at the close of the candle that they name, and keeps a book.
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { Book, Refusal } from './book.mjs';
import { isSigned } from './signature.mjs';

const LARGEST_BODY = 16 * 1024;
const RECEIVE_WINDOW_MS = 5_000;
const LONGEST_WINDOW_MS = 60_000;
/** How far the clock of whoever signs may be ahead. */
const AHEAD_MS = 1_000;

const { values: options } = parseArgs({
  options: {
    /** The candles, as CSV with a header. */
    candles: { type: 'string' },
    cash: { type: 'string', default: '10000' },
    port: { type: 'string', default: '0' },
    /** Written when the exchange listens: the port, as text. */
    'port-file': { type: 'string' },
    /** Written at the start, for the account's holder alone: JSON with apiKey and secret. */
    'account-file': { type: 'string' },
    /** The account's Ed25519 public key (PEM), instead of a secret that is made here. */
    'public-key': { type: 'string' },
  },
});
if (!options.candles || !options['account-file']) {
  console.error('usage: server.mjs --candles FILE --account-file FILE [--port-file FILE] ...');
  process.exit(2);
}

const account = makeAccount();
const book = new Book(closesIn(options.candles), options.cash);
writeWhole(options['account-file'], JSON.stringify(account));

const server = createServer((request, response) => {
  handle(request).then(
    (answer) => send(response, 200, answer),
    (error) => refuse(response, error),
  );
});
server.requestTimeout = 10_000;
server.listen(Number(options.port), '127.0.0.1', () => {
  const { port } = server.address();
  console.log(`the paper exchange listens on port ${port}`);
  if (options['port-file']) writeWhole(options['port-file'], String(port));
});
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});

async function handle(request) {
  const [path, query = ''] = request.url.split(/\?(.*)/s);
  switch (`${request.method} ${path}`) {
    case 'GET /book':
      return book.show();
    case 'POST /api/v3/order':
      return placeOrder(request.headers, query, await bodyOf(request));
    default:
      throw new Refusal(404, -1002, 'There is nothing here.');
  }
}

function placeOrder(headers, query, body) {
  if (headers['x-mbx-apikey'] !== account.apiKey) {
    throw new Refusal(401, -2015, 'Invalid API-key, IP, or permissions for action.');
  }
  if (!isSigned(query, body, account)) {
    throw new Refusal(401, -1022, 'Signature for this request is not valid.');
  }
  const asked = Object.fromEntries(new URLSearchParams(body ? `${query}&${body}` : query));
  const now = Date.now();
  requireInTime(asked, now);
  const { signedQuery, ...order } = book.place(asked, now, query + body);
  console.log(`${order.orderId} ${order.side} ${order.executedQty} at ${order.price}`);
  return order;
}

function requireInTime({ timestamp, recvWindow }, now) {
  const window = Number(recvWindow ?? RECEIVE_WINDOW_MS);
  if (!(window >= 0 && window <= LONGEST_WINDOW_MS)) {
    throw new Refusal(400, -1131, 'recvWindow must be less than 60000.');
  }
  const at = Number(timestamp);
  if (!(at < now + AHEAD_MS && now - at <= window)) {
    throw new Refusal(400, -1021, 'Timestamp for this request is outside of the recvWindow.');
  }
}

async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new Refusal(413, -1000, 'The body is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}

function refuse(response, error) {
  if (!(error instanceof Refusal)) console.error(error);
  const { status, code, message } =
    error instanceof Refusal ? error : new Refusal(500, -1000, 'An unknown error occurred.');
  send(response, status, { code, msg: message });
}

function send(response, status, answer) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer));
}

function makeAccount() {
  const apiKey = randomBytes(32).toString('hex');
  const publicKey = options['public-key'];
  if (publicKey) return { apiKey, publicKey: readFileSync(publicKey, 'utf8') };
  return { apiKey, secret: randomBytes(32).toString('hex') };
}

function closesIn(path) {
  const [header = '', ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  const column = header.split(',').indexOf('close');
  return lines.map((line) => line.split(',')[column]);
}

/** Whoever finds the file finds all of it. */
function writeWhole(path, text) {
  writeFileSync(`${path}.part`, text, { mode: 0o600 });
  renameSync(`${path}.part`, path);
}
