// Tries what a workload may and may not do in its clone's storage, and prints one JSON verdict per
// attempt: {"attempt":"write inputs","allowed":false,"detail":"EROFS"}. Only `own` ones are allowed.
import {
  chmodSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';

const { RAMET_INPUTS, RAMET_DATA, RAMET_OUTPUT, RAMET_OUTPUTS } = process.env;
const other = `${RAMET_OUTPUTS}/first`;
const storage = RAMET_OUTPUTS.replace(/\/outputs$/, '');

attempt('own: write data', () => writeFileSync(`${RAMET_DATA}/mine`, 'x'));
attempt('own: write output', () => writeFileSync(`${RAMET_OUTPUT}/mine`, 'x'));
attempt('own: read the output of another stage', () => readFileSync(`${other}/left`));
attempt('own: list inputs', () => readdirSync(RAMET_INPUTS));
attempt('write inputs', () => writeFileSync(`${RAMET_INPUTS}/new`, 'x'));
attempt('open up inputs', () => chmodSync(RAMET_INPUTS, 0o777));
attempt('replace inputs', () => renameSync(RAMET_INPUTS, `${RAMET_DATA}/inputs`));
attempt('write to the output of another stage', () => writeFileSync(`${other}/new`, 'x'));
attempt('change the output of another stage', () => writeFileSync(`${other}/left`, 'x'));
attempt('open up the output of another stage', () => chmodSync(`${other}/left`, 0o777));
attempt('remove the output of another stage', () => rmSync(`${other}/left`));
attempt('replace the own output by a link', () => {
  renameSync(RAMET_OUTPUT, `${RAMET_DATA}/output`);
  symlinkSync('/etc', RAMET_OUTPUT);
});
attempt('make a stage', () => writeFileSync(`${RAMET_OUTPUTS}/new`, 'x'));
attempt('write beside', () => writeFileSync(`${storage}/new`, 'x'));
attempt('change the record', () => writeFileSync(`${storage}/.record.json`, '{}'));
attempt('list all storages', () => {
  const names = readdirSync(`${storage}/..`).filter((name) => !storage.endsWith(name));
  if (names.length === 0) throw new Error('nothing else is there');
});

function attempt(what, act) {
  try {
    act();
    console.log(JSON.stringify({ attempt: what, allowed: true, detail: '' }));
  } catch (error) {
    console.log(
      JSON.stringify({ attempt: what, allowed: false, detail: error.code ?? error.message }),
    );
  }
}
