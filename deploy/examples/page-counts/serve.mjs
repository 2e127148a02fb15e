// Serves visits.csv, so that there is something to fetch: node serve.mjs [PORT]
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [port = '0'] = process.argv.slice(2);
const visits = readFileSync(new URL('./visits.csv', import.meta.url));

const server = createServer(({ url }, response) => {
  if (url !== '/visits.csv') return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': 'text/csv' }).end(visits);
});
server.listen(Number(port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/visits.csv`);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close());
