import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const CODE = /^(libs|services)\/[^/]+\/(src|migrations)\/.*\.(ts|sql)$/;
/** What is not served: tests, what only they use, and what is generated. */
const NOT_SERVED = /\.test\.ts$|\/(testing|support|gen)\/|\/(fake|test)-[^/]*\.ts$|^libs\/cli\//;

const WORD = `'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|INTERNAL|SEALED)'`;
/** The forms in which code says a reason. A new helper for errors belongs here. */
const FORMS: readonly RegExp[] = [
  new RegExp(`new PublicError\\(\\s*'[a-z_]+',\\s*${WORD}`, 'g'),
  new RegExp(`\\b(?:conflict|refusal|refused)\\(\\s*${WORD}`, 'g'),
  new RegExp(`\\{ reason: ${WORD} \\}`, 'g'),
  new RegExp(`: \\[${WORD}, '`, 'g'),
  new RegExp(`\\[status\\.[A-Z_]+\\]: ${WORD}`, 'g'),
  new RegExp(`then ${WORD} else ${WORD}`, 'g'),
  new RegExp(`else ${WORD}\\s+end`, 'g'),
];
const NOT_FOUND = /\bnotFound\(\s*'([a-z_]+)'/g;

/** The reasons that the code of libs and services gives, with the files that do. */
export function reasonsUsed(): ReadonlyMap<string, readonly string[]> {
  const used = new Map<string, string[]>();
  const note = (reason: string, file: string): void => {
    used.set(reason, [...(used.get(reason) ?? []), file]);
  };
  for (const file of sources()) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    for (const form of FORMS) {
      for (const [, ...reasons] of text.matchAll(form)) {
        for (const reason of reasons) note(reason, file);
      }
    }
    for (const [, kind = ''] of text.matchAll(NOT_FOUND)) {
      note(`${kind.toUpperCase()}_NOT_FOUND`, file);
    }
  }
  return used;
}

function sources(): readonly string[] {
  return ['libs', 'services'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .flatMap((room) => [`${folder}/${room}/src`, `${folder}/${room}/migrations`])
      .flatMap(filesIn)
      .filter((file) => CODE.test(file) && !NOT_SERVED.test(file)),
  );
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(join(ROOT, folder), { recursive: true }).map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}
