import { GetResultRequest, type Result } from '@ramet/proto-gen/lifecycle.v1';
import type { Person } from './world.js';

/** All that a clone has left. */
export async function resultsOf(
  { api: { results } }: Person,
  cloneId: string,
): Promise<readonly Result[]> {
  return (await results.listResults({ cloneId, pageSize: 1_000, pageToken: '' })).results;
}

/** The text of one of them. */
export async function contentOf(
  { api: { results } }: Person,
  cloneId: string,
  name: string,
): Promise<string> {
  const which = { $case: 'name', value: name } as const;
  const pieces: Uint8Array[] = [];
  for await (const { part } of results.getResult(
    GetResultRequest.fromPartial({ cloneId, which }),
  )) {
    if (part?.$case === 'data') pieces.push(part.value);
  }
  return Buffer.concat(pieces).toString();
}

/** What a file of visits comes to, worked out another way than by the example. */
export function countedIn(text: string) {
  const lines = text.trim().split('\n').slice(1);
  const cells = lines.map((line) => line.split(','));
  const good = cells.filter(([date, , , visits]) => date?.startsWith('20') && Number(visits) > 0);
  const sum = (rows: typeof good) => rows.reduce((all, row) => all + Number(row[3]), 0);
  return {
    all: { visits: sum(good), rows: good.length, rejected: lines.length - good.length },
    home: sum(good.filter(([, page]) => page === '/')),
  };
}
