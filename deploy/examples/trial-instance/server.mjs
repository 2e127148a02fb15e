// A guest book: whoever comes by is counted, in RAMET_DATA, which outlives every pause.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { RAMET_DATA, RAMET_PORT_HTTP } = process.env;
const path = `${RAMET_DATA}/guests`;

const server = createServer(({ url }, response) => {
  if (url === '/healthz') return void response.end('well\n');
  const guests = (existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0) + 1;
  writeFileSync(`${path}.part`, String(guests));
  renameSync(`${path}.part`, path);
  response.writeHead(200, { 'content-type': 'text/plain' }).end(`You are guest ${guests}.\n`);
});
server.listen(Number(RAMET_PORT_HTTP), () => console.log('serving'));
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
