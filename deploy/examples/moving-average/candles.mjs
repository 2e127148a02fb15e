/** The closes of a file of candles, in cents. */
export function readCloses(csv) {
  const [head, ...rows] = csv.trim().split('\n');
  const column = head.split(',').indexOf('close');
  return rows.map((row) => BigInt(row.split(',')[column].replace('.', '')));
}
