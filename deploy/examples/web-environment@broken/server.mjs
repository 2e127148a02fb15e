// A release that never gets well: it starts, and says so of itself whenever it is asked.
import { createServer } from 'node:http';

const server = createServer((_request, response) => {
  response.writeHead(503, { 'content-type': 'text/plain' }).end('the database is not there\n');
});
server.listen(Number(process.env.RAMET_PORT_HTTP), () => console.log('serving'));
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
