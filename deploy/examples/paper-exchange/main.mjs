// Runs the paper exchange by itself: node main.mjs ACCOUNTS_FILE [PORT]
// The file holds `{"KEY_ID": {"algorithm": "hmac-sha256", "secret": "..."}}`.
import { readFileSync } from 'node:fs';
import { startExchange } from './exchange.mjs';

const [file, port = '0'] = process.argv.slice(2);
const accounts = new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8'))));
const exchange = await startExchange({ accounts, port: Number(port) });
console.log(JSON.stringify({ url: exchange.url }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void exchange.close());
