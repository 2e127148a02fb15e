// A workload for tests. Its parameters say what it does:
//   sign     how many payloads it has signed, `forever` for as long as it may; none if absent
//   pay      whom it has paid by a transaction of Ethereum, as an address
//   pause    how many milliseconds it waits after each
//   leave    what it writes into a file that it leaves, left.txt
//   stay     it waits to be stopped before it ends
//   exit     the code that it ends with
// It prints a line for each thing that it has done.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRunner } from './runner.js';

const RETRY_MS = 100;

const runner = connectRunner();
const { sign = '0', pay, pause = '0', leave, stay, exit = '0' } = await runner.getParameters();
console.log('started');

let signed = 0;
let refusal = '';
process.on('SIGTERM', () => {
  console.log('stopping');
  process.exit(Number(exit));
});

const wanted = sign === 'forever' ? Number.POSITIVE_INFINITY : Number(sign);
while (signed < wanted && refusal === '') {
  refusal = await signOnce(signed);
  if (refusal === '') signed += 1;
  console.log(refusal === '' ? `signed ${signed}` : `refused ${refusal}`);
  await runner.reportProgress(Number.isFinite(wanted) ? signed / wanted : 0, `signed ${signed}`);
  await sleep(Number(pause));
}
if (pay !== undefined) {
  console.log(`paid ${await patiently(() => runner.pay('payment', pay))}`);
}
if (leave !== undefined) {
  writeFileSync(join(process.env.RAMET_OUTPUT, 'left.txt'), leave);
  console.log('left');
}
if (stay !== undefined) {
  console.log('staying');
  await new Promise((resolve) => setTimeout(resolve, 3_600_000));
}
await runner.complete(refusal === '', refusal, signed);
console.log('completed');
runner.close();
process.exitCode = Number(exit);

/** Has one payload signed. Gives the reason if it is refused. */
async function signOnce(number) {
  try {
    await patiently(() => runner.sign(`order-${number}`, `payload ${number}`));
    return '';
  } catch (error) {
    return error.reason || error.message;
  }
}

/** Asks again, however often the mesh is away. */
async function patiently(ask) {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!error.isTransient) throw error;
      await sleep(RETRY_MS);
    }
  }
}
