const HEADER = 'date,page,country,visits,seconds';
const LINE = /^(\d{4}-\d{2}-\d{2}),(\/[^,]*),([A-Z]{2}),(\d+),(\d+)$/;

/** Reads a file of visits: the rows that are good, and how many lines are not. */
export function readVisits(text) {
  const [header, ...lines] = text.split('\n').filter((line) => line !== '');
  if (header !== HEADER) throw new Error(`this is no file of visits: it begins with ${header}`);
  const rows = lines.flatMap((line) => {
    const [, date, page, country, visits, seconds] = LINE.exec(line) ?? [];
    if (date === undefined) return [];
    return [{ date, page, country, visits: Number(visits), seconds: Number(seconds) }];
  });
  return { rows, rejected: lines.length - rows.length };
}

/** Writes rows as such a file. */
export function writeVisits(rows) {
  const lines = rows.map(({ date, page, country, visits, seconds }) => {
    return [date, page, country, visits, seconds].join(',');
  });
  return `${[HEADER, ...lines].join('\n')}\n`;
}

/** Adds up rows by what `keyOf` says of each: visits, and the seconds of a visit on average. */
export function sumBy(rows, keyOf) {
  const sums = new Map();
  for (const row of rows) {
    const sum = sums.get(keyOf(row)) ?? { visits: 0, seconds: 0 };
    sum.visits += row.visits;
    sum.seconds += row.seconds;
    sums.set(keyOf(row), sum);
  }
  return [...sums].map(([key, { visits, seconds }]) => {
    return { key, visits, average: visits === 0 ? 0 : Number((seconds / visits).toFixed(1)) };
  });
}
