// The stage `serve`: a small site. Its title is an override; who may leave a note on it proves so
// with a secret, which is an override too and lies in a file that only this program reads.
import { createHash, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { page } from './page.mjs';
import { readSite, writeSite } from './store.mjs';

const { RAMET_CONFIG, RAMET_PORT_HTTP, TITLE = 'A site' } = process.env;
const SECRET_FILE = `${RAMET_CONFIG}/app/NOTE_TOKEN`;
const MOST_BYTES = 1_000;

const secret = existsSync(SECRET_FILE) ? readFileSync(SECRET_FILE, 'utf8') : undefined;
const server = createServer((request, response) => {
  answer(request).then(
    ({ status, type = 'text/plain', body }) => {
      response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body);
    },
    () => response.writeHead(500).end(),
  );
});
server.listen(Number(RAMET_PORT_HTTP), () => console.log('serving'));
process.once('SIGTERM', () => {
  console.log('closing');
  server.close();
  server.closeAllConnections();
});

async function answer(request) {
  switch (`${request.method} ${request.url}`) {
    case 'GET /healthz':
      return { status: 200, body: 'well\n' };
    case 'GET /':
      return { status: 200, type: 'text/html', body: visit() };
    case 'POST /notes':
      return isAllowed(request) ? note(await bodyOf(request)) : { status: 403, body: 'no\n' };
    default:
      return { status: 404, body: 'nothing is there\n' };
  }
}

function visit() {
  const site = readSite();
  writeSite({ ...site, visits: site.visits + 1 });
  return page({ ...site, title: escaped(TITLE), visits: site.visits + 1 });
}

function note(text) {
  const site = readSite();
  writeSite({ ...site, notes: [...site.notes, escaped(text)].slice(-20) });
  return { status: 201, body: 'noted\n' };
}

function isAllowed({ headers }) {
  const [, token = ''] = /^Bearer (.*)$/.exec(headers.authorization ?? '') ?? [];
  return secret !== undefined && timingSafeEqual(digest(token), digest(secret));
}

function digest(text) {
  return createHash('sha256').update(text).digest();
}

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text = (text + chunk).slice(0, MOST_BYTES);
  return text;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
