// Runs the paper exchange by itself: node main.mjs ACCOUNTS_FILE [PORT [URL_FILE]]
// The file of accounts holds `{"KEY_ID": {"algorithm": "hmac-sha256", "secret": "..."}}`; the
// other one is written as soon as the exchange can be reached.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { startExchange } from './exchange.mjs';

const [file, port = '0', urlFile] = process.argv.slice(2);
const accounts = new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8'))));
const exchange = await startExchange({ accounts, port: Number(port) });
console.log(JSON.stringify({ url: exchange.url }));
if (urlFile) {
  writeFileSync(`${urlFile}.part`, exchange.url);
  renameSync(`${urlFile}.part`, urlFile);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void exchange.close());
